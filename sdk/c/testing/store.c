/* The host's functions for the store, acting on the room of the test. */

#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { LONGEST_KEY = 512, LARGEST_VALUE = 128 << 10, MOST_LISTED = 1000, MOST_LISTED_BYTES = 1 << 20 };

typedef ws_host_server_store_store_error_t store_error;

static int order(const ws_string_t *a, const ws_string_t *b) {
  size_t shorter = a->len < b->len ? a->len : b->len;
  int difference = shorter ? memcmp(a->ptr, b->ptr, shorter) : 0;
  return difference ? difference : (a->len > b->len) - (a->len < b->len);
}

/* The place of a key: the first entry that is not before it. */
static size_t place_of(const ws_string_t *key) {
  ws_room_check_text("a key of the store", key->ptr, key->len);
  size_t n = 0;
  while (n < ws_room.entry_count && order(&ws_room.entries[n].f0, key) < 0) n++;
  return n;
}

static bool is_at(size_t place, const ws_string_t *key) {
  return place < ws_room.entry_count && !order(&ws_room.entries[place].f0, key);
}

static ws_tuple2_string_list_u8_t entry(const ws_string_t *key, const ws_list_u8_t *value) {
  return (ws_tuple2_string_list_u8_t){{ws_room_copy(key->ptr, key->len), key->len}, {ws_room_copy(value->ptr, value->len), value->len}};
}

static void drop(ws_tuple2_string_list_u8_t *entry) {
  free(entry->f0.ptr);
  free(entry->f1.ptr);
}

bool ws_host_server_store_get(ws_string_t *key, ws_list_u8_t *value) {
  size_t place = place_of(key);
  if (!is_at(place, key)) return false;
  ws_list_u8_t found = ws_room.entries[place].f1;
  *value = (ws_list_u8_t){ws_room_copy(found.ptr, found.len), found.len};
  return true;
}

bool ws_host_server_store_set(ws_string_t *key, ws_list_u8_t *value, store_error *error) {
  size_t place = place_of(key);
  if (key->len > LONGEST_KEY) return *error = WS_HOST_SERVER_STORE_STORE_ERROR_KEY_TOO_LONG, false;
  if (value->len > LARGEST_VALUE) return *error = WS_HOST_SERVER_STORE_STORE_ERROR_VALUE_TOO_BIG, false;
  if (is_at(place, key)) {
    drop(&ws_room.entries[place]);
  } else {
    ws_room.entries = ws_room_resized(ws_room.entries, ws_room.entry_count + 1, sizeof *ws_room.entries);
    memmove(&ws_room.entries[place + 1], &ws_room.entries[place], (ws_room.entry_count++ - place) * sizeof *ws_room.entries);
  }
  ws_room.entries[place] = entry(key, value);
  return true;
}

bool ws_host_server_store_delete(ws_string_t *key, store_error *error) {
  (void)error;
  size_t place = place_of(key);
  if (!is_at(place, key)) return true;
  drop(&ws_room.entries[place]);
  memmove(&ws_room.entries[place], &ws_room.entries[place + 1], (--ws_room.entry_count - place) * sizeof *ws_room.entries);
  return true;
}

bool ws_host_server_store_clear(store_error *error) {
  (void)error;
  while (ws_room.entry_count) drop(&ws_room.entries[--ws_room.entry_count]);
  return true;
}

void ws_host_server_store_list(ws_string_t *prefix, ws_string_t *after, uint32_t limit, ws_list_tuple2_string_list_u8_t *found) {
  ws_room_check_text("a prefix", prefix->ptr, prefix->len);
  size_t n = after ? place_of(after) : 0, bytes = 0;
  *found = (ws_list_tuple2_string_list_u8_t){NULL, 0};
  for (n += after && is_at(n, after); n < ws_room.entry_count && found->len < limit && found->len < MOST_LISTED; n++) {
    ws_tuple2_string_list_u8_t *one = &ws_room.entries[n];
    if (one->f0.len < prefix->len || (prefix->len && memcmp(one->f0.ptr, prefix->ptr, prefix->len))) continue;
    bytes += one->f0.len + one->f1.len;
    if (found->len && bytes > MOST_LISTED_BYTES) return;
    found->ptr = ws_room_resized(found->ptr, found->len + 1, sizeof *found->ptr);
    found->ptr[found->len++] = entry(&one->f0, &one->f1);
  }
}

void ws_host_server_store_usage(ws_usage *usage) {
  *usage = (ws_usage){.keys = ws_room.entry_count};
  for (size_t n = 0; n < ws_room.entry_count; n++) usage->bytes += ws_room.entries[n].f0.len + ws_room.entries[n].f1.len;
}
