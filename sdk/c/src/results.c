/* The names of results, and the end of an instance. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

static const char *const NAMES[] = {
    [WS_OK] = "ok",
    [WS_BACKPRESSURE] = "backpressure",
    [WS_NO_SUCH_CLIENT] = "no-such-client",
    [WS_CLOSING] = "closing",
    [WS_TOO_BIG] = "too-big",
    [WS_LIMIT] = "limit",
    [WS_INVALID_CODE] = "invalid-code",
    [WS_REASON_TOO_LONG] = "reason-too-long",
    [WS_INVALID_TOPIC] = "invalid-topic",
    [WS_INVALID] = "invalid",
    [WS_NOT_DURABLE] = "not-durable",
    [WS_UNAVAILABLE] = "unavailable",
    [WS_KEY_TOO_LONG] = "key-too-long",
    [WS_VALUE_TOO_BIG] = "value-too-big",
    [WS_ROOM_FULL] = "room-full",
    [WS_TOTAL_FULL] = "total-full",
    [WS_DENIED] = "denied",
    [WS_NO_SUCH_REQUEST] = "no-such-request",
    [WS_WRONG_ORDER] = "wrong-order",
    [WS_INVALID_NAME] = "invalid-name",
    [WS_NO_SUCH_ROOM] = "no-such-room",
    [WS_FULL] = "full",
    [WS_TOO_MANY_ROOMS] = "too-many-rooms",
};

const char *ws_result_name(ws_result result) { return NAMES[result]; }

static char *error_text;

const char *ws_error_text(void) { return error_text ? error_text : ""; }

void ws_inside_set_error_text(ws_string_t text) {
  error_text = ws_inside_resized(error_text, text.len + 1);
  if (text.len) memcpy(error_text, text.ptr, text.len);
  error_text[text.len] = '\0';
}

void ws_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  fflush(stdout);
  abort();
}
