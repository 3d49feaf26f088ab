/* Write ws-host WebSocket handlers in C: define the handlers you want, call the functions you need.
 *
 * Texts are UTF-8. A text or a list that the host gives is not ended by a NUL, is yours to read while the handler runs, and
 * is freed behind it. What a handler sends and changes takes effect when it returns, or not at all if it fails (ws_fail). */
#ifndef WS_GUEST_H
#define WS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bindings/ws.h"

/* Names a connection: 1, 2, 3, ..., never used again while the host runs. */
typedef uint64_t ws_id;

/* id; address.ip, address.port; path; query; headers; subprotocol. Texts have .ptr and .len. */
typedef ws_host_server_types_client_t ws_client;
/* code; reason; clean; cause. */
typedef ws_host_server_types_close_info_t ws_close_info;
/* address; path; query; headers; subprotocols. */
typedef exports_ws_host_server_gate_request_t ws_request;

/* One whole message. */
typedef struct {
  bool is_text;
  const char *data;
  size_t len;
} ws_message;

/* What a function answers. The first two: it will be done. Anything else: nothing is. */
typedef enum {
  WS_OK,
  WS_BACKPRESSURE, /* ws_on_drain follows */
  WS_NO_SUCH_CLIENT,
  WS_CLOSING,
  WS_TOO_BIG,
  WS_LIMIT,
  WS_INVALID_CODE,
  WS_REASON_TOO_LONG,
  WS_INVALID_TOPIC,
  WS_INVALID,
} ws_result;

/* Why an instance starts. */
typedef enum { WS_FRESH, WS_SWAP, WS_AFTER_TRAP } ws_start_reason;

/* State for the next instance: `data` comes from malloc. The format's name lets a later release tell. */
typedef struct {
  const char *version;
  char *data;
  size_t len;
} ws_saved;

/* What is to become of an upgrade request. Filled with zeros it lets the client in. */
typedef struct {
  uint16_t refuse;         /* answer with this HTTP status, 400 to 599 */
  uint16_t close;          /* accept, and close at once with this code ... */
  const char *reason;      /* ... and this reason */
  ws_string_t subprotocol; /* accept with this subprotocol, one of request->subprotocols */
} ws_decision;

/* The handlers. Each has a default that does nothing: define those that you want. */
void ws_on_new_client(const ws_client *client);
void ws_on_message(ws_id from, ws_message message);
void ws_on_client_left(ws_id id, const ws_close_info *info);
void ws_on_upgrade(const ws_request *request, ws_decision *decision);
/* Comes first. `saved` is NULL when there is none. Answers NULL, or why the start or the swap is refused. */
const char *ws_on_start(ws_start_reason reason, const ws_saved *saved);
void ws_snapshot(ws_saved *saved);
void ws_on_drain(ws_id id);
void ws_on_timer(uint64_t timer, const char *data, size_t len);

/* Messages. The functions that end in f take a format as printf does. */
ws_result ws_send(ws_id to, ws_message message);
ws_result ws_sendf(ws_id to, const char *format, ...) __attribute__((format(printf, 2, 3)));
ws_result ws_broadcast(ws_message message);
ws_result ws_broadcastf(const char *format, ...) __attribute__((format(printf, 1, 2)));
ws_result ws_broadcast_except(ws_message message, const ws_id *except, size_t count);

static inline ws_message ws_text(const char *data, size_t len) { return (ws_message){true, data, len}; }
static inline ws_message ws_binary(const void *data, size_t len) { return (ws_message){false, data, len}; }

/* Clients. What ws_get fills in is freed with ws_client_free; lists and attachments with free. */
ws_result ws_close(ws_id id, uint16_t code, const char *reason);
bool ws_get(ws_id id, ws_client *client);
void ws_client_free(ws_client *client);
ws_id *ws_clients(size_t *count);
uint32_t ws_count(void);
bool ws_buffered_amount(ws_id id, uint64_t *bytes);
char *ws_attachment(ws_id id, size_t *len); /* NULL when there is none */
ws_result ws_set_attachment(ws_id id, const void *data, size_t len);

/* Topics. */
ws_result ws_subscribe(ws_id id, const char *topic);
void ws_unsubscribe(ws_id id, const char *topic);
ws_result ws_publish(const char *topic, ws_message message);
ws_id *ws_subscribers(const char *topic, size_t *count);

/* Timers, and whether newcomers are let in. */
ws_result ws_set_timer(uint32_t milliseconds, bool repeat, const void *data, size_t len, uint64_t *timer);
void ws_cancel_timer(uint64_t timer);
void ws_deny_new_clients(void);
void ws_allow_new_clients(void);

/* The contract's name for an answer: "no-such-client". */
const char *ws_result_name(ws_result result);

/* Says why on stderr, which is the host's log, and ends the instance: what the handler has done so far is undone. */
_Noreturn void ws_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
