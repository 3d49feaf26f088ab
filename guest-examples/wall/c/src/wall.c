/* A wall: each text is kept, and a newcomer gets the last fifty and the number of all. */

#include <stdio.h>
#include <stdlib.h>

#include "ws_guest.h"

#define SHOWN 50

typedef unsigned long long number;

/* The key of a text. With leading zeros, the keys are in the order of the texts. */
typedef struct {
  char text[32];
} key;

static key key_of(number text) {
  key key;
  snprintf(key.text, sizeof key.text, "text/%016llu", text);
  return key;
}

static number number_of_texts(void) {
  char *count = ws_store_get("count", NULL);
  number all = count ? strtoull(count, NULL, 10) : 0;
  free(count);
  return all;
}

/* Keeps a text. The two writes count together, or neither does if the handler fails. A refused write leaves the one before it. */
static ws_result keep(number text, ws_message message) {
  ws_result kept = ws_store_setf(key_of(text).text, "%llu: %.*s", text, (int)message.len, message.data);
  if (kept != WS_OK) return kept;
  kept = ws_store_setf("count", "%llu", text);
  if (kept != WS_OK && ws_store_delete(key_of(text).text) != WS_OK) ws_fail("half a text is on the wall");
  return kept;
}

static const char *reason(ws_result refused) {
  switch (refused) {
    case WS_VALUE_TOO_BIG: return "it is too long";
    case WS_ROOM_FULL:
    case WS_TOTAL_FULL: return "the wall is full";
    default: return "try again later";
  }
}

void ws_on_new_client(const ws_client *client) {
  number all = number_of_texts();
  ws_sendf(client->id, "* %llu texts are on the wall", all);
  size_t count;
  ws_entry *texts = ws_store_list("text/", key_of(all > SHOWN ? all - SHOWN : 0).text, SHOWN, &count);
  for (size_t n = 0; n < count; n++) ws_send(client->id, ws_text(texts[n].value, texts[n].len));
  free(texts);
}

void ws_on_message(ws_id from, ws_message message) {
  if (!message.is_text) return;
  number text = number_of_texts() + 1;
  ws_result kept = keep(text, message);
  if (kept == WS_OK) ws_broadcastf("%llu: %.*s", text, (int)message.len, message.data);
  else ws_sendf(from, "* The wall does not take this text: %s", reason(kept));
}
