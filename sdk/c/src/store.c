/* The store. */

#include <stdlib.h>

#include "inside.h"

/* In the order of wit/. */
static const ws_result STORE_ERRORS[] = {WS_KEY_TOO_LONG, WS_VALUE_TOO_BIG, WS_LIMIT, WS_ROOM_FULL, WS_TOTAL_FULL, WS_UNAVAILABLE};

static ws_result written(bool ok, ws_host_server_store_store_error_t error) { return ok ? WS_OK : STORE_ERRORS[error]; }

char *ws_store_get(const char *key, size_t *len) {
  ws_string_t name = ws_inside_string(key);
  ws_list_u8_t value;
  if (!ws_host_server_store_get(&name, &value)) return NULL;
  /* One byte more for the NUL. Nothing is allocated for an empty value. */
  char *bytes = ws_inside_resized(value.len ? value.ptr : NULL, value.len + 1);
  bytes[value.len] = '\0';
  if (len) *len = value.len;
  return bytes;
}

ws_result ws_store_set(const char *key, const void *value, size_t len) {
  ws_string_t name = ws_inside_string(key);
  ws_list_u8_t bytes = ws_inside_list(value, len);
  ws_host_server_store_store_error_t error = 0;
  bool ok = ws_host_server_store_set(&name, &bytes, &error);
  return written(ok, error);
}

static ws_result set_text(const void *key, const char *text, size_t len) { return ws_store_set(key, text, len); }

ws_result ws_store_setf(const char *key, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ws_result result = ws_inside_formatted(set_text, key, format, arguments);
  va_end(arguments);
  return result;
}

ws_result ws_store_delete(const char *key) {
  ws_string_t name = ws_inside_string(key);
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
  ws_string_t start = ws_inside_string(prefix ? prefix : "");
  ws_list_tuple2_string_list_u8_t found;
  ws_host_server_store_list(&start, after, limit, &found);
  *count = found.len;
  if (!found.len) return NULL;
  size_t size = found.len * (sizeof(ws_entry) + 2);
  for (size_t n = 0; n < found.len; n++) size += found.ptr[n].f0.len + found.ptr[n].f1.len;
  ws_entry *list = ws_inside_resized(NULL, size);
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
  ws_string_t behind = ws_inside_string(after ? after : "");
  return entries(prefix, after ? &behind : NULL, limit, count);
}

const ws_entry *ws_store_next(ws_walk *walk) {
  if (walk->at == walk->count) {
    ws_entry *before = walk->part, *last = before ? &before[walk->count - 1] : NULL;
    /* By its length: another language may have put a NUL into the key. */
    ws_string_t after = last ? (ws_string_t){(uint8_t *)last->key, last->key_len} : ws_inside_string("");
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
