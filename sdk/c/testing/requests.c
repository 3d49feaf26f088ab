/* The requests of a test to the app, and the answers of the app. */

#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { LARGEST_BODY = 4 << 20, LARGEST_CHUNK = 1 << 20 };

static ws_test_reply *replies; /* by id, from 1 on */
static size_t reply_count;

typedef ws_host_server_replies_respond_error_t respond_error;

/* Headers that belong to the host. */
static const char *const CONNECTION[] = {"content-length", "transfer-encoding", "connection", "date"};

static bool refuse(respond_error *error, uint8_t tag, const char *text) {
  error->tag = tag;
  error->val.invalid = ws_room_string(text);
  return false;
}

static bool is_allowed(const ws_host_server_replies_head_t *head, respond_error *error) {
  if (head->status < 200 || head->status > 599) return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_INVALID, "the status is not 200 to 599");
  for (size_t n = 0; n < head->headers.len; n++) {
    ws_string_t value = head->headers.ptr[n].f1;
    for (size_t at = 0; at < value.len; at++) {
      bool is_control = (value.ptr[at] < ' ' && value.ptr[at] != '\t') || value.ptr[at] == 0x7f;
      if (is_control) return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_INVALID, "the value of a header has control characters");
    }
    for (size_t name = 0; name < sizeof CONNECTION / sizeof *CONNECTION; name++) {
      if (ws_header((ws_headers){&head->headers.ptr[n], 1}, CONNECTION[name]).ptr) {
        return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_INVALID, "the host sets this header of the connection itself");
      }
    }
  }
  return true;
}

static bool is_open(const ws_test_reply *reply) { return !reply->has_ended && !reply->is_cut && !reply->is_gone; }

/* The reply that may take the next step: a reply that has begun or not, and has not ended. */
static ws_test_reply *next(uint64_t id, bool has_begun, respond_error *error) {
  if (id < 1 || id > reply_count || !is_open(&replies[id - 1])) {
    return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_NO_SUCH_REQUEST, ""), NULL;
  }
  ws_test_reply *reply = &replies[id - 1];
  if (reply->has_begun != has_begun) return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_WRONG_ORDER, ""), NULL;
  return reply;
}

static void append(ws_test_reply *reply, const ws_list_u8_t *bytes) {
  char *body = ws_room_resized((char *)reply->body, reply->len + bytes->len + 1, 1);
  if (bytes->len) memcpy(body + reply->len, bytes->ptr, bytes->len);
  reply->len += bytes->len;
  body[reply->len] = '\0';
  reply->body = body;
}

static bool begin(ws_test_reply *reply, const ws_host_server_replies_head_t *head, respond_error *error) {
  if (!is_allowed(head, error)) return false;
  reply->has_begun = true;
  reply->status = head->status;
  reply->headers = ws_room_headers_of(&head->headers);
  append(reply, &(ws_list_u8_t){NULL, 0});
  return true;
}

bool ws_host_server_replies_respond(uint64_t id, ws_host_server_replies_head_t *head, ws_list_u8_t *body, respond_error *error) {
  ws_test_reply *reply = next(id, false, error);
  if (!reply) return false;
  if (body->len > LARGEST_BODY) return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_TOO_BIG, "");
  if (!begin(reply, head, error)) return false;
  append(reply, body);
  return reply->has_ended = true;
}

bool ws_host_server_replies_respond_begin(uint64_t id, ws_host_server_replies_head_t *head, respond_error *error) {
  ws_test_reply *reply = next(id, false, error);
  return reply && begin(reply, head, error);
}

bool ws_host_server_replies_respond_chunk(uint64_t id, ws_list_u8_t *bytes, ws_host_server_types_send_status_t *status, respond_error *error) {
  ws_test_reply *reply = next(id, true, error);
  if (!reply) return false;
  if (bytes->len > LARGEST_CHUNK) return refuse(error, WS_HOST_SERVER_REPLIES_RESPOND_ERROR_TOO_BIG, "");
  append(reply, bytes);
  return *status = WS_HOST_SERVER_TYPES_SEND_STATUS_QUEUED, true;
}

bool ws_host_server_replies_respond_end(uint64_t id, respond_error *error) {
  ws_test_reply *reply = next(id, true, error);
  return reply && (reply->has_ended = true);
}

void ws_host_server_replies_abort(uint64_t id) {
  if (id < 1 || id > reply_count || !is_open(&replies[id - 1])) return;
  ws_test_reply *reply = &replies[id - 1];
  if (reply->has_begun) {
    reply->is_cut = true;
    return;
  }
  /* The host answers. */
  reply->has_begun = reply->has_ended = true;
  reply->status = 500;
  append(reply, &(ws_list_u8_t){NULL, 0});
}

void ws_host_server_replies_list(ws_host_server_replies_list_open_request_t *open) {
  *open = (ws_host_server_replies_list_open_request_t){NULL, 0};
  for (size_t n = 0; n < reply_count; n++) {
    if (!is_open(&replies[n])) continue;
    open->ptr = ws_room_resized(open->ptr, open->len + 1, sizeof *open->ptr);
    open->ptr[open->len++] = (ws_host_server_replies_open_request_t){n + 1, replies[n].has_begun};
  }
}

static ws_test_reply *find(uint64_t id) {
  if (id < 1 || id > reply_count) ws_fail("no request %llu was sent to the app", (unsigned long long)id);
  return &replies[id - 1];
}

uint64_t ws_test_requests(ws_test_request request) {
  ws_room_start();
  replies = ws_room_resized(replies, reply_count + 1, sizeof *replies);
  replies[reply_count++] = (ws_test_reply){.body = NULL};
  size_t len = request.body && !request.len ? strlen(request.body) : request.len;
  ws_http_request given = {
      .address = {ws_room_string(request.ip ? request.ip : "127.0.0.1"), request.port ? request.port : 50000},
      .method = ws_room_string(request.method ? request.method : request.body ? "POST" : "GET"),
      .path = ws_room_string(request.path ? request.path : "/"),
      .query = ws_room_string(request.query),
      .headers = ws_room_headers(request.headers),
      .body = {ws_room_copy(request.body, len), len},
  };
  uint64_t id = reply_count;
  exports_ws_host_server_requests_on_request(id, &given);
  ws_room_settle();
  return id;
}

ws_test_reply ws_test_reply_to(uint64_t id) { return *find(id); }

void ws_test_abandons(uint64_t id) {
  ws_test_reply *reply = find(id);
  if (!is_open(reply)) return;
  reply->is_gone = true;
  exports_ws_host_server_requests_on_request_gone(id);
  ws_room_settle();
}
