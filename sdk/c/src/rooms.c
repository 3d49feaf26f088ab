/* The name of this room, and messages between rooms. */

#include <stdio.h>

#include "inside.h"

/* In the order of wit/. */
static const ws_result ROOMS_ERRORS[] = {WS_INVALID_NAME, WS_NO_SUCH_ROOM, WS_TOO_BIG, WS_LIMIT, WS_FULL, WS_TOO_MANY_ROOMS};

WS_DEFAULT void ws_on_event(const ws_source *source, ws_message message) { (void)source, (void)message; }

char *ws_rooms_name(void) {
  ws_string_t name;
  ws_host_server_rooms_name(&name);
  if (!name.len) name.ptr = NULL;
  name.ptr = ws_inside_resized(name.ptr, name.len + 1);
  name.ptr[name.len] = '\0';
  return (char *)name.ptr;
}

ws_result ws_rooms_send(const char *room, ws_message message, ws_room_options options) {
  ws_string_t name = ws_inside_string(room);
  ws_host_server_types_message_t out = ws_inside_outgoing(message);
  ws_host_server_rooms_rooms_error_t error;
  return ws_host_server_rooms_send(&name, &out, &options, &error) ? WS_OK : ROOMS_ERRORS[error];
}

/* The receiver of a formatted message. */
typedef struct {
  const char *room;
  ws_room_options options;
} receiver;

static ws_result send_text(const void *to, const char *text, size_t len) {
  const receiver *one = to;
  return ws_rooms_send(one->room, ws_text(text, len), one->options);
}

ws_result ws_rooms_sendf(const char *room, ws_room_options options, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(send_text, &(receiver){room, options}, format, arguments);
  va_end(arguments);
  return result;
}

void exports_ws_host_server_events_on_event(exports_ws_host_server_events_source_t *from, ws_host_server_types_message_t *message) {
  /* Both cases of the variant carry a text. */
  const char *name = ws_inside_terminated(&from->val.room.ptr, from->val.room.len);
  ws_source source = {WS_FROM_ROOM, name, ""};
  if (from->tag == EXPORTS_WS_HOST_SERVER_EVENTS_SOURCE_API) source = (ws_source){WS_FROM_API, "", name};
  ws_on_event(&source, ws_inside_incoming(message));
  exports_ws_host_server_events_source_free(from);
  ws_host_server_types_message_free(message);
  fflush(stdout);
}
