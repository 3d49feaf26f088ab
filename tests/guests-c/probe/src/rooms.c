/* Commands on other rooms, and their events: see `tests/conformance/rooms.rs`. */

#include "rooms.h"

#include <stdlib.h>
#include <string.h>

#include "asking.h"

bool obey_rooms(ws_id from, const char *command, char *room) {
  bool creates = !strcmp(command, "create");
  if (!strcmp(command, "room")) {
    char *name = ws_rooms_name();
    ws_sendf(from, "room \"%s\"", name);
    free(name);
  } else if (creates || !strcmp(command, "tell")) {
    char *text = cut(room);
    ws_sendf(from, "%s", ws_result_name(ws_rooms_sendf(room, (ws_room_options){.create = creates}, "%s", text)));
  } else if (!strcmp(command, "tell-bytes")) {
    char *text = cut(room);
    ws_sendf(from, "%s", ws_result_name(ws_rooms_send(room, ws_binary(text, strlen(text)), (ws_room_options){0})));
  } else {
    return false;
  }
  return true;
}

void ws_on_event(const ws_source *source, ws_message message) {
  if (!message.is_text) {
    ws_broadcast(message);
    return;
  }
  if (source->kind == WS_FROM_API) {
    ws_broadcastf("event api:%s %.*s", source->token, (int)message.len, message.data);
    return;
  }
  if (message.len > 5 && !memcmp(message.data, "back ", 5)) {
    if (ws_rooms_send(source->room, ws_text(message.data + 5, message.len - 5), (ws_room_options){0}) != WS_OK) ws_fail("the sender does not exist");
  }
  ws_broadcastf("event %s %.*s", source->room, (int)message.len, message.data);
}
