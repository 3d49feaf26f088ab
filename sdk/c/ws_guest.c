/* Implements ws_guest.h on top of the bindings that wit-bindgen generates. */

#include "ws_guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cases of each error, in the order of wit/. */
static const ws_result SEND_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_CLOSING, WS_TOO_BIG, WS_LIMIT};
static const ws_result CLOSE_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_INVALID_CODE, WS_REASON_TOO_LONG};
static const ws_result ATTACHMENT_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_TOO_BIG};
static const ws_result SUBSCRIBE_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_INVALID_TOPIC, WS_LIMIT};
static const ws_result TIMER_ERRORS[] = {WS_LIMIT, WS_INVALID, WS_NOT_DURABLE, WS_UNAVAILABLE};

static const char *const NAMES[] = {"ok",           "backpressure",    "no-such-client", "closing", "too-big", "limit",
                                    "invalid-code", "reason-too-long", "invalid-topic",  "invalid", "not-durable", "unavailable"};

/* The bindings only read through these pointers, though they are not const. */
static ws_string_t string(const char *text) { return (ws_string_t){(uint8_t *)text, strlen(text)}; }
static ws_list_u8_t list(const void *data, size_t len) { return (ws_list_u8_t){(uint8_t *)data, len}; }

static ws_host_server_types_message_t outgoing(ws_message message) {
  ws_host_server_types_message_t out = {.tag = message.is_text ? WS_HOST_SERVER_TYPES_MESSAGE_TEXT : WS_HOST_SERVER_TYPES_MESSAGE_BINARY};
  out.val.binary = list(message.data, message.len);
  return out;
}

ws_result ws_send(ws_id to, ws_message message) {
  ws_host_server_types_message_t out = outgoing(message);
  ws_host_server_types_send_status_t status;
  ws_host_server_types_send_error_t error;
  if (!ws_host_server_clients_send(to, &out, &status, &error)) return SEND_ERRORS[error];
  return status == WS_HOST_SERVER_TYPES_SEND_STATUS_QUEUED ? WS_OK : WS_BACKPRESSURE;
}

ws_result ws_broadcast_except(ws_message message, const ws_id *except, size_t count) {
  ws_host_server_types_message_t out = outgoing(message);
  ws_host_server_clients_list_client_id_t ids = {(ws_id *)except, count};
  ws_host_server_types_send_error_t error;
  return ws_host_server_clients_broadcast(&out, &ids, &error) ? WS_OK : SEND_ERRORS[error];
}

ws_result ws_broadcast(ws_message message) { return ws_broadcast_except(message, NULL, 0); }

/* Formats into `buffer` or, if the text does not fit, into memory that the caller frees. */
static char *formatted(char *buffer, size_t size, const char *format, va_list arguments, size_t *len) {
  va_list again;
  va_copy(again, arguments);
  int needed = vsnprintf(buffer, size, format, arguments);
  if (needed < 0) ws_fail("vsnprintf failed on the format \"%s\"", format);
  *len = (size_t)needed;
  if (*len >= size) {
    buffer = malloc(*len + 1);
    if (!buffer) ws_fail("out of memory");
    vsnprintf(buffer, *len + 1, format, again);
  }
  va_end(again);
  return buffer;
}

ws_result ws_sendf(ws_id to, const char *format, ...) {
  char buffer[512];
  size_t len;
  va_list arguments;
  va_start(arguments, format);
  char *text = formatted(buffer, sizeof buffer, format, arguments, &len);
  va_end(arguments);
  ws_result result = ws_send(to, ws_text(text, len));
  if (text != buffer) free(text);
  return result;
}

ws_result ws_broadcastf(const char *format, ...) {
  char buffer[512];
  size_t len;
  va_list arguments;
  va_start(arguments, format);
  char *text = formatted(buffer, sizeof buffer, format, arguments, &len);
  va_end(arguments);
  ws_result result = ws_broadcast(ws_text(text, len));
  if (text != buffer) free(text);
  return result;
}

ws_result ws_close(ws_id id, uint16_t code, const char *reason) {
  ws_string_t why = string(reason);
  ws_host_server_clients_close_error_t error;
  return ws_host_server_clients_close(id, code, &why, &error) ? WS_OK : CLOSE_ERRORS[error];
}

bool ws_get(ws_id id, ws_client *client) { return ws_host_server_clients_get(id, client); }
void ws_client_free(ws_client *client) { ws_host_server_types_client_free(client); }

ws_id *ws_clients(size_t *count) {
  ws_host_server_clients_list_client_id_t ids;
  ws_host_server_clients_list(&ids);
  *count = ids.len;
  return ids.ptr;
}

uint32_t ws_count(void) { return ws_host_server_clients_count(); }
bool ws_buffered_amount(ws_id id, uint64_t *bytes) { return ws_host_server_clients_buffered_amount(id, bytes); }

char *ws_attachment(ws_id id, size_t *len) {
  ws_list_u8_t data;
  if (!ws_host_server_clients_attachment(id, &data)) return NULL;
  *len = data.len;
  return (char *)data.ptr;
}

ws_result ws_set_attachment(ws_id id, const void *data, size_t len) {
  ws_list_u8_t bytes = list(data, len);
  ws_host_server_clients_attachment_error_t error;
  return ws_host_server_clients_set_attachment(id, &bytes, &error) ? WS_OK : ATTACHMENT_ERRORS[error];
}

ws_result ws_subscribe(ws_id id, const char *topic) {
  ws_string_t name = string(topic);
  ws_host_server_topics_subscribe_error_t error;
  return ws_host_server_topics_subscribe(id, &name, &error) ? WS_OK : SUBSCRIBE_ERRORS[error];
}

