/* Timers: those of ws_set_timer, which belong to the room, and those of ws_after, which belong to the instance. */

#include <stdio.h>

#include "callbacks.h"
#include "inside.h"

WS_DEFAULT void ws_on_timer(uint64_t timer, const char *data, size_t len) { (void)timer, (void)data, (void)len; }

/* In the order of wit/. */
static const ws_result TIMER_ERRORS[] = {WS_LIMIT, WS_INVALID, WS_NOT_DURABLE, WS_UNAVAILABLE};

/* The payload of a timer that has a callback. A later instance, which does not know the callback, drops the timer by it. */
static const char MARK[] = "\0ws_after";

ws_inside_callbacks ws_inside_timers;

ws_result ws_set_timer(uint64_t microseconds, ws_timer_options options, const void *data, size_t len, uint64_t *timer) {
  ws_list_u8_t payload = ws_inside_list(data, len);
  ws_host_server_control_timer_error_t error;
  return ws_host_server_control_set_timer(microseconds, &options, &payload, timer, &error) ? WS_OK : TIMER_ERRORS[error];
}

ws_result ws_after(uint64_t microseconds, ws_timer_callback *callback, void *data, uint64_t *timer) {
  uint64_t id;
  ws_result result = ws_set_timer(microseconds, (ws_timer_options){0}, MARK, sizeof MARK, &id);
  if (result != WS_OK) return result;
  ws_inside_add(&ws_inside_timers, (ws_inside_callback){id, (ws_inside_function *)callback, data});
  if (timer) *timer = id;
  return WS_OK;
}

void ws_cancel_timer(uint64_t timer) {
  ws_inside_callback dropped;
  ws_host_server_control_cancel_timer(timer);
  ws_inside_find(&ws_inside_timers, timer, true, &dropped);
}

void exports_ws_host_server_timers_on_timer(uint64_t timer, ws_list_u8_t *payload) {
  ws_inside_callback waiting;
  bool is_marked = payload->len == sizeof MARK && !memcmp(payload->ptr, MARK, sizeof MARK);
  if (!is_marked) ws_on_timer(timer, (char *)payload->ptr, payload->len);
  else if (ws_inside_find(&ws_inside_timers, timer, true, &waiting)) ((ws_timer_callback *)waiting.function)(waiting.data);
  ws_list_u8_free(payload);
  fflush(stdout);
}
