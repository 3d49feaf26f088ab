/* A chat. Everybody receives all joins, leaves and messages. */

#include "ws_guest.h"

#define ID(id) (unsigned long long)(id)

void ws_on_new_client(const ws_client *client) { ws_broadcastf("* guest-%llu has joined", ID(client->id)); }

void ws_on_message(ws_id from, ws_message message) {
  if (message.is_text) ws_broadcastf("guest-%llu: %.*s", ID(from), (int)message.len, message.data);
  else ws_broadcast_except(message, &from, 1);
}

void ws_on_client_left(ws_id id, const ws_close_info *info) {
  (void)info;
  ws_broadcastf("* guest-%llu has left", ID(id));
}
