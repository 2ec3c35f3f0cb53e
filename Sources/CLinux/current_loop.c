#include "CLinux.h"

_Thread_local void *cistern_loop_of_thread;
