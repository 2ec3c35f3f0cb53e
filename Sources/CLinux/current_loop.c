#include "CLinux.h"

static _Thread_local void *current_loop;

void *cistern_current_loop(void) { return current_loop; }

void cistern_set_current_loop(void *loop) { current_loop = loop; }
