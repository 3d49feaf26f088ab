/* The host's functions for clients and topics, acting on the room of the test. */

#include <stdlib.h>
#include <string.h>

#include "room.h"

static ws_message copy_of(const ws_host_server_types_message_t *message) {
  bool is_text = message->tag == WS_HOST_SERVER_TYPES_MESSAGE_TEXT;
  ws_list_u8_t bytes = message->val.binary;
  if (is_text) ws_room_check_text("the text of a message", bytes.ptr, bytes.len);
  return (ws_message){is_text, ws_room_text(bytes.ptr, bytes.len), bytes.len};
}

static void give(ws_room_member *member, const ws_host_server_types_message_t *message) {
  member->messages = ws_room_resized(member->messages, member->message_count + 1, sizeof *member->messages);
  member->messages[member->message_count++] = copy_of(message);
}

static bool has(const ws_id *ids, size_t count, ws_id id) {
  for (size_t n = 0; n < count; n++) {
    if (ids[n] == id) return true;
  }
  return false;
}

static ws_string_t *find_topic(const ws_room_member *member, const ws_string_t *topic) {
  for (size_t n = 0; n < member->topic_count; n++) {
    ws_string_t *one = &member->topics[n];
    if (one->len == topic->len && !memcmp(one->ptr, topic->ptr, topic->len)) return one;
  }
  return NULL;
}

/* Gives a message to all clients, or to those of a topic, that are not closing and not excepted. */
static void give_all(const ws_string_t *topic, const ws_host_server_types_message_t *message, const ws_id *except, size_t count) {
  for (size_t n = 0; n < ws_room.member_count; n++) {
    ws_room_member *member = ws_room.members[n];
    bool is_meant = member->presence == IN_ROOM && !member->close_code && !has(except, count, n + 1);
    if (is_meant && (!topic || find_topic(member, topic))) give(member, message);
  }
}

/* The ids of all clients, or of those of a topic. */
static size_t ids_of(const ws_string_t *topic, ws_id **ids) {
  size_t count = 0;
  *ids = NULL;
  for (size_t n = 0; n < ws_room.member_count; n++) {
    ws_room_member *member = ws_room.members[n];
    if (member->presence != IN_ROOM || (topic && !find_topic(member, topic))) continue;
    *ids = ws_room_resized(*ids, count + 1, sizeof **ids);
    (*ids)[count++] = n + 1;
  }
  return count;
}

bool ws_host_server_clients_send(ws_id to, ws_host_server_types_message_t *message, ws_host_server_types_send_status_t *status,
                                 ws_host_server_types_send_error_t *error) {
  ws_room_member *member = ws_room_find(to);
  if (!member) return *error = WS_HOST_SERVER_TYPES_SEND_ERROR_NO_SUCH_CLIENT, false;
  if (member->close_code) return *error = WS_HOST_SERVER_TYPES_SEND_ERROR_CLOSING, false;
  give(member, message);
  return *status = WS_HOST_SERVER_TYPES_SEND_STATUS_QUEUED, true;
}

bool ws_host_server_clients_broadcast(ws_host_server_types_message_t *message, ws_host_server_clients_list_client_id_t *except,
                                      ws_host_server_types_send_error_t *error) {
  (void)error;
  give_all(NULL, message, except->ptr, except->len);
  return true;
}

bool ws_host_server_clients_close(ws_id id, uint16_t code, ws_string_t *reason, ws_host_server_clients_close_error_t *error) {
  bool is_valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  ws_room_check_text("the reason of a close", reason->ptr, reason->len);
  if (!is_valid) return *error = WS_HOST_SERVER_CLIENTS_CLOSE_ERROR_INVALID_CODE, false;
  if (reason->len > 123) return *error = WS_HOST_SERVER_CLIENTS_CLOSE_ERROR_REASON_TOO_LONG, false;
  ws_room_member *member = ws_room_find(id);
  if (!member) return *error = WS_HOST_SERVER_CLIENTS_CLOSE_ERROR_NO_SUCH_CLIENT, false;
  if (!member->close_code) {
    member->close_code = code;
    member->close_reason = ws_room_text(reason->ptr, reason->len);
  }
  return true;
}

bool ws_host_server_clients_get(ws_id id, ws_client *client) {
  ws_room_member *member = ws_room_find_known(id);
  if (member) ws_room_copy_client(&member->client, client);
  return member != NULL;
}

void ws_host_server_clients_list(ws_host_server_clients_list_client_id_t *ids) { ids->len = ids_of(NULL, &ids->ptr); }

