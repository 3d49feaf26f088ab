/* The messages to the clients of a test, and their closes by the app. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

/* A client, also one that has left. */
static ws_room_member *member(ws_id id) {
  if (id < 1 || id > ws_room.member_count) ws_fail("no client %llu has joined", (unsigned long long)id);
  return ws_room.members[id - 1];
}

uint16_t ws_test_closed(ws_id id, const char **reason) {
  ws_room_member *closed = member(id);
  if (reason) *reason = closed->close_reason ? closed->close_reason : "";
  return closed->close_code;
}

bool ws_test_is_admitting(void) { return !ws_room.is_denying; }

bool ws_test_next(ws_id id, ws_message *message) {
  ws_room_member *client = member(id);
  if (client->heard == client->message_count) return false;
  *message = client->messages[client->heard++];
  return true;
}

static void print(ws_message message) {
  if (message.is_text) {
    fprintf(stderr, "\"%.*s\"", (int)message.len, message.len ? message.data : "");
    return;
  }
  fprintf(stderr, "%zu bytes", message.len);
  for (size_t n = 0; n < message.len && n < 32; n++) fprintf(stderr, " %02x", (unsigned char)message.data[n]);
  if (message.len > 32) fprintf(stderr, " ...");
}

/* Fails the test with what a client has heard, and what it must hear. NULL stands for nothing. */
static _Noreturn void fail(const char *file, int line, ws_id id, const ws_message *heard, const ws_message *wanted) {
  fflush(stdout);
  fprintf(stderr, "%s:%d: client %llu hears ", file, line, (unsigned long long)id);
  if (heard) print(*heard);
  else fprintf(stderr, "nothing");
  fprintf(stderr, ", not ");
  if (wanted) print(*wanted);
  else fprintf(stderr, "nothing");
  fprintf(stderr, "\n");
  abort();
}

void ws_test_receives_at(const char *file, int line, ws_id id, ws_message wanted) {
  ws_message heard;
  if (!ws_test_next(id, &heard)) fail(file, line, id, NULL, &wanted);
  bool is_equal = heard.is_text == wanted.is_text && heard.len == wanted.len && (!heard.len || !memcmp(heard.data, wanted.data, heard.len));
  if (!is_equal) fail(file, line, id, &heard, &wanted);
}

void ws_test_hears_at(const char *file, int line, ws_id id, const char *text) {
  ws_test_receives_at(file, line, id, ws_text(text, strlen(text)));
}

void ws_test_hears_nothing_at(const char *file, int line, ws_id id) {
  ws_message heard;
  if (ws_test_next(id, &heard)) fail(file, line, id, &heard, NULL);
}
