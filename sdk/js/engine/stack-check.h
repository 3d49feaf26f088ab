// Included before QuickJS's sources: lets QuickJS check its stack, which it leaves out for WASI. The headers of the C
// library need the macro, so they come first.
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#undef __wasi__

// The check compares addresses in the stack of the linear memory. A function without variables there would not count,
// so each one that checks gets some bytes there: the machine's own stack, which cannot be read, grows alongside.
#define __builtin_frame_address(level) ({ volatile char frame[32]; frame[0] = 0; (void *)frame; })
