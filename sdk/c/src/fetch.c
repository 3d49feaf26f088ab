/* Requests to HTTP servers, and the callbacks that wait for their answers. */

#include <stdio.h>
#include <stdlib.h>

#include "callbacks.h"
#include "inside.h"

WS_DEFAULT void ws_on_orphan(const ws_answer *answer) { (void)answer; }

/* In the order of wit/. */
static const ws_result FETCH_ERRORS[] = {WS_INVALID, WS_DENIED, WS_TOO_BIG, WS_LIMIT, WS_ROOM_FULL, WS_TOTAL_FULL};

/* The text of each error for which the host has none. */
static const char *const FETCH_TEXTS[] = {
    NULL,
    NULL,
    NULL,
    "this handler has done as much as one handler may: ask in a later event",
    "the room has as many requests as it may have at a time (by default 32): ask again when one of them is answered",
    "all rooms together have as many requests as they may have at a time (by default 1,024): ask again later",
};

static const char *const FAILURES[] = {"denied", "unresolved", "unreachable", "tls", "timeout", "broken", "too-big", "interrupted"};

ws_inside_callbacks ws_inside_fetches;

const char *ws_failure_name(ws_failure cause) { return FAILURES[cause]; }

static ws_host_server_http_request_t outgoing(const ws_fetch_request *request, ws_list_tuple2_string_string_t headers) {
  const char *method = request->method ? request->method : request->body ? "POST" : "GET";
  return (ws_host_server_http_request_t){
      .method = ws_inside_string(method),
      .url = ws_inside_string(request->url ? request->url : ""),
      .headers = headers,
      .body = {request->body != NULL, ws_inside_list(request->body, request->body_len)},
      .stream = request->stream,
      .timeout_us = {request->timeout != 0, request->timeout},
  };
}

ws_result ws_fetch(const ws_fetch_request *request, ws_fetch_callback *callback, void *data, uint64_t *id) {
  ws_list_tuple2_string_string_t headers = ws_inside_owned_headers(request->headers);
  ws_host_server_http_request_t out = outgoing(request, headers);
  ws_list_u8_t context = ws_inside_list(request->context, request->context_len);
  ws_host_server_http_fetch_error_t error;
  uint64_t accepted;
  bool ok = ws_host_server_http_fetch(&out, &context, &accepted, &error);
  ws_list_tuple2_string_string_free(&headers);
  if (!ok) {
    ws_string_t text = FETCH_TEXTS[error.tag] ? ws_inside_string(FETCH_TEXTS[error.tag]) : error.val.invalid;
    ws_inside_set_error_text(text);
    ws_host_server_http_fetch_error_free(&error);
    return FETCH_ERRORS[error.tag];
  }
  if (callback) ws_inside_add(&ws_inside_fetches, (ws_inside_callback){accepted, (ws_inside_function *)callback, data});
  if (id) *id = accepted;
  return WS_OK;
}

void ws_fetch_cancel(uint64_t id) {
  ws_inside_callback dropped;
  ws_host_server_http_cancel(id);
  ws_inside_find(&ws_inside_fetches, id, true, &dropped);
}

/* Gives an answer to the callback that waits for it, or else to the handler for orphans, and frees what the host has given. */
static void deliver(ws_answer *answer, ws_list_u8_t *context) {
  ws_inside_callback waiting;
  answer->context = ws_inside_terminated(&context->ptr, context->len);
  answer->context_len = context->len;
  if (ws_inside_find(&ws_inside_fetches, answer->id, answer->is_last, &waiting)) ((ws_fetch_callback *)waiting.function)(answer, waiting.data);
  else ws_on_orphan(answer);
  ws_list_u8_free(context);
  fflush(stdout);
}

static void set_failure(ws_answer *answer, ws_host_server_http_failure_t *failure) {
  answer->kind = WS_FAILURE;
  answer->is_last = true;
  answer->cause = (ws_failure)failure->cause;
  answer->detail = ws_inside_terminated(&failure->detail.ptr, failure->detail.len);
}

void exports_ws_host_server_responses_on_response(uint64_t id, ws_list_u8_t *context,
                                                  exports_ws_host_server_responses_result_response_failure_t *outcome) {
  ws_answer answer = {.id = id, .kind = WS_RESPONSE, .body = "", .detail = ""};
  if (outcome->is_err) {
    set_failure(&answer, &outcome->val.err);
  } else {
    ws_host_server_http_response_t *response = &outcome->val.ok;
    answer.status = response->status;
    answer.headers = response->headers;
    answer.is_last = response->body.is_some;
    if (response->body.is_some) answer.body = ws_inside_terminated(&response->body.val.ptr, response->body.val.len), answer.len = response->body.val.len;
  }
  deliver(&answer, context);
  exports_ws_host_server_responses_result_response_failure_free(outcome);
}

void exports_ws_host_server_responses_on_body(uint64_t id, ws_list_u8_t *context, ws_host_server_http_body_part_t *part) {
  ws_answer answer = {.id = id, .kind = WS_PIECE, .body = "", .detail = ""};
  if (part->tag == WS_HOST_SERVER_HTTP_BODY_PART_FAILED) {
    set_failure(&answer, &part->val.failed);
  } else if (part->tag == WS_HOST_SERVER_HTTP_BODY_PART_END) {
    answer.kind = WS_END;
    answer.is_last = true;
  } else {
    answer.body = ws_inside_terminated(&part->val.piece.ptr, part->val.piece.len);
    answer.len = part->val.piece.len;
  }
  deliver(&answer, context);
  ws_host_server_http_body_part_free(part);
}
