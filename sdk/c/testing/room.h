/* The room of a test. */
#ifndef WS_TESTING_ROOM_H
#define WS_TESTING_ROOM_H

#include "ws_testing.h"

typedef enum { IN_ROOM, LEAVING, GONE } ws_room_presence;

/* A client, also after it has left. */
typedef struct {
  ws_client client;
  ws_room_presence presence;
  bool is_away;
  uint16_t close_code; /* 0 until the app closes it */
  const char *close_reason;
  ws_list_u8_t attachment;
  ws_string_t *topics;
  size_t topic_count;
  ws_message *messages;
  size_t message_count, heard;
} ws_room_member;

typedef struct {
  uint64_t id, due, every; /* microseconds; `every` is 0 for a timer that runs once */
  ws_list_u8_t payload;
} ws_room_timer;

typedef struct {
  ws_room_member **members; /* by id, from 1 on */
  size_t member_count;
  ws_room_timer *timers;
  size_t timer_count;
  uint64_t last_timer, now;
  ws_tuple2_string_list_u8_t *entries; /* of the store, in the order of their keys */
  size_t entry_count;
  bool is_denying;
} ws_room_state;

extern ws_room_state ws_room;

/* A client of this id that is in the room, or else NULL. The other one finds a leaving client too. */
ws_room_member *ws_room_find(ws_id id);
ws_room_member *ws_room_find_known(ws_id id);

/* A copy of bytes, as the host gives them: without a NUL, so that tools which check memory find an app that reads on. NULL for none. */
uint8_t *ws_room_copy(const void *bytes, size_t len);
ws_string_t ws_room_string(const char *text);
/* A copy for the test: with a NUL, also of an empty text. It is not freed. */
const char *ws_room_text(const void *text, size_t len);
/* Copies of names and values in turn, then NULL. */
ws_list_tuple2_string_string_t ws_room_headers(const char *const *headers);
/* Reallocates an array. */
void *ws_room_resized(void *items, size_t count, size_t size);
void ws_room_copy_client(const ws_client *from, ws_client *to);

/* Precedes each event: starts the instance if it has not started. */
void ws_room_start(void);

/* The same the other way round, with a NUL behind each text. */
const char *const *ws_room_headers_of(const ws_list_tuple2_string_string_t *headers);

/* Follows each event: the clients that the app has closed leave, and those that it closes meanwhile. */
void ws_room_settle(void);

/* Ends the test if a text is not UTF-8: the host ends the instance then. */
void ws_room_check_text(const char *what, const uint8_t *text, size_t len);

#endif
