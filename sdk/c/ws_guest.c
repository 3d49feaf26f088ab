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

static const ws_result STORE_ERRORS[] = {WS_KEY_TOO_LONG, WS_VALUE_TOO_BIG, WS_LIMIT, WS_ROOM_FULL, WS_TOTAL_FULL, WS_UNAVAILABLE};

static const char *const NAMES[] = {
    [WS_OK] = "ok",
    [WS_BACKPRESSURE] = "backpressure",
    [WS_NO_SUCH_CLIENT] = "no-such-client",
    [WS_CLOSING] = "closing",
    [WS_TOO_BIG] = "too-big",
    [WS_LIMIT] = "limit",
    [WS_INVALID_CODE] = "invalid-code",
    [WS_REASON_TOO_LONG] = "reason-too-long",
    [WS_INVALID_TOPIC] = "invalid-topic",
    [WS_INVALID] = "invalid",
    [WS_NOT_DURABLE] = "not-durable",
    [WS_UNAVAILABLE] = "unavailable",
    [WS_KEY_TOO_LONG] = "key-too-long",
    [WS_VALUE_TOO_BIG] = "value-too-big",
    [WS_ROOM_FULL] = "room-full",
    [WS_TOTAL_FULL] = "total-full",
};

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

/* Nothing is allocated for an empty list, and free must not get its pointer. */
static ws_id *list_of(ws_id *ids, size_t len, size_t *count) {
  *count = len;
  return len ? ids : NULL;
}

ws_id *ws_clients(size_t *count) {
  ws_host_server_clients_list_client_id_t ids;
  ws_host_server_clients_list(&ids);
  return list_of(ids.ptr, ids.len, count);
}

ws_id *ws_clients_of_user(const char *user, size_t *count) {
  ws_string_t name = string(user);
  ws_host_server_clients_list_client_id_t ids;
  ws_host_server_clients_of_user(&name, &ids);
  return list_of(ids.ptr, ids.len, count);
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
  return list_of(ids.ptr, ids.len, count);
}

ws_string_t *ws_topics(ws_id id, size_t *count) {
  ws_list_string_t topics;
  ws_host_server_topics_of_client(id, &topics);
  *count = topics.len;
  return topics.len ? topics.ptr : NULL;
}

void ws_topics_free(ws_string_t *topics, size_t count) {
  ws_list_string_t names = {topics, count};
  ws_list_string_free(&names);
}

ws_result ws_set_timer(uint64_t microseconds, ws_timer_options options, const void *data, size_t len, uint64_t *timer) {
  ws_list_u8_t payload = list(data, len);
  ws_host_server_control_timer_error_t error;
  return ws_host_server_control_set_timer(microseconds, &options, &payload, timer, &error) ? WS_OK : TIMER_ERRORS[error];
}

void ws_cancel_timer(uint64_t timer) { ws_host_server_control_cancel_timer(timer); }

static ws_result written(bool ok, ws_host_server_store_store_error_t error) { return ok ? WS_OK : STORE_ERRORS[error]; }

char *ws_store_get(const char *key, size_t *len) {
  ws_string_t name = string(key);
  ws_list_u8_t value;
  if (!ws_host_server_store_get(&name, &value)) return NULL;
  /* One byte more for the NUL. Nothing is allocated for an empty value. */
  char *bytes = realloc(value.len ? value.ptr : NULL, value.len + 1);
  if (!bytes) ws_fail("out of memory");
  bytes[value.len] = '\0';
  if (len) *len = value.len;
  return bytes;
}

ws_result ws_store_set(const char *key, const void *value, size_t len) {
  ws_string_t name = string(key);
  ws_list_u8_t bytes = list(value, len);
  ws_host_server_store_store_error_t error = 0;
  bool ok = ws_host_server_store_set(&name, &bytes, &error);
  return written(ok, error);
}

ws_result ws_store_setf(const char *key, const char *format, ...) {
  char buffer[512];
  size_t len;
  va_list arguments;
  va_start(arguments, format);
  char *text = formatted(buffer, sizeof buffer, format, arguments, &len);
  va_end(arguments);
  ws_result result = ws_store_set(key, text, len);
  if (text != buffer) free(text);
  return result;
}

ws_result ws_store_delete(const char *key) {
  ws_string_t name = string(key);
  ws_host_server_store_store_error_t error = 0;
  bool ok = ws_host_server_store_delete(&name, &error);
  return written(ok, error);
}

ws_result ws_store_clear(void) {
  ws_host_server_store_store_error_t error = 0;
  bool ok = ws_host_server_store_clear(&error);
  return written(ok, error);
}

ws_usage ws_store_usage(void) {
  ws_usage usage;
  ws_host_server_store_usage(&usage);
  return usage;
}

/* Copies bytes to `*at` with a NUL behind them, and moves `*at` behind that. */
static const char *copied(char **at, const uint8_t *bytes, size_t len) {
  char *copy = memcpy(*at, bytes, len);
  copy[len] = '\0';
  *at += len + 1;
  return copy;
}

