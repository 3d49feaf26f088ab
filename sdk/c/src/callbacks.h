/* The callbacks that wait for an event: a sorted table from an event's id to a function of the app. */
#ifndef WS_CALLBACKS_H
#define WS_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A callback of any type. Its caller casts it back. */
typedef void ws_inside_function(void);

typedef struct {
  uint64_t id;
  ws_inside_function *function;
  void *data;
} ws_inside_callback;

typedef struct {
  ws_inside_callback *items;
  size_t count, capacity;
} ws_inside_callbacks;

void ws_inside_add(ws_inside_callbacks *callbacks, ws_inside_callback callback);

/* Finds the callback of an id, and removes it if asked. False: this instance has none. */
bool ws_inside_find(ws_inside_callbacks *callbacks, uint64_t id, bool is_last, ws_inside_callback *found);

/* Forgets all callbacks, as a new instance has none. */
void ws_inside_forget(ws_inside_callbacks *callbacks);

/* Those of requests and of timers. */
extern ws_inside_callbacks ws_inside_fetches, ws_inside_timers;

#endif
