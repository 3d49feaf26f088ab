/* The room of a test: its clients, and copies of what is given to the app. */

#include "room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ws_room_state ws_room;

ws_room_member *ws_room_find_known(ws_id id) {
  if (id < 1 || id > ws_room.member_count) return NULL;
  ws_room_member *member = ws_room.members[id - 1];
  return member->presence == GONE ? NULL : member;
}

ws_room_member *ws_room_find(ws_id id) {
  ws_room_member *member = ws_room_find_known(id);
  return member && member->presence == IN_ROOM ? member : NULL;
}

void *ws_room_resized(void *items, size_t count, size_t size) {
  void *resized = realloc(items, (count ? count : 1) * size);
  if (!resized) ws_fail("out of memory");
  return resized;
}

uint8_t *ws_room_copy(const void *bytes, size_t len) {
  if (!len) return NULL;
  return memcpy(ws_room_resized(NULL, len, 1), bytes, len);
}

const char *ws_room_text(const void *text, size_t len) {
  if (!len) return "";
  char *copy = memcpy(ws_room_resized(NULL, len + 1, 1), text, len);
  copy[len] = '\0';
  return copy;
}

ws_string_t ws_room_string(const char *text) {
  size_t len = text ? strlen(text) : 0;
  return (ws_string_t){ws_room_copy(text, len), len};
}

ws_list_tuple2_string_string_t ws_room_headers(const char *const *headers) {
  ws_list_tuple2_string_string_t pairs = {NULL, 0};
  for (; headers && headers[0] && headers[1]; headers += 2) {
    pairs.ptr = ws_room_resized(pairs.ptr, pairs.len + 1, sizeof *pairs.ptr);
    pairs.ptr[pairs.len++] = (ws_tuple2_string_string_t){ws_room_string(headers[0]), ws_room_string(headers[1])};
  }
  return pairs;
}

const char *const *ws_room_headers_of(const ws_list_tuple2_string_string_t *headers) {
  const char **copies = ws_room_resized(NULL, 2 * headers->len + 1, sizeof *copies);
  for (size_t n = 0; n < headers->len; n++) {
    copies[2 * n] = ws_room_text(headers->ptr[n].f0.ptr, headers->ptr[n].f0.len);
    copies[2 * n + 1] = ws_room_text(headers->ptr[n].f1.ptr, headers->ptr[n].f1.len);
  }
  copies[2 * headers->len] = NULL;
  return copies;
}

static ws_string_t copied(ws_string_t text) { return (ws_string_t){ws_room_copy(text.ptr, text.len), text.len}; }

void ws_room_copy_client(const ws_client *from, ws_client *to) {
  *to = *from;
  to->address.ip = copied(from->address.ip);
  to->path = copied(from->path);
  to->query = copied(from->query);
  to->subprotocol.val = copied(from->subprotocol.val);
  to->user.val = copied(from->user.val);
  to->headers.ptr = from->headers.len ? ws_room_resized(NULL, from->headers.len, sizeof *to->headers.ptr) : NULL;
  for (size_t n = 0; n < from->headers.len; n++) {
    to->headers.ptr[n].f0 = copied(from->headers.ptr[n].f0);
    to->headers.ptr[n].f1 = copied(from->headers.ptr[n].f1);
  }
}

/* The length of the character at the beginning of a text, or 0 if it is not UTF-8 (RFC 3629 §4). */
static size_t character(const uint8_t *text, size_t len) {
  uint8_t first = text[0];
  if (first < 0x80) return 1;
  size_t size = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (!size || size > len) return 0;
  /* The second byte excludes longer forms than needed, surrogates, and numbers over 10FFFF. */
  uint8_t from = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80, to = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < from || text[1] > to) return 0;
  for (size_t n = 2; n < size; n++) {
    if ((text[n] & 0xc0) != 0x80) return 0;
  }
  return size;
}

void ws_room_check_text(const char *what, const uint8_t *text, size_t len) {
  for (size_t at = 0, size; at < len; at += size) {
    size = character(text + at, len - at);
    if (!size) ws_fail("%s is not UTF-8 at its byte %zu, and the host would end the instance: \"%.*s\"", what, at, (int)len, text);
  }
}
