/* The host's functions for HTTP requests, acting on the room of the test, and the answers that a test gives. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/callbacks.h"
#include "room.h"

enum { LARGEST_CONTEXT = 64 << 10, LARGEST_BODY = 4 << 20, MOST_FETCHES = 32 };

/* How far the answer to a request has come. */
typedef enum { ASKED, BEGUN, ENDED } progress;

typedef struct {
  ws_test_fetch asked;
  progress progress;
  bool is_taken;
} fetch;

static fetch **fetches; /* by id, from 1 on */
static size_t fetch_count;
static const char *denial;

static fetch *find(uint64_t id) {
  if (id < 1 || id > fetch_count) ws_fail("the app has sent no request %llu", (unsigned long long)id);
  return fetches[id - 1];
}

static size_t open_fetches(void) {
  size_t count = 0;
  for (size_t n = 0; n < fetch_count; n++) count += fetches[n]->progress != ENDED;
  return count;
}

static bool refuse(ws_host_server_http_fetch_error_t *error, uint8_t tag, const char *text) {
  error->tag = tag;
  error->val.invalid = ws_room_string(text);
  return false;
}

/* Whether the host takes a request; else why not. */
static bool is_taken(ws_host_server_http_request_t *request, ws_list_u8_t *context, ws_host_server_http_fetch_error_t *error) {
  ws_room_check_text("the URL of a request", request->url.ptr, request->url.len);
  bool is_plain = request->url.len > 7 && !memcmp(request->url.ptr, "http://", 7);
  bool is_secure = request->url.len > 8 && !memcmp(request->url.ptr, "https://", 8);
  if (!is_plain && !is_secure) return refuse(error, WS_HOST_SERVER_HTTP_FETCH_ERROR_INVALID, "the URL is not an absolute one of http or https");
  if (denial) return refuse(error, WS_HOST_SERVER_HTTP_FETCH_ERROR_DENIED, denial);
  if (request->body.is_some && request->body.val.len > LARGEST_BODY) return refuse(error, WS_HOST_SERVER_HTTP_FETCH_ERROR_TOO_BIG, "the body is larger than 4 MiB");
  if (context->len > LARGEST_CONTEXT) return refuse(error, WS_HOST_SERVER_HTTP_FETCH_ERROR_TOO_BIG, "the context is larger than 64 KiB");
  if (open_fetches() >= MOST_FETCHES) return refuse(error, WS_HOST_SERVER_HTTP_FETCH_ERROR_ROOM_FULL, "");
  return true;
}

bool ws_host_server_http_fetch(ws_host_server_http_request_t *request, ws_list_u8_t *context, uint64_t *id, ws_host_server_http_fetch_error_t *error) {
  if (!is_taken(request, context, error)) return false;
  bool has_body = request->body.is_some;
  fetch *one = ws_room_resized(NULL, 1, sizeof *one);
  *one = (fetch){.asked = {
      .id = fetch_count + 1,
      .method = ws_room_text(request->method.ptr, request->method.len),
      .url = ws_room_text(request->url.ptr, request->url.len),
      .headers = ws_room_headers_of(&request->headers),
      .body = has_body ? ws_room_text(request->body.val.ptr, request->body.val.len) : NULL,
      .body_len = has_body ? request->body.val.len : 0,
      .stream = request->stream,
      .timeout = request->timeout_us.is_some ? request->timeout_us.val : 0,
      .context = ws_room_text(context->ptr, context->len),
      .context_len = context->len,
  }};
  fetches = ws_room_resized(fetches, fetch_count + 1, sizeof *fetches);
  fetches[fetch_count++] = one;
  return *id = one->asked.id, true;
}

void ws_host_server_http_cancel(uint64_t id) {
  if (id >= 1 && id <= fetch_count) fetches[id - 1]->progress = ENDED;
}

