/* Helpers that the files of the SDK share. */
#ifndef WS_INSIDE_H
#define WS_INSIDE_H

/* The defaults of the handlers are not the app's: see WS_HANDLER. */
#define WS_INSIDE

#include <stdarg.h>
#include <string.h>

#include "../ws_guest.h"

/* A handler that the app need not define. */
#define WS_DEFAULT __attribute__((weak))

/* The bindings only read through these pointers, though they are not const. */
static inline ws_string_t ws_inside_string(const char *text) { return (ws_string_t){(uint8_t *)text, strlen(text)}; }
static inline ws_list_u8_t ws_inside_list(const void *data, size_t len) { return (ws_list_u8_t){(uint8_t *)data, len}; }

/* Copies of the app's bytes and headers, in memory that the bindings free. Headers are names and values in turn, then NULL. */
ws_list_u8_t ws_inside_owned(const void *data, size_t len);
ws_list_tuple2_string_string_t ws_inside_owned_headers(const char *const *headers);

/* malloc and realloc that end the instance when memory runs out. */
void *ws_inside_resized(void *memory, size_t size);

/* Puts a NUL behind bytes of the host, which may move, and returns them. */
const char *ws_inside_terminated(uint8_t **bytes, size_t len);

/* Keeps a copy of the text that ws_error_text returns. */
void ws_inside_set_error_text(ws_string_t text);

/* A message for the host, or from it. */
ws_host_server_types_message_t ws_inside_outgoing(ws_message message);
ws_message ws_inside_incoming(const ws_host_server_types_message_t *message);

/* The results of a call, from its error's number in wit/. */
extern const ws_result ws_inside_send_errors[];

/* Formats a text, and gives it to `send` together with `to`. */
typedef ws_result ws_inside_send(const void *to, const char *text, size_t len);
ws_result ws_inside_formatted(ws_inside_send *send, const void *to, const char *format, va_list arguments);

#endif