/* The entries in one block of memory, with their keys and values behind them. */
static ws_entry *entries(const char *prefix, ws_string_t *after, uint32_t limit, size_t *count) {
  ws_string_t start = string(prefix ? prefix : "");
  ws_list_tuple2_string_list_u8_t found;
  ws_host_server_store_list(&start, after, limit, &found);
  *count = found.len;
  if (!found.len) return NULL;
  size_t size = found.len * (sizeof(ws_entry) + 2);
  for (size_t n = 0; n < found.len; n++) size += found.ptr[n].f0.len + found.ptr[n].f1.len;
  ws_entry *list = malloc(size);
  if (!list) ws_fail("out of memory");
  char *at = (char *)(list + found.len);
  for (size_t n = 0; n < found.len; n++) {
    ws_string_t key = found.ptr[n].f0;
    ws_list_u8_t value = found.ptr[n].f1;
    list[n].key = copied(&at, key.ptr, key.len), list[n].key_len = key.len;
    list[n].value = copied(&at, value.ptr, value.len), list[n].len = value.len;
  }
  ws_list_tuple2_string_list_u8_free(&found);
  return list;
}

ws_entry *ws_store_list(const char *prefix, const char *after, uint32_t limit, size_t *count) {
  ws_string_t behind = string(after ? after : "");
  return entries(prefix, after ? &behind : NULL, limit, count);
}

const ws_entry *ws_store_next(ws_walk *walk) {
  if (walk->at == walk->count) {
    ws_entry *before = walk->part, *last = before ? &before[walk->count - 1] : NULL;
    /* By its length: another language may have put a NUL into the key. */
    ws_string_t after = last ? (ws_string_t){(uint8_t *)last->key, last->key_len} : string("");
    walk->part = entries(walk->prefix, last ? &after : NULL, 100, &walk->count);
    walk->at = 0;
    free(before);
  }
  return walk->count ? &walk->part[walk->at++] : NULL;
}

void ws_store_stop(ws_walk *walk) {
  free(walk->part);
  *walk = (ws_walk){.prefix = walk->prefix};
}

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

/* Copies bytes of the app into memory that the bindings free. */
static ws_list_u8_t owned(const void *data, size_t len) {
  if (!len) return (ws_list_u8_t){NULL, 0};
  uint8_t *copy = malloc(len);
  if (!copy) ws_fail("out of memory");
  memcpy(copy, data, len);
  return (ws_list_u8_t){copy, len};
}

static ws_list_tuple2_string_string_t headers_of(const char *const *headers) {
  ws_list_tuple2_string_string_t pairs = {NULL, 0};
  while (headers && headers[2 * pairs.len] && headers[2 * pairs.len + 1]) pairs.len++;
  if (!pairs.len) return pairs;
  pairs.ptr = malloc(pairs.len * sizeof *pairs.ptr);
  if (!pairs.ptr) ws_fail("out of memory");
  for (size_t n = 0; n < pairs.len; n++) {
    ws_string_dup(&pairs.ptr[n].f0, headers[2 * n]);
    ws_string_dup(&pairs.ptr[n].f1, headers[2 * n + 1]);
  }
  return pairs;
}

void exports_ws_host_server_gate_on_upgrade(ws_request *request, exports_ws_host_server_gate_decision_t *answer) {
  ws_decision decision = {0};
  ws_on_upgrade(request, &decision);
  if (decision.refuse) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_REFUSE;
    answer->val.refuse.status = decision.refuse;
    answer->val.refuse.headers = headers_of(decision.headers);
    answer->val.refuse.body = owned(decision.body, decision.body_len);
  } else if (decision.close) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_CLOSE;
    answer->val.close.code = decision.close;
    ws_string_dup(&answer->val.close.reason, decision.reason ? decision.reason : "");
  } else {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_ACCEPT;
    exports_ws_host_server_gate_acceptance_t *accept = &answer->val.accept;
    accept->subprotocol.is_some = decision.subprotocol.len > 0;
    ws_string_dup_n(&accept->subprotocol.val, (char *)decision.subprotocol.ptr, decision.subprotocol.len);
    accept->user.is_some = decision.user[0] != '\0';
    ws_string_dup(&accept->user.val, decision.user);
    accept->headers = headers_of(decision.headers);
    accept->attachment = owned(decision.attachment, decision.attachment_len);
  }
  exports_ws_host_server_gate_request_free(request);
  fflush(stdout);
}

bool exports_ws_host_server_lifecycle_on_start(uint8_t reason, exports_ws_host_server_lifecycle_saved_t *given, ws_string_t *error) {
  ws_saved saved;
  char *version = NULL;
  if (given) {
    version = strndup((char *)given->version.ptr, given->version.len);
    if (!version) ws_fail("out of memory");
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
  ws_string_dup(&answer->version, saved.version ? saved.version : "");
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
