/* The events of a test: the start of the instance, joins, messages, leaves and time. */

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
  told = ws_room_resized(told, refusal.len + 1, 1);
  if (refusal.len) memcpy(told, refusal.ptr, refusal.len);
  told[refusal.len] = '\0';
  ws_string_free(&refusal);
  return told;
}

void ws_room_start(void) {
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

/* A client that the app has closed, and that has not left yet. */
static ws_room_member *next_closing(void) {
  for (size_t n = 0; n < ws_room.member_count; n++) {
    ws_room_member *member = ws_room.members[n];
    if (member->presence == IN_ROOM && member->close_code) return member;
  }
  return NULL;
}

void ws_room_settle(void) {
  for (ws_room_member *member; (member = next_closing());) {
    end(member->client.id, member->close_code, member->close_reason, WS_HOST_SERVER_TYPES_CLOSE_CAUSE_GUEST);
  }
}

/* The given text, or else the other one. */
static ws_string_t text_or(const char *given, const char *other) { return ws_room_string(given ? given : other); }

static ws_host_server_types_address_t address_of(const ws_test_client *details) {
  return (ws_host_server_types_address_t){text_or(details->ip, "127.0.0.1"), details->port ? details->port : 50000};
}

ws_decision ws_test_asks_to_join(ws_test_client details) {
  static ws_request request;
  ws_room_start();
  exports_ws_host_server_gate_request_free(&request);
  request = (ws_request){
      .address = address_of(&details),
      .path = text_or(details.path, "/"),
      .query = text_or(details.query, ""),
      .headers = ws_room_headers(details.headers),
      .resumes = details.resumes,
  };
  if (details.subprotocol) {
    request.subprotocols = (ws_list_string_t){ws_room_resized(NULL, 1, sizeof(ws_string_t)), 1};
    request.subprotocols.ptr[0] = ws_room_string(details.subprotocol);
  }
  ws_decision decision = {0};
  ws_on_upgrade(&request, &decision);
  return decision;
}

ws_id ws_test_join_as(ws_test_client details) {
  ws_room_start();
  ws_room_member *member = calloc(1, sizeof *member);
  if (!member) ws_fail("out of memory");
  member->client = (ws_client){
      .id = ws_room.member_count + 1,
      .address = address_of(&details),
      .path = text_or(details.path, "/"),
      .query = text_or(details.query, ""),
      .headers = ws_room_headers(details.headers),
      .subprotocol = {details.subprotocol != NULL, text_or(details.subprotocol, "")},
      .user = {details.user != NULL, text_or(details.user, "")},
  };
  ws_room.members = ws_room_resized(ws_room.members, ws_room.member_count + 1, sizeof *ws_room.members);
  ws_room.members[ws_room.member_count++] = member;
  ws_client given;
  ws_room_copy_client(&member->client, &given);
  exports_ws_host_server_handler_on_new_client(&given);
  ws_room_settle();
  return member->client.id;
}

ws_id ws_test_join(void) { return ws_test_join_as((ws_test_client){0}); }

void ws_test_sends(ws_id from, ws_message message) {
  if (!ws_room_find(from)) return;
  ws_host_server_types_message_t given = {.tag = message.is_text ? WS_HOST_SERVER_TYPES_MESSAGE_TEXT : WS_HOST_SERVER_TYPES_MESSAGE_BINARY};
  given.val.binary = (ws_list_u8_t){ws_room_copy(message.data, message.len), message.len};
  exports_ws_host_server_handler_on_message(from, &given);
  ws_room_settle();
}

void ws_test_says(ws_id from, const char *text) { ws_test_sends(from, ws_text(text, strlen(text))); }

void ws_test_leaves(ws_id id) {
  end(id, 1005, "", WS_HOST_SERVER_TYPES_CLOSE_CAUSE_CLIENT);
  ws_room_settle();
}

void ws_test_goes_away(ws_id id) {
  ws_room_member *member = ws_room_find(id);
  if (!member || member->is_away) return;
  member->is_away = true;
  exports_ws_host_server_presence_on_line_lost(id);
  ws_room_settle();
}

void ws_test_comes_back(ws_id id) {
  ws_room_member *member = ws_room_find(id);
  if (!member || !member->is_away) return;
  member->is_away = false;
  exports_ws_host_server_presence_on_line_back(id);
  ws_room_settle();
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
  ws_room_start();
  uint64_t until = microseconds > UINT64_MAX - ws_room.now ? UINT64_MAX : ws_room.now + microseconds;
  for (ws_room_timer *timer; (timer = next_timer()) && timer->due <= until;) {
    uint64_t id = timer->id;
    ws_list_u8_t payload = {ws_room_copy(timer->payload.ptr, timer->payload.len), timer->payload.len};
    ws_room.now = timer->due;
    if (timer->every) timer->due += timer->every;
    else ws_host_server_control_cancel_timer(id);
    exports_ws_host_server_timers_on_timer(id, &payload);
    ws_room_settle();
  }
  ws_room.now = until;
}
