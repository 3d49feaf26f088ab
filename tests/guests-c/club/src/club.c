/* An app for the test of `sdk/c/testing`: it uses all that the contract has. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws_guest.h"

/* The test reads these. */
char last_left[256];
char last_start[64];
unsigned messages;

static bool is(ws_message message, const char *text) { return message.len == strlen(text) && !memcmp(message.data, text, message.len); }

static void must(ws_result result) {
  if (result != WS_OK) ws_fail("%s", ws_result_name(result));
}

/* Counts in the store, and broadcasts the number of each count every 10 ms. */
static void count_up(void) {
  char *before = ws_store_get("count", NULL);
  int count = before ? atoi(before) + 1 : 1;
  free(before);
  must(ws_store_setf("count", "%d", count));
  char text[16];
  uint64_t timer;
  int len = snprintf(text, sizeof text, "%d", count);
  must(ws_set_timer(10000, (ws_timer_options){.repeat = true}, text, (size_t)len, &timer));
}

void ws_on_new_client(const ws_client *client) {
  must(ws_set_attachment(client->id, client->path.ptr, client->path.len));
  must(ws_broadcast_except(ws_text("one more", 8), &client->id, 1));
}

void ws_on_message(ws_id from, ws_message message) {
  messages++;
  if (is(message, "close")) must(ws_close(from, 4000, "as you wish"));
  else if (is(message, "subscribe")) must(ws_subscribe(from, "news"));
  else if (is(message, "count")) count_up();
  else if (is(message, "cut")) ws_send(from, ws_text("gr\xc3\xbc", 3));
  else must(ws_publish("news", message));
}

void ws_on_client_left(ws_id id, const ws_close_info *info) {
  size_t len, count;
  char *path = ws_attachment(id, &len);
  ws_id *here = ws_clients(&count);
  snprintf(last_left, sizeof last_left, "%" PRIu64 " %u %.*s of %zu, %s", id, info->code, (int)len, path, count,
           ws_result_name(ws_sendf(id, "too late")));
  free(path);
  free(here);
}

void ws_on_upgrade(const ws_request *request, ws_decision *decision) {
  if (request->query.len != 3 || memcmp(request->query.ptr, "key", 3)) decision->refuse = 401;
  else if (request->subprotocols.len) decision->subprotocol = request->subprotocols.ptr[0];
}

void ws_on_timer(uint64_t timer, const char *data, size_t len) {
  must(ws_broadcast(ws_text(data, len)));
  if (*last_left) ws_cancel_timer(timer);
}

const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) {
  if (saved && strcmp(saved->version, "1")) return "an unknown version";
  snprintf(last_start, sizeof last_start, "%d %.*s", reason, saved ? (int)saved->len : 0, saved ? saved->data : "");
  return NULL;
}