bool ws_test_next_fetch(ws_test_fetch *asked) {
  for (size_t n = 0; n < fetch_count; n++) {
    if (fetches[n]->is_taken || fetches[n]->progress == ENDED) continue;
    fetches[n]->is_taken = true;
    *asked = fetches[n]->asked;
    return true;
  }
  return false;
}

bool ws_test_is_asking(uint64_t id) { return find(id)->progress != ENDED; }

void ws_test_deny_fetches(const char *reason) { denial = reason; }

static ws_list_u8_t context_of(const fetch *one) {
  return (ws_list_u8_t){ws_room_copy(one->asked.context, one->asked.context_len), one->asked.context_len};
}

/* Moves a request on. It fails the test if its answer is not that far, and returns false for one that the app has cancelled. */
static bool moves(fetch *one, progress from, progress to, const char *what) {
  if (one->progress == ENDED) return false;
  if (one->progress != from) ws_fail("request %llu gets %s at the wrong time", (unsigned long long)one->asked.id, what);
  one->progress = to;
  return true;
}

void ws_test_answers(uint64_t id, ws_test_response response) {
  fetch *one = find(id);
  if (!moves(one, ASKED, one->asked.stream ? BEGUN : ENDED, "a response")) return;
  ws_list_u8_t context = context_of(one);
  exports_ws_host_server_responses_result_response_failure_t outcome = {.is_err = false};
  ws_host_server_http_response_t *given = &outcome.val.ok;
  given->status = response.status ? response.status : 200;
  given->headers = ws_room_headers(response.headers);
  size_t len = response.body && !response.len ? strlen(response.body) : response.len;
  given->body.is_some = !one->asked.stream;
  if (given->body.is_some) given->body.val = (ws_list_u8_t){ws_room_copy(response.body, len), len};
  else if (len) ws_fail("request %llu asks for a stream: give its body with ws_test_streams", (unsigned long long)id);
  exports_ws_host_server_responses_on_response(id, &context, &outcome);
  ws_room_settle();
}

void ws_test_streams(uint64_t id, const void *piece, size_t len) {
  fetch *one = find(id);
  if (!moves(one, BEGUN, BEGUN, "a piece of a body")) return;
  ws_list_u8_t context = context_of(one);
  ws_host_server_http_body_part_t part = {.tag = WS_HOST_SERVER_HTTP_BODY_PART_PIECE};
  part.val.piece = (ws_list_u8_t){ws_room_copy(piece, len), len};
  exports_ws_host_server_responses_on_body(id, &context, &part);
  ws_room_settle();
}

void ws_test_ends(uint64_t id) {
  fetch *one = find(id);
  if (!moves(one, BEGUN, ENDED, "the end of a body")) return;
  ws_list_u8_t context = context_of(one);
  ws_host_server_http_body_part_t part = {.tag = WS_HOST_SERVER_HTTP_BODY_PART_END};
  exports_ws_host_server_responses_on_body(id, &context, &part);
  ws_room_settle();
}

void ws_test_fails(uint64_t id, ws_failure cause, const char *detail) {
  fetch *one = find(id);
  progress before = one->progress;
  if (!moves(one, before, ENDED, "")) return;
  ws_list_u8_t context = context_of(one);
  ws_host_server_http_failure_t failure = {(uint8_t)cause, ws_room_string(detail)};
  if (before == ASKED) {
    exports_ws_host_server_responses_result_response_failure_t outcome = {.is_err = true, .val.err = failure};
    exports_ws_host_server_responses_on_response(id, &context, &outcome);
  } else {
    ws_host_server_http_body_part_t part = {.tag = WS_HOST_SERVER_HTTP_BODY_PART_FAILED, .val.failed = failure};
    exports_ws_host_server_responses_on_body(id, &context, &part);
  }
  ws_room_settle();
}

void ws_test_forget_callbacks(void) {
  ws_inside_forget(&ws_inside_fetches);
  ws_inside_forget(&ws_inside_timers);
}
