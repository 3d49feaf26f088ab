/* Copies between the app and the host, and formatted texts. */

#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

void *ws_inside_resized(void *memory, size_t size) {
  void *resized = realloc(memory, size ? size : 1);
  if (!resized) ws_fail("out of memory");
  return resized;
}

ws_list_u8_t ws_inside_owned(const void *data, size_t len) {
  if (!len) return (ws_list_u8_t){NULL, 0};
  return (ws_list_u8_t){memcpy(ws_inside_resized(NULL, len), data, len), len};
}

ws_list_tuple2_string_string_t ws_inside_owned_headers(const char *const *headers) {
  ws_list_tuple2_string_string_t pairs = {NULL, 0};
  while (headers && headers[2 * pairs.len] && headers[2 * pairs.len + 1]) pairs.len++;
  if (!pairs.len) return pairs;
  pairs.ptr = ws_inside_resized(NULL, pairs.len * sizeof *pairs.ptr);
  for (size_t n = 0; n < pairs.len; n++) {
    ws_string_dup(&pairs.ptr[n].f0, headers[2 * n]);
    ws_string_dup(&pairs.ptr[n].f1, headers[2 * n + 1]);
  }
  return pairs;
}

const char *ws_inside_terminated(uint8_t **bytes, size_t len) {
  if (!len) return "";
  *bytes = ws_inside_resized(*bytes, len + 1);
  (*bytes)[len] = '\0';
  return (char *)*bytes;
}

ws_result ws_inside_formatted(ws_inside_send *send, const void *to, const char *format, va_list arguments) {
  char buffer[512], *text = buffer;
  va_list again;
  va_copy(again, arguments);
  int needed = vsnprintf(buffer, sizeof buffer, format, arguments);
  if (needed < 0) ws_fail("vsnprintf failed on the format \"%s\"", format);
  size_t len = (size_t)needed;
  if (len >= sizeof buffer) {
    text = ws_inside_resized(NULL, len + 1);
    vsnprintf(text, len + 1, format, again);
  }
  va_end(again);
  ws_result result = send(to, text, len);
  if (text != buffer) free(text);
  return result;
}
