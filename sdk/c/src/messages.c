/* Messages to clients. */

#include "inside.h"

/* In the order of wit/. */
const ws_result ws_inside_send_errors[] = {WS_NO_SUCH_CLIENT, WS_CLOSING, WS_TOO_BIG, WS_LIMIT};

ws_host_server_types_message_t ws_inside_outgoing(ws_message message) {
  ws_host_server_types_message_t out = {.tag = message.is_text ? WS_HOST_SERVER_TYPES_MESSAGE_TEXT : WS_HOST_SERVER_TYPES_MESSAGE_BINARY};
  out.val.binary = ws_inside_list(message.data, message.len);
  return out;
}

ws_message ws_inside_incoming(const ws_host_server_types_message_t *message) {
  bool is_text = message->tag == WS_HOST_SERVER_TYPES_MESSAGE_TEXT;
  return (ws_message){is_text, (char *)message->val.binary.ptr, message->val.binary.len};
}

ws_result ws_send(ws_id to, ws_message message) {
  ws_host_server_types_message_t out = ws_inside_outgoing(message);
  ws_host_server_types_send_status_t status;
  ws_host_server_types_send_error_t error;
  if (!ws_host_server_clients_send(to, &out, &status, &error)) return ws_inside_send_errors[error];
  return status == WS_HOST_SERVER_TYPES_SEND_STATUS_QUEUED ? WS_OK : WS_BACKPRESSURE;
}

ws_result ws_broadcast_except(ws_message message, const ws_id *except, size_t count) {
  ws_host_server_types_message_t out = ws_inside_outgoing(message);
  ws_host_server_clients_list_client_id_t ids = {(ws_id *)except, count};
  ws_host_server_types_send_error_t error;
  return ws_host_server_clients_broadcast(&out, &ids, &error) ? WS_OK : ws_inside_send_errors[error];
}

ws_result ws_broadcast(ws_message message) { return ws_broadcast_except(message, NULL, 0); }

static ws_result send_text(const void *to, const char *text, size_t len) { return ws_send(*(const ws_id *)to, ws_text(text, len)); }

ws_result ws_sendf(ws_id to, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(send_text, &to, format, arguments);
  va_end(arguments);
  return result;
}

static ws_result broadcast_text(const void *to, const char *text, size_t len) { return (void)to, ws_broadcast(ws_text(text, len)); }

ws_result ws_broadcastf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(broadcast_text, NULL, format, arguments);
  va_end(arguments);
  return result;
}
