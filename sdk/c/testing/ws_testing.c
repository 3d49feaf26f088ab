/* The events of a test, and what its clients hear. */

#include "ws_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

static bool is_started;

const char *ws_test_start(ws_start_reason reason, const ws_saved *saved) {
  exports_ws_host_server_lifecycle_saved_t given;
  ws_string_t refusal;
  static char *told;
  if (saved) given = (exports_ws_host_server_lifecycle_saved_t){ws_room_string(saved->version), {ws_room_copy(saved->data, saved->len), saved->len}};
  is_started = true;
  if (exports_ws_host_server_lifecycle_on_start((uint8_t)reason, saved ? &given : NULL, &refusal)) return NULL;
  free(told);
  told = refusal.len ? (char *)refusal.ptr : calloc(1, 1);
  return told;
}

static void start(void) {
  const char *refusal = is_started ? NULL : ws_test_start(WS_FRESH, NULL);
  if (refusal) ws_fail("ws_on_start refuses a fresh start: %s", refusal);
}

/* Takes a client out of the room, and tells the app. */
static void end(ws_id id, uint16_t code, const char *reason, ws_host_server_types_close_cause_t cause) {
  ws_room_member *member = ws_room_find(id);
  if (!member) return;
  member->presence = LEAVING;
  while (member->topic_count) free(member->topics[--member->topic_count].ptr);
  ws_close_info info = {.code = code, .reason = ws_room_string(reason), .clean = true, .cause = cause};
  exports_ws_host_server_handler_on_client_left(id, &info);
  member->presence = GONE;
}

/* The clients that the app has closed leave. Their leaving can close others. */
static void settle(void) {
  for (size_t n = 0; n < ws_room.member_count; n++) {
    ws_room_member *member = ws_room.members[n];
    if (member->presence != IN_ROOM || !member->close_code) continue;
    end(n + 1, member->close_code, member->close_reason, WS_HOST_SERVER_TYPES_CLOSE_CAUSE_GUEST);
    n = (size_t)-1;
  }
}

ws_id ws_test_join_as(ws_test_client details) {
  start();
  ws_room_member *member = calloc(1, sizeof *member);
  if (!member) ws_fail("out of memory");
  ws_client *client = &member->client;
  client->id = ws_room.member_count + 1;
  client->address.ip = ws_room_string(details.ip ? details.ip : "127.0.0.1");
  client->address.port = details.port ? details.port : 50000;
  client->path = ws_room_string(details.path ? details.path : "/");
  client->query = ws_room_string(details.query);
  client->subprotocol.is_some = details.subprotocol != NULL;
  client->subprotocol.val = ws_room_string(details.subprotocol);
  for (const char *const *header = details.headers; header && header[0] && header[1]; header += 2) {
    client->headers.ptr = ws_room_resized(client->headers.ptr, client->headers.len + 1, sizeof *client->headers.ptr);
    client->headers.ptr[client->headers.len++] = (ws_tuple2_string_string_t){ws_room_string(header[0]), ws_room_string(header[1])};
  }
  ws_room.members = ws_room_resized(ws_room.members, ws_room.member_count + 1, sizeof *ws_room.members);
  ws_room.members[ws_room.member_count++] = member;
  ws_client given;
  ws_room_copy_client(client, &given);
  exports_ws_host_server_handler_on_new_client(&given);
  settle();
  return client->id;
}

ws_id ws_test_join(void) { return ws_test_join_as((ws_test_client){0}); }

void ws_test_sends(ws_id from, ws_message message) {
  if (!ws_room_find(from)) return;
  ws_host_server_types_message_t given = {.tag = message.is_text ? WS_HOST_SERVER_TYPES_MESSAGE_TEXT : WS_HOST_SERVER_TYPES_MESSAGE_BINARY};
  given.val.binary = (ws_list_u8_t){ws_room_copy(message.data, message.len), message.len};
  exports_ws_host_server_handler_on_message(from, &given);
  settle();
}

