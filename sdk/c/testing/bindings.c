/* The functions of bindings/ws.h that need no host: strings, and freeing what the host has given. */

#include <stdlib.h>
#include <string.h>

#include "room.h"

void ws_string_set(ws_string_t *to, const char *text) { *to = (ws_string_t){(uint8_t *)text, strlen(text)}; }

void ws_string_dup_n(ws_string_t *to, const char *text, size_t len) { *to = (ws_string_t){ws_room_copy(text, len), len}; }

void ws_string_dup(ws_string_t *to, const char *text) { ws_string_dup_n(to, text, strlen(text)); }

void ws_string_free(ws_string_t *text) {
  if (text->len) free(text->ptr);
  *text = (ws_string_t){NULL, 0};
}

void ws_list_u8_free(ws_list_u8_t *bytes) {
  if (bytes->len) free(bytes->ptr);
}

void ws_option_string_free(ws_option_string_t *text) {
  if (text->is_some) ws_string_free(&text->val);
}

void ws_list_string_free(ws_list_string_t *texts) {
  for (size_t n = 0; n < texts->len; n++) ws_string_free(&texts->ptr[n]);
  if (texts->len) free(texts->ptr);
}

void ws_list_tuple2_string_string_free(ws_list_tuple2_string_string_t *pairs) {
  for (size_t n = 0; n < pairs->len; n++) {
    ws_string_free(&pairs->ptr[n].f0);
    ws_string_free(&pairs->ptr[n].f1);
  }
  if (pairs->len) free(pairs->ptr);
}

void ws_list_tuple2_string_list_u8_free(ws_list_tuple2_string_list_u8_t *entries) {
  for (size_t n = 0; n < entries->len; n++) {
    ws_string_free(&entries->ptr[n].f0);
    ws_list_u8_free(&entries->ptr[n].f1);
  }
  if (entries->len) free(entries->ptr);
}

void ws_host_server_clients_list_client_id_free(ws_host_server_clients_list_client_id_t *ids) {
  if (ids->len) free(ids->ptr);
}

void ws_host_server_topics_list_client_id_free(ws_host_server_topics_list_client_id_t *ids) {
  if (ids->len) free(ids->ptr);
}

void ws_host_server_types_message_free(ws_host_server_types_message_t *message) { ws_list_u8_free(&message->val.binary); }

void ws_host_server_types_client_free(ws_client *client) {
  ws_string_free(&client->address.ip);
  ws_string_free(&client->path);
  ws_string_free(&client->query);
  ws_list_tuple2_string_string_free(&client->headers);
  ws_option_string_free(&client->subprotocol);
  ws_option_string_free(&client->user);
}

void ws_host_server_types_close_info_free(ws_close_info *info) { ws_string_free(&info->reason); }

void exports_ws_host_server_gate_request_free(ws_request *request) {
  ws_string_free(&request->address.ip);
  ws_string_free(&request->path);
  ws_string_free(&request->query);
  ws_list_tuple2_string_string_free(&request->headers);
  ws_list_string_free(&request->subprotocols);
}

void exports_ws_host_server_events_source_free(exports_ws_host_server_events_source_t *source) { ws_string_free(&source->val.room); }

void ws_host_server_replies_respond_error_free(ws_host_server_replies_respond_error_t *error) {
  if (error->tag == WS_HOST_SERVER_REPLIES_RESPOND_ERROR_INVALID) ws_string_free(&error->val.invalid);
}

void exports_ws_host_server_requests_request_free(ws_http_request *request) {
  ws_string_free(&request->address.ip);
  ws_string_free(&request->method);
  ws_string_free(&request->path);
  ws_string_free(&request->query);
  ws_list_tuple2_string_string_free(&request->headers);
  ws_list_u8_free(&request->body);
}

void exports_ws_host_server_lifecycle_saved_free(exports_ws_host_server_lifecycle_saved_t *saved) {
  ws_string_free(&saved->version);
  ws_list_u8_free(&saved->data);
}

void ws_host_server_http_fetch_error_free(ws_host_server_http_fetch_error_t *error) {
  if (error->tag <= WS_HOST_SERVER_HTTP_FETCH_ERROR_TOO_BIG) ws_string_free(&error->val.invalid);
}

static void free_failure(ws_host_server_http_failure_t *failure) { ws_string_free(&failure->detail); }

void ws_host_server_http_body_part_free(ws_host_server_http_body_part_t *part) {
  if (part->tag == WS_HOST_SERVER_HTTP_BODY_PART_PIECE) ws_list_u8_free(&part->val.piece);
  else if (part->tag == WS_HOST_SERVER_HTTP_BODY_PART_FAILED) free_failure(&part->val.failed);
}

void exports_ws_host_server_responses_result_response_failure_free(exports_ws_host_server_responses_result_response_failure_t *outcome) {
  if (outcome->is_err) {
    free_failure(&outcome->val.err);
    return;
  }
  ws_list_tuple2_string_string_free(&outcome->val.ok.headers);
  if (outcome->val.ok.body.is_some) ws_list_u8_free(&outcome->val.ok.body.val);
}
