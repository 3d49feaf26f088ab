/* An app for the test of `sdk/c/testing`: it uses all that the contract has. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws_guest.h"

/* The test reads these. */
char last_left[256];
char last_start[64];
char last_orphan[128];
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

/* Tells the client who has asked what has come of the request. `data` is the client's id. */
static void tell(const ws_answer *answer, void *data) {
  ws_id *asker = data;
  if (answer->kind == WS_RESPONSE) ws_sendf(*asker, "%u %s%.*s", answer->status, answer->body, (int)ws_header(answer->headers, "X-Note").len,
                                            (char *)ws_header(answer->headers, "X-Note").ptr);
  else if (answer->kind == WS_PIECE) ws_sendf(*asker, "%s", answer->body);
  else ws_sendf(*asker, "%s", answer->kind == WS_END ? "end" : answer->detail);
  if (answer->is_last) free(asker);
}

static void ask(ws_id from, bool stream) {
  static const char *const headers[] = {"accept", "text/plain", NULL};
  char context[24];
  int len = snprintf(context, sizeof context, "%" PRIu64, from);
  ws_id *asker = malloc(sizeof *asker);
  *asker = from;
  ws_fetch_request request = {.url = "https://api.example.com/", .headers = headers, .stream = stream, .context = context, .context_len = (size_t)len};
  if (ws_fetch(&request, tell, asker, NULL) == WS_OK) return;
  ws_sendf(from, "%s", ws_error_text());
  free(asker);
}

void ws_on_orphan(const ws_answer *answer) {
  snprintf(last_orphan, sizeof last_orphan, "%d %s for %s", answer->kind, answer->body, answer->context);
}

/* Passes the events of other rooms on to a room, which it makes if need be. */
void ws_on_event(const ws_source *source, ws_message message) {
  char *name = ws_rooms_name();
  const char *from = source->kind == WS_FROM_API ? source->token : source->room;
  ws_result sent = ws_rooms_sendf("/scores", (ws_room_options){0}, "%.*s from %s to %s", (int)message.len, message.data, from, name);
  free(name);
  if (sent != WS_OK) must(ws_rooms_send("/scores", message, (ws_room_options){.create = true}));
}

/* The request to `/later`, which is answered in pieces when a client says "go on". */
static uint64_t later;

void ws_on_request(uint64_t id, const ws_http_request *request) {
  static const char *const events[] = {"content-type", "text/event-stream", NULL};
  if (ws_is(request->path, "/later")) must(ws_respond_begin(later = id, 200, events));
  else if (!ws_is(request->path, "/none")) must(ws_respondf(id, 201, "%.*s %s", (int)request->method.len, (char *)request->method.ptr, (char *)request->body.ptr));
}

void ws_on_request_gone(uint64_t id) { ws_broadcastf("%" PRIu64 " is gone", id); }

static void remind(void *data) { ws_broadcast(ws_text(data, strlen(data))); }

void ws_on_new_client(const ws_client *client) {
  must(ws_set_attachment(client->id, client->path.ptr, client->path.len));
  must(ws_broadcast_except(ws_text("one more", 8), &client->id, 1));
}

void ws_on_message(ws_id from, ws_message message) {
  messages++;
  if (is(message, "close")) must(ws_close(from, 4000, "as you wish"));
  else if (is(message, "subscribe")) must(ws_subscribe(from, "news"));
  else if (is(message, "count")) count_up();
  else if (is(message, "ask")) ask(from, false);
  else if (is(message, "stream")) ask(from, true);
  else if (is(message, "remind")) must(ws_after(1000, remind, "it is time", NULL));
  else if (is(message, "read on")) ws_sendf(from, "%s", message.data);
  else if (is(message, "go on")) must(ws_respond_chunkf(later, "data: %u\n\n", messages));
  else if (is(message, "end")) must(ws_respond_end(later));
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

void ws_on_line_lost(ws_id id) { ws_sendf(id, "lost"); }
void ws_on_line_back(ws_id id) { ws_sendf(id, "back"); }
