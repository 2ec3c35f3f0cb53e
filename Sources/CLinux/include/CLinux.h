#ifndef CISTERN_CLINUX_H
#define CISTERN_CLINUX_H

/* What Swift's Glibc module leaves out: epoll, eventfd, accept4, and one thread-local word. */

#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#ifndef __USE_GNU
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
#endif

/* The event loop whose thread this is, or NULL. Set once by the loop's thread. */
void *cistern_current_loop(void);
void cistern_set_current_loop(void *loop);

#endif
