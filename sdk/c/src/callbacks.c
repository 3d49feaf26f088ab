/* The callbacks that wait for an event. */

#include "callbacks.h"

#include "inside.h"

/* The place of an id: the first callback that is not before it. */
static size_t place_of(const ws_inside_callbacks *callbacks, uint64_t id) {
  size_t from = 0, to = callbacks->count;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    if (callbacks->items[middle].id < id) from = middle + 1;
    else to = middle;
  }
  return from;
}

void ws_inside_add(ws_inside_callbacks *callbacks, ws_inside_callback callback) {
  if (callbacks->count == callbacks->capacity) {
    callbacks->capacity = callbacks->capacity ? 2 * callbacks->capacity : 8;
    callbacks->items = ws_inside_resized(callbacks->items, callbacks->capacity * sizeof *callbacks->items);
  }
  /* The host's ids grow, so this is the end. */
  size_t place = place_of(callbacks, callback.id);
  ws_inside_callback *at = &callbacks->items[place];
  memmove(at + 1, at, (callbacks->count++ - place) * sizeof *at);
  *at = callback;
}

bool ws_inside_find(ws_inside_callbacks *callbacks, uint64_t id, bool is_last, ws_inside_callback *found) {
  size_t place = place_of(callbacks, id);
  if (place == callbacks->count || callbacks->items[place].id != id) return false;
  ws_inside_callback *at = &callbacks->items[place];
  *found = *at;
  if (is_last) memmove(at, at + 1, (--callbacks->count - place) * sizeof *at);
  return true;
}

void ws_inside_forget(ws_inside_callbacks *callbacks) { callbacks->count = 0; }
