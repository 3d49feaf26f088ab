/* Clients and topics. */

#include "inside.h"

/* The cases of each error, in the order of wit/. */
static const ws_result CLOSE_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_INVALID_CODE, WS_REASON_TOO_LONG};
static const ws_result ATTACHMENT_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_TOO_BIG};
static const ws_result SUBSCRIBE_ERRORS[] = {WS_NO_SUCH_CLIENT, WS_INVALID_TOPIC, WS_LIMIT};

ws_result ws_close(ws_id id, uint16_t code, const char *reason) {
  ws_string_t why = ws_inside_string(reason);
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
  ws_string_t name = ws_inside_string(user);
  ws_host_server_clients_list_client_id_t ids;
  ws_host_server_clients_of_user(&name, &ids);
  return list_of(ids.ptr, ids.len, count);
}

uint32_t ws_count(void) { return ws_host_server_clients_count(); }
bool ws_is_online(ws_id id) { return ws_host_server_clients_is_online(id); }
bool ws_buffered_amount(ws_id id, uint64_t *bytes) { return ws_host_server_clients_buffered_amount(id, bytes); }

char *ws_attachment(ws_id id, size_t *len) {
  ws_list_u8_t data;
  if (!ws_host_server_clients_attachment(id, &data)) return NULL;
  *len = data.len;
  return (char *)data.ptr;
}

ws_result ws_set_attachment(ws_id id, const void *data, size_t len) {
  ws_list_u8_t bytes = ws_inside_list(data, len);
  ws_host_server_clients_attachment_error_t error;
  return ws_host_server_clients_set_attachment(id, &bytes, &error) ? WS_OK : ATTACHMENT_ERRORS[error];
}

ws_result ws_subscribe(ws_id id, const char *topic) {
  ws_string_t name = ws_inside_string(topic);
  ws_host_server_topics_subscribe_error_t error;
  return ws_host_server_topics_subscribe(id, &name, &error) ? WS_OK : SUBSCRIBE_ERRORS[error];
}

void ws_unsubscribe(ws_id id, const char *topic) {
  ws_string_t name = ws_inside_string(topic);
  ws_host_server_topics_unsubscribe(id, &name);
}

ws_result ws_publish(const char *topic, ws_message message) {
  ws_string_t name = ws_inside_string(topic);
  ws_host_server_types_message_t out = ws_inside_outgoing(message);
  ws_host_server_topics_list_client_id_t nobody = {NULL, 0};
  ws_host_server_types_send_error_t error;
  return ws_host_server_topics_publish(&name, &out, &nobody, &error) ? WS_OK : ws_inside_send_errors[error];
}

ws_id *ws_subscribers(const char *topic, size_t *count) {
  ws_string_t name = ws_inside_string(topic);
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
