/* A chat. Everybody receives all joins, leaves and messages. */

#include <stdio.h>

#include "ws_guest.h"

#define ID(id) (unsigned long long)(id)

/* Says in the log that a message was not sent. With the name before it, it can be longer than the host allows. */
static void report(ws_result sent) {
  if (sent != WS_OK) fprintf(stderr, "not sent: %s\n", sent == WS_TOO_BIG ? "too-big" : "limit");
}

void ws_on_new_client(const ws_client *client) { report(ws_broadcastf("* guest-%llu has joined", ID(client->id))); }

void ws_on_message(ws_id from, ws_message message) {
  if (message.is_text) report(ws_broadcastf("guest-%llu: %.*s", ID(from), (int)message.len, message.data));
  else report(ws_broadcast_except(message, &from, 1));
}

void ws_on_client_left(ws_id id, const ws_close_info *info) {
  (void)info;
  report(ws_broadcastf("* guest-%llu has left", ID(id)));
}
