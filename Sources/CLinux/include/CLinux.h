#ifndef CISTERN_CLINUX_H
#define CISTERN_CLINUX_H

/* What Swift's Glibc module leaves out: epoll, eventfd, accept4, pipe2, where a program starts, one
 * thread-local word, and a setting of the allocator. */

#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct sockaddr;

/* Declared here and not by _GNU_SOURCE, which would give other headers another shape than in Swift's Glibc module. */
extern int accept4(int descriptor, struct sockaddr *address, unsigned int *length, int flags);
extern int pipe2(int descriptors[2], int flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int pthread_setname_np(pthread_t thread, const char *name);

/* The event loop whose thread this is, or NULL. Set once by the loop's thread. */
extern _Thread_local void *cistern_loop_of_thread;

static inline void *cistern_current_loop(void) { return cistern_loop_of_thread; }
static inline void cistern_set_current_loop(void *loop) { cistern_loop_of_thread = loop; }

/* The cores that this process may run on. */
int cistern_usable_cores(void);

/* Has the allocator keep so many bytes that were freed at the end of each of its heaps, and take blocks of up to `mapped` bytes
 * from its heaps: to give pages back and have them cleared again costs more than to fill them. */
static inline void cistern_keep_freed_memory(int kept, int mapped) {
    mallopt(M_TRIM_THRESHOLD, kept);
    mallopt(M_MMAP_THRESHOLD, mapped);
}

/* struct epoll_event is packed and its data a union; Swift sees one 64-bit word. */
static inline int cistern_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}
static inline uint64_t cistern_epoll_data(const struct epoll_event *event) { return event->data.u64; }

#endif
