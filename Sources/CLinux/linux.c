#define _GNU_SOURCE
#include "CLinux.h"
#include <sched.h>

_Thread_local void *cistern_loop_of_thread;

int cistern_usable_cores(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}
