/* Looking up headers. */

#include <strings.h>

#include "inside.h"

ws_string_t ws_header(ws_headers headers, const char *name) {
  size_t len = strlen(name);
  for (size_t n = 0; n < headers.len; n++) {
    ws_string_t one = headers.ptr[n].f0;
    if (one.len == len && !strncasecmp((char *)one.ptr, name, len)) return headers.ptr[n].f1;
  }
  return (ws_string_t){NULL, 0};
}
