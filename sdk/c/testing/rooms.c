/* The other rooms of a test: the messages of the app to them, and theirs to the app. */

#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { LARGEST_MESSAGE = 1 << 20, MOST_WAITING = 1024 };

static const char *own_name = "main";
static ws_test_room_message *sent;
static size_t sent_count, taken;
static const char **missing;
static size_t missing_count;

void ws_test_name_room(const char *name) { own_name = name; }

void ws_test_lacks_room(const char *name) {
  missing = ws_room_resized(missing, missing_count + 1, sizeof *missing);
  missing[missing_count++] = ws_room_text(name, strlen(name));
}

/* Whether the app may send to a room. It makes a missing one exist if `create` says so. */
static bool exists(const ws_string_t *name, bool create) {
  for (size_t n = 0; n < missing_count; n++) {
    if (!ws_is(*name, missing[n])) continue;
    if (!create) return false;
    missing[n] = missing[--missing_count];
    return true;
  }
  return true;
}

void ws_host_server_rooms_name(ws_string_t *name) { *name = ws_room_string(own_name); }

bool ws_host_server_rooms_send(ws_string_t *room, ws_host_server_types_message_t *message, ws_room_options *options,
                               ws_host_server_rooms_rooms_error_t *error) {
  ws_room_check_text("the name of a room", room->ptr, room->len);
  ws_list_u8_t bytes = message->val.binary;
  bool is_text = message->tag == WS_HOST_SERVER_TYPES_MESSAGE_TEXT;
  if (is_text) ws_room_check_text("the text of a message", bytes.ptr, bytes.len);
  if (!room->len) return *error = WS_HOST_SERVER_ROOMS_ROOMS_ERROR_INVALID_NAME, false;
  if (bytes.len > LARGEST_MESSAGE) return *error = WS_HOST_SERVER_ROOMS_ROOMS_ERROR_TOO_BIG, false;
  if (sent_count - taken >= MOST_WAITING) return *error = WS_HOST_SERVER_ROOMS_ROOMS_ERROR_FULL, false;
  if (!exists(room, options->create)) return *error = WS_HOST_SERVER_ROOMS_ROOMS_ERROR_NO_SUCH_ROOM, false;
  sent = ws_room_resized(sent, sent_count + 1, sizeof *sent);
  const char *name = ws_room_text(room->ptr, room->len), *data = ws_room_text(bytes.ptr, bytes.len);
  sent[sent_count++] = (ws_test_room_message){name, {is_text, data, bytes.len}, options->create};
  return true;
}

bool ws_test_next_room_message(ws_test_room_message *message) {
  if (taken == sent_count) return false;
  *message = sent[taken++];
  return true;
}

/* Both cases of the variant carry a text. */
static void bring(uint8_t tag, const char *name, ws_message message) {
  ws_room_start();
  exports_ws_host_server_events_source_t source = {.tag = tag, .val.room = ws_room_string(name)};
  ws_host_server_types_message_t given = {.tag = message.is_text ? WS_HOST_SERVER_TYPES_MESSAGE_TEXT : WS_HOST_SERVER_TYPES_MESSAGE_BINARY};
  given.val.binary = (ws_list_u8_t){ws_room_copy(message.data, message.len), message.len};
  exports_ws_host_server_events_on_event(&source, &given);
  ws_room_settle();
}

void ws_test_room_sends(const char *room, ws_message message) { bring(EXPORTS_WS_HOST_SERVER_EVENTS_SOURCE_ROOM, room, message); }

void ws_test_api_sends(const char *token, ws_message message) { bring(EXPORTS_WS_HOST_SERVER_EVENTS_SOURCE_API, token, message); }

void ws_test_api_says(const char *token, const char *text) { ws_test_api_sends(token, ws_text(text, strlen(text))); }

void ws_test_room_says(const char *room, const char *text) { ws_test_room_sends(room, ws_text(text, strlen(text))); }