void ws_host_server_clients_of_user(ws_string_t *user, ws_host_server_clients_list_client_id_t *ids) {
  *ids = (ws_host_server_clients_list_client_id_t){NULL, 0};
  for (size_t n = 0; n < ws_room.member_count; n++) {
    ws_room_member *member = ws_room.members[n];
    ws_string_t name = member->client.user.val;
    if (member->presence != IN_ROOM || !member->client.user.is_some || name.len != user->len || memcmp(name.ptr, user->ptr, name.len)) continue;
    ids->ptr = ws_room_resized(ids->ptr, ids->len + 1, sizeof *ids->ptr);
    ids->ptr[ids->len++] = n + 1;
  }
}

uint32_t ws_host_server_clients_count(void) {
  uint32_t count = 0;
  for (size_t n = 0; n < ws_room.member_count; n++) count += ws_room.members[n]->presence == IN_ROOM;
  return count;
}

bool ws_host_server_clients_is_online(ws_id id) {
  ws_room_member *member = ws_room_find(id);
  return member && !member->close_code && !member->is_away;
}

bool ws_host_server_clients_buffered_amount(ws_id id, uint64_t *bytes) {
  *bytes = 0;
  return ws_room_find(id) != NULL;
}

bool ws_host_server_clients_attachment(ws_id id, ws_list_u8_t *data) {
  ws_room_member *member = ws_room_find_known(id);
  if (!member || !member->attachment.len) return false;
  *data = (ws_list_u8_t){ws_room_copy(member->attachment.ptr, member->attachment.len), member->attachment.len};
  return true;
}

bool ws_host_server_clients_set_attachment(ws_id id, ws_list_u8_t *data, ws_host_server_clients_attachment_error_t *error) {
  if (data->len > 16 << 10) return *error = WS_HOST_SERVER_CLIENTS_ATTACHMENT_ERROR_TOO_BIG, false;
  ws_room_member *member = ws_room_find(id);
  if (!member) return *error = WS_HOST_SERVER_CLIENTS_ATTACHMENT_ERROR_NO_SUCH_CLIENT, false;
  free(member->attachment.ptr);
  member->attachment = (ws_list_u8_t){ws_room_copy(data->ptr, data->len), data->len};
  return true;
}

bool ws_host_server_topics_subscribe(ws_id id, ws_string_t *topic, ws_host_server_topics_subscribe_error_t *error) {
  ws_room_check_text("the name of a topic", topic->ptr, topic->len);
  if (topic->len < 1 || topic->len > 256) return *error = WS_HOST_SERVER_TOPICS_SUBSCRIBE_ERROR_INVALID_TOPIC, false;
  ws_room_member *member = ws_room_find(id);
  if (!member || member->close_code) return *error = WS_HOST_SERVER_TOPICS_SUBSCRIBE_ERROR_NO_SUCH_CLIENT, false;
  if (find_topic(member, topic)) return true;
  member->topics = ws_room_resized(member->topics, member->topic_count + 1, sizeof *member->topics);
  member->topics[member->topic_count++] = (ws_string_t){ws_room_copy(topic->ptr, topic->len), topic->len};
  return true;
}

void ws_host_server_topics_unsubscribe(ws_id id, ws_string_t *topic) {
  ws_room_member *member = ws_room_find(id);
  ws_string_t *found = member ? find_topic(member, topic) : NULL;
  if (!found) return;
  free(found->ptr);
  *found = member->topics[--member->topic_count];
}

bool ws_host_server_topics_publish(ws_string_t *topic, ws_host_server_types_message_t *message,
                                   ws_host_server_topics_list_client_id_t *except, ws_host_server_types_send_error_t *error) {
  (void)error;
  give_all(topic, message, except->ptr, except->len);
  return true;
}

void ws_host_server_topics_subscribers(ws_string_t *topic, ws_host_server_topics_list_client_id_t *ids) {
  ids->len = ids_of(topic, &ids->ptr);
}

static int by_name(const void *one, const void *other) {
  const ws_string_t *a = one, *b = other;
  int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

void ws_host_server_topics_of_client(ws_id id, ws_list_string_t *topics) {
  ws_room_member *member = ws_room_find(id);
  *topics = (ws_list_string_t){NULL, member ? member->topic_count : 0};
  if (!topics->len) return;
  topics->ptr = ws_room_resized(NULL, topics->len, sizeof *topics->ptr);
  for (size_t n = 0; n < topics->len; n++) {
    topics->ptr[n] = (ws_string_t){ws_room_copy(member->topics[n].ptr, member->topics[n].len), member->topics[n].len};
  }
  qsort(topics->ptr, topics->len, sizeof *topics->ptr, by_name);
}