void ws_test_says(ws_id from, const char *text) { ws_test_sends(from, ws_text(text, strlen(text))); }

void ws_test_leaves(ws_id id) {
  end(id, 1005, "", WS_HOST_SERVER_TYPES_CLOSE_CAUSE_CLIENT);
  settle();
}

/* The timer that is due first. */
static ws_room_timer *next_timer(void) {
  ws_room_timer *first = NULL;
  for (size_t n = 0; n < ws_room.timer_count; n++) {
    ws_room_timer *timer = &ws_room.timers[n];
    if (!first || timer->due < first->due || (timer->due == first->due && timer->id < first->id)) first = timer;
  }
  return first;
}

void ws_test_wait(uint64_t microseconds) {
  start();
  uint64_t until = ws_room.now + microseconds;
  for (ws_room_timer *timer; (timer = next_timer()) && timer->due <= until;) {
    uint64_t id = timer->id;
    ws_list_u8_t payload = {ws_room_copy(timer->payload.ptr, timer->payload.len), timer->payload.len};
    ws_room.now = timer->due;
    if (timer->every) timer->due += timer->every;
    else ws_host_server_control_cancel_timer(id);
    exports_ws_host_server_timers_on_timer(id, &payload);
    settle();
  }
  ws_room.now = until;
}

/* A client, also one that has left. */
static ws_room_member *member(ws_id id) {
  if (id < 1 || id > ws_room.member_count) ws_fail("no client %llu has joined", (unsigned long long)id);
  return ws_room.members[id - 1];
}

uint16_t ws_test_closed(ws_id id, const char **reason) {
  ws_room_member *closed = member(id);
  if (reason) *reason = closed->close_reason ? closed->close_reason : "";
  return closed->close_code;
}

bool ws_test_is_admitting(void) { return !ws_room.is_denying; }

bool ws_test_next(ws_id id, ws_message *message) {
  ws_room_member *client = member(id);
  if (client->heard == client->message_count) return false;
  *message = client->messages[client->heard++];
  return true;
}

static void print(ws_message message) {
  if (message.is_text) {
    fprintf(stderr, "\"%.*s\"", (int)message.len, message.len ? message.data : "");
    return;
  }
  fprintf(stderr, "%zu bytes", message.len);
  for (size_t n = 0; n < message.len && n < 32; n++) fprintf(stderr, " %02x", (unsigned char)message.data[n]);
  if (message.len > 32) fprintf(stderr, " ...");
}

/* Fails the test with what a client has heard, and what it must hear. NULL stands for nothing. */
static _Noreturn void fail(const char *file, int line, ws_id id, const ws_message *heard, const ws_message *wanted) {
  fflush(stdout);
  fprintf(stderr, "%s:%d: client %llu hears ", file, line, (unsigned long long)id);
  if (heard) print(*heard);
  else fprintf(stderr, "nothing");
  fprintf(stderr, ", not ");
  if (wanted) print(*wanted);
  else fprintf(stderr, "nothing");
  fprintf(stderr, "\n");
  abort();
}

void ws_test_receives_at(const char *file, int line, ws_id id, ws_message wanted) {
  ws_message heard;
  if (!ws_test_next(id, &heard)) fail(file, line, id, NULL, &wanted);
  bool is_equal = heard.is_text == wanted.is_text && heard.len == wanted.len && (!heard.len || !memcmp(heard.data, wanted.data, heard.len));
  if (!is_equal) fail(file, line, id, &heard, &wanted);
}

void ws_test_hears_at(const char *file, int line, ws_id id, const char *text) {
  ws_test_receives_at(file, line, id, ws_text(text, strlen(text)));
}

void ws_test_hears_nothing_at(const char *file, int line, ws_id id) {
  ws_message heard;
  if (ws_test_next(id, &heard)) fail(file, line, id, &heard, NULL);
}
