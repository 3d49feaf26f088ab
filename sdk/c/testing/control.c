/* The host's functions for timers and admission, acting on the room of the test. */

#include <stdlib.h>

#include "room.h"

enum { MOST_TIMERS = 10000 };

void ws_host_server_control_deny_new_clients(void) { ws_room.is_denying = true; }
void ws_host_server_control_allow_new_clients(void) { ws_room.is_denying = false; }

bool ws_host_server_control_set_timer(uint64_t delay, ws_timer_options *options, ws_list_u8_t *payload, uint64_t *id,
                                      ws_host_server_control_timer_error_t *error) {
  bool is_invalid = payload->len > 64 << 10 || (options->repeat && !delay);
  if (is_invalid) return *error = WS_HOST_SERVER_CONTROL_TIMER_ERROR_INVALID, false;
  if (ws_room.timer_count >= MOST_TIMERS) return *error = WS_HOST_SERVER_CONTROL_TIMER_ERROR_LIMIT, false;
  uint64_t due = delay > UINT64_MAX - ws_room.now ? UINT64_MAX : ws_room.now + delay;
  ws_list_u8_t copy = {ws_room_copy(payload->ptr, payload->len), payload->len};
  ws_room.timers = ws_room_resized(ws_room.timers, ws_room.timer_count + 1, sizeof *ws_room.timers);
  *id = ++ws_room.last_timer;
  ws_room.timers[ws_room.timer_count++] = (ws_room_timer){*id, due, options->repeat ? delay : 0, copy};
  return true;
}

void ws_host_server_control_cancel_timer(uint64_t id) {
  for (size_t n = 0; n < ws_room.timer_count; n++) {
    if (ws_room.timers[n].id != id) continue;
    free(ws_room.timers[n].payload.ptr);
    ws_room.timers[n] = ws_room.timers[--ws_room.timer_count];
    return;
  }
}
