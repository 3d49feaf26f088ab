/* Plain HTTP requests to this server, and their answers. */

#include <stdio.h>

#include "inside.h"

/* In the order of wit/, with a text for each error for which the host has none. */
static const struct {
  ws_result result;
  const char *text;
} ERRORS[] = {
    {WS_NO_SUCH_REQUEST, "no open request has this id: it is answered, or its client has gone"},
    {WS_WRONG_ORDER, "call ws_respond alone, or ws_respond_begin, then ws_respond_chunk for each part, then ws_respond_end"},
    {WS_INVALID, NULL},
    {WS_TOO_BIG, "the body is larger than the host allows: send it in smaller chunks"},
    {WS_LIMIT, "this handler has done as much as one handler may: answer in a later event"},
};

WS_DEFAULT void ws_on_request(uint64_t id, const ws_http_request *request) { (void)id, (void)request; }
WS_DEFAULT void ws_on_request_drained(uint64_t id) { (void)id; }
WS_DEFAULT void ws_on_request_gone(uint64_t id) { (void)id; }

static ws_result refused(ws_host_server_replies_respond_error_t *error) {
  const char *text = ERRORS[error->tag].text;
  ws_inside_set_error_text(text ? ws_inside_string(text) : error->val.invalid);
  ws_host_server_replies_respond_error_free(error);
  return ERRORS[error->tag].result;
}

static ws_host_server_replies_head_t head(uint16_t status, const char *const *headers) {
  return (ws_host_server_replies_head_t){status ? status : 200, ws_inside_owned_headers(headers)};
}

ws_result ws_respond(uint64_t id, ws_response response) {
  ws_host_server_replies_head_t out = head(response.status, response.headers);
  ws_list_u8_t body = ws_inside_list(response.body, response.len);
  ws_host_server_replies_respond_error_t error;
  bool ok = ws_host_server_replies_respond(id, &out, &body, &error);
  ws_list_tuple2_string_string_free(&out.headers);
  return ok ? WS_OK : refused(&error);
}

/* The request and the status of an answer whose body is formatted. */
typedef struct {
  uint64_t id;
  uint16_t status;
} answer;

static ws_result respond_text(const void *to, const char *text, size_t len) {
  const answer *one = to;
  return ws_respond(one->id, (ws_response){.status = one->status, .body = text, .len = len});
}

ws_result ws_respondf(uint64_t id, uint16_t status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(respond_text, &(answer){id, status}, format, arguments);
  va_end(arguments);
  return result;
}

ws_result ws_respond_begin(uint64_t id, uint16_t status, const char *const *headers) {
  ws_host_server_replies_head_t out = head(status, headers);
  ws_host_server_replies_respond_error_t error;
  bool ok = ws_host_server_replies_respond_begin(id, &out, &error);
  ws_list_tuple2_string_string_free(&out.headers);
  return ok ? WS_OK : refused(&error);
}

ws_result ws_respond_chunk(uint64_t id, const void *data, size_t len) {
  ws_list_u8_t bytes = ws_inside_list(data, len);
  ws_host_server_types_send_status_t status;
  ws_host_server_replies_respond_error_t error;
  if (!ws_host_server_replies_respond_chunk(id, &bytes, &status, &error)) return refused(&error);
  return status == WS_HOST_SERVER_TYPES_SEND_STATUS_QUEUED ? WS_OK : WS_BACKPRESSURE;
}

static ws_result chunk_text(const void *to, const char *text, size_t len) { return ws_respond_chunk(*(const uint64_t *)to, text, len); }

ws_result ws_respond_chunkf(uint64_t id, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(chunk_text, &id, format, arguments);
  va_end(arguments);
  return result;
}

ws_result ws_respond_end(uint64_t id) {
  ws_host_server_replies_respond_error_t error;
  return ws_host_server_replies_respond_end(id, &error) ? WS_OK : refused(&error);
}

void ws_respond_abort(uint64_t id) { ws_host_server_replies_abort(id); }

/* Nothing is allocated for an empty list, and free must not get its pointer. */
ws_open_request *ws_requests(size_t *count) {
  ws_host_server_replies_list_open_request_t open;
  ws_host_server_replies_list(&open);
  *count = open.len;
  return open.len ? open.ptr : NULL;
}

void exports_ws_host_server_requests_on_request(uint64_t id, ws_http_request *request) {
  request->body.ptr = (uint8_t *)ws_inside_terminated(&request->body.ptr, request->body.len);
  ws_on_request(id, request);
  exports_ws_host_server_requests_request_free(request);
  fflush(stdout);
}

void exports_ws_host_server_requests_on_request_drained(uint64_t id) {
  ws_on_request_drained(id);
  fflush(stdout);
}

void exports_ws_host_server_requests_on_request_gone(uint64_t id) {
  ws_on_request_gone(id);
  fflush(stdout);
}