void ws_unsubscribe(ws_id id, const char *topic) {
  ws_string_t name = string(topic);
  ws_host_server_topics_unsubscribe(id, &name);
}

ws_result ws_publish(const char *topic, ws_message message) {
  ws_string_t name = string(topic);
  ws_host_server_types_message_t out = outgoing(message);
  ws_host_server_topics_list_client_id_t nobody = {NULL, 0};
  ws_host_server_types_send_error_t error;
  return ws_host_server_topics_publish(&name, &out, &nobody, &error) ? WS_OK : SEND_ERRORS[error];
}

ws_id *ws_subscribers(const char *topic, size_t *count) {
  ws_string_t name = string(topic);
  ws_host_server_topics_list_client_id_t ids;
  ws_host_server_topics_subscribers(&name, &ids);
  *count = ids.len;
  return ids.ptr;
}

ws_result ws_set_timer(uint64_t microseconds, ws_timer_options options, const void *data, size_t len, uint64_t *timer) {
  ws_list_u8_t payload = list(data, len);
  ws_host_server_control_timer_error_t error;
  return ws_host_server_control_set_timer(microseconds, &options, &payload, timer, &error) ? WS_OK : TIMER_ERRORS[error];
}

void ws_cancel_timer(uint64_t timer) { ws_host_server_control_cancel_timer(timer); }
void ws_deny_new_clients(void) { ws_host_server_control_deny_new_clients(); }
void ws_allow_new_clients(void) { ws_host_server_control_allow_new_clients(); }

const char *ws_result_name(ws_result result) { return NAMES[result]; }

void ws_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  fflush(stdout);
  abort();
}

/* The exports. They free the host's arguments, and flush printed text to the log. */

void exports_ws_host_server_handler_on_new_client(ws_client *client) {
  ws_on_new_client(client);
  ws_client_free(client);
  fflush(stdout);
}

void exports_ws_host_server_handler_on_message(ws_id from, ws_host_server_types_message_t *message) {
  ws_on_message(from, (ws_message){message->tag == WS_HOST_SERVER_TYPES_MESSAGE_TEXT, (char *)message->val.binary.ptr, message->val.binary.len});
  ws_host_server_types_message_free(message);
  fflush(stdout);
}

void exports_ws_host_server_handler_on_client_left(ws_id id, ws_close_info *info) {
  ws_on_client_left(id, info);
  ws_host_server_types_close_info_free(info);
  fflush(stdout);
}

void exports_ws_host_server_gate_on_upgrade(ws_request *request, exports_ws_host_server_gate_decision_t *answer) {
  ws_decision decision = {0};
  ws_on_upgrade(request, &decision);
  if (decision.refuse) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_REFUSE;
    answer->val.refuse = decision.refuse;
  } else if (decision.close) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_CLOSE;
    answer->val.close.code = decision.close;
    ws_string_dup(&answer->val.close.reason, decision.reason ? decision.reason : "");
  } else {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_ACCEPT;
    answer->val.accept.is_some = decision.subprotocol.len > 0;
    ws_string_dup_n(&answer->val.accept.val, (char *)decision.subprotocol.ptr, decision.subprotocol.len);
  }
  exports_ws_host_server_gate_request_free(request);
  fflush(stdout);
}

bool exports_ws_host_server_lifecycle_on_start(uint8_t reason, exports_ws_host_server_lifecycle_saved_t *given, ws_string_t *error) {
  ws_saved saved;
  char *version = NULL;
  if (given) {
    version = strndup((char *)given->version.ptr, given->version.len);
    saved = (ws_saved){version, (char *)given->data.ptr, given->data.len};
  }
  const char *refused = ws_on_start((ws_start_reason)reason, given ? &saved : NULL);
  if (refused) ws_string_dup(error, refused);
  if (given) exports_ws_host_server_lifecycle_saved_free(given);
  free(version);
  fflush(stdout);
  return !refused;
}

void exports_ws_host_server_lifecycle_snapshot(exports_ws_host_server_lifecycle_saved_t *answer) {
  ws_saved saved = {"", NULL, 0};
  ws_snapshot(&saved);
  ws_string_dup(&answer->version, saved.version);
  answer->data = list(saved.data, saved.len);
  fflush(stdout);
}

void exports_ws_host_server_flow_on_drain(ws_id id) {
  ws_on_drain(id);
  fflush(stdout);
}

void exports_ws_host_server_timers_on_timer(uint64_t timer, ws_list_u8_t *payload) {
  ws_on_timer(timer, (char *)payload->ptr, payload->len);
  ws_list_u8_free(payload);
  fflush(stdout);
}

/* The defaults. */

#define DEFAULT __attribute__((weak))

DEFAULT void ws_on_new_client(const ws_client *client) { (void)client; }
DEFAULT void ws_on_message(ws_id from, ws_message message) { (void)from, (void)message; }
DEFAULT void ws_on_client_left(ws_id id, const ws_close_info *info) { (void)id, (void)info; }
DEFAULT void ws_on_upgrade(const ws_request *request, ws_decision *decision) { (void)request, (void)decision; }
DEFAULT const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) { return (void)reason, (void)saved, NULL; }
DEFAULT void ws_snapshot(ws_saved *saved) { (void)saved; }
DEFAULT void ws_on_drain(ws_id id) { (void)id; }
DEFAULT void ws_on_timer(uint64_t timer, const char *data, size_t len) { (void)timer, (void)data, (void)len; }
