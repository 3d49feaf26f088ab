/* Write ws-host WebSocket handlers in C: define the handlers you want, call the functions you need.
 *
 * Texts are UTF-8. Texts and lists from the host have no terminating NUL and are freed after the handler, unless noted below.
 * A handler's effects take place when it returns. If it fails (ws_fail), they are dropped. */
#ifndef WS_GUEST_H
#define WS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bindings/ws.h"

/* The id of a client, never used again while the host runs: 1, 2, 3, ... on one node, larger ones in a cluster. */
typedef uint64_t ws_id;

/* Fields: id; address.ip, address.port; path; query; headers; subprotocol; user. Texts have .ptr and .len. */
typedef ws_host_server_types_client_t ws_client;
/* Fields: code; reason; clean; cause. */
typedef ws_host_server_types_close_info_t ws_close_info;
/* An upgrade request. Fields: address; path; query; headers; subprotocols; resumes, whether it names a session of this room. */
typedef exports_ws_host_server_gate_request_t ws_request;
/* A plain HTTP request. Fields: address; method; path; query; headers; body, which ends with a NUL behind its length. */
typedef exports_ws_host_server_requests_request_t ws_http_request;

/* Names and values, in their order: .ptr[n].f0 and .ptr[n].f1 for n below .len. The names of received ones are in lower case. */
typedef ws_list_tuple2_string_string_t ws_headers;

/* Fields: repeat; durable. Zeros are a timer that runs once and ends with the room: (ws_timer_options){.repeat = true} */
typedef ws_host_server_control_timer_options_t ws_timer_options;

/* One whole message. */
typedef struct {
  bool is_text;
  const char *data;
  size_t len;
} ws_message;

/* The result of a call. WS_OK and WS_BACKPRESSURE accept the call; the others are errors, and the call has no effect. */
typedef enum {
  WS_OK,
  WS_BACKPRESSURE, /* the client reads too slowly; ws_on_drain follows */
  WS_NO_SUCH_CLIENT,
  WS_CLOSING,         /* the client's connection is closing */
  WS_TOO_BIG,         /* a message or an HTTP body over the host's limit, or an attachment over 16 KiB */
  WS_LIMIT,           /* one handler sent too much or wrote over 768 KiB, or there are too many topics or timers */
  WS_INVALID_CODE,    /* allowed are 1000 to 1003, 1007 to 1014 and 3000 to 4999 */
  WS_REASON_TOO_LONG, /* at most 123 bytes */
  WS_INVALID_TOPIC,   /* a topic's name has 1 to 256 bytes */
  WS_INVALID,         /* a timer's payload over 64 KiB, a repeating timer of 0 us, or an HTTP request that is wrong */
  WS_NOT_DURABLE,     /* a durable timer in a room that cannot keep one */
  WS_UNAVAILABLE,     /* the host cannot write to its store at present */
  WS_KEY_TOO_LONG,    /* a key of the store over 512 bytes */
  WS_VALUE_TOO_BIG,   /* a value of the store over 128 KiB */
  WS_ROOM_FULL,       /* the store of this room is full, or it has too many HTTP requests */
  WS_TOTAL_FULL,      /* the stores of all rooms together are full, or they have too many HTTP requests */
  WS_DENIED,          /* the owner of the host does not allow requests to this server: --allow-http */
  WS_NO_SUCH_REQUEST, /* the HTTP request is answered, or its client has gone */
  WS_WRONG_ORDER,     /* an answer begins once, and has chunks only then */
  WS_INVALID_NAME,    /* no room can have this name */
  WS_NO_SUCH_ROOM,    /* the room is not open, and nothing is kept of it: with `create` it begins to exist */
  WS_FULL,            /* too much of what this room sent waits for other rooms */
  WS_TOO_MANY_ROOMS,  /* the room is not open, and the host has as many open as it may have */
} ws_result;

/* The reason for an instance's start. */
typedef enum {
  WS_FRESH,
  WS_SWAP,
  WS_AFTER_TRAP,
  WS_RESTORED,  /* the room opens again: nothing has happened in it since `saved` */
  WS_RECOVERED, /* the room opens again after a crash: `saved` may be old, or missing */
  WS_HANDOVER,  /* another node has handed the room over, with its clients: nothing has happened in it since `saved` */
  WS_FAILOVER,  /* the node that had the room is gone, with its clients: `saved` may be old, or missing */
} ws_start_reason;

/* State for the next instance, at most 16 MiB. `data` comes from malloc. `version` names the format for a later release. */
typedef struct {
  const char *version;
  char *data;
  size_t len;
} ws_saved;

/* The decision about an upgrade request. All zeros accept it. The SDK copies what it points to after ws_on_upgrade has returned. */
typedef struct {
  uint16_t refuse;            /* refuse with this HTTP status, 400 to 599, ... */
  const void *body;           /* ... and this body of up to 64 KiB: text, unless a header says otherwise */
  size_t body_len;
  uint16_t close;             /* accept, and close at once with this code ... */
  const char *reason;         /* ... and this reason */
  ws_string_t subprotocol;    /* accept with this subprotocol, one of request->subprotocols */
  char user[257];             /* accept as a client of this user; empty: no user */
  const void *attachment;     /* accept with this attachment of up to 16 KiB */
  size_t attachment_len;
  const char *const *headers; /* accept or refuse with these: names and values in turn, then NULL; up to 64, of 8 KiB in all */
} ws_decision;

/* Marks a handler of which the build must know whether the app has it: a component exports no interface that it does not implement. */
#if defined(__wasm__) && !defined(WS_INSIDE)
#define WS_HANDLER(name) __attribute__((export_name(#name)))
#else
#define WS_HANDLER(name)
#endif

/* The handlers. Each has a default that does nothing: define the ones you want. */
void ws_on_new_client(const ws_client *client);
void ws_on_message(ws_id from, ws_message message);
void ws_on_client_left(ws_id id, const ws_close_info *info);
void ws_on_upgrade(const ws_request *request, ws_decision *decision) WS_HANDLER(ws_on_upgrade);
/* Runs before the others. `saved` is NULL without a saved state. Return NULL, or the reason to refuse the start or the swap. */
const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) WS_HANDLER(ws_on_start);
/* Fill in the state to keep. Called before a new release takes over, before the room ends, and at shutdown. */
void ws_snapshot(ws_saved *saved) WS_HANDLER(ws_snapshot);
/* A slow client has caught up. */
void ws_on_drain(ws_id id) WS_HANDLER(ws_on_drain);
/* The connection of a client with a session has broken: messages wait for it. ws_on_line_back or ws_on_client_left follows. */
void ws_on_line_lost(ws_id id) WS_HANDLER(ws_on_line_lost);
/* The client is back over another connection. It gets first what has waited. */
void ws_on_line_back(ws_id id) WS_HANDLER(ws_on_line_back);
/* A timer of ws_set_timer is due. */
void ws_on_timer(uint64_t timer, const char *data, size_t len) WS_HANDLER(ws_on_timer);

/* Messages. The functions that end in f send a text that they format as printf does. */
ws_result ws_send(ws_id to, ws_message message);
ws_result ws_sendf(ws_id to, const char *format, ...) __attribute__((format(printf, 2, 3)));
ws_result ws_broadcast(ws_message message);
ws_result ws_broadcastf(const char *format, ...) __attribute__((format(printf, 1, 2)));
ws_result ws_broadcast_except(ws_message message, const ws_id *except, size_t count);

static inline ws_message ws_text(const char *data, size_t len) { return (ws_message){true, data, len}; }
static inline ws_message ws_binary(const void *data, size_t len) { return (ws_message){false, data, len}; }

/* Clients. Free a client of ws_get with ws_client_free; free lists and attachments with free. */
ws_result ws_close(ws_id id, uint16_t code, const char *reason); /* after everything sent before */
bool ws_get(ws_id id, ws_client *client);                        /* false: no client has this id */
void ws_client_free(ws_client *client);
ws_id *ws_clients(size_t *count); /* in the order in which they connected; NULL without any */
ws_id *ws_clients_of_user(const char *user, size_t *count); /* the user that ws_on_upgrade has named; in the same order */
uint32_t ws_count(void);
bool ws_is_online(ws_id id); /* whether messages reach the client now; false: it is away, closing or gone */
bool ws_buffered_amount(ws_id id, uint64_t *bytes); /* the bytes queued for the client; false: no client has this id */
char *ws_attachment(ws_id id, size_t *len);         /* NULL without an attachment */
ws_result ws_set_attachment(ws_id id, const void *data, size_t len); /* at most 16 KiB; 0 bytes remove it */

/* Topics: named groups of clients. Free the list with free; it is NULL without subscribers. */
ws_result ws_subscribe(ws_id id, const char *topic);
void ws_unsubscribe(ws_id id, const char *topic);
ws_result ws_publish(const char *topic, ws_message message);
ws_id *ws_subscribers(const char *topic, size_t *count);
/* The topics of a client, in the order of their names. Free them with ws_topics_free; it is NULL without topics. */
ws_string_t *ws_topics(ws_id id, size_t *count);
void ws_topics_free(ws_string_t *topics, size_t count);

/* Timers. ws_set_timer calls ws_on_timer with up to 64 KiB of data, once or every `microseconds`, and writes the timer's id to
 * `timer`. A repeating timer keeps to its grid. A durable one outlives the room's hibernation and the host's process. */
ws_result ws_set_timer(uint64_t microseconds, ws_timer_options options, const void *data, size_t len, uint64_t *timer);
void ws_cancel_timer(uint64_t timer);

/* Calls `callback` once with `data`, as an event of its own, unless ws_cancel_timer comes first. `timer` may be NULL. The callback ends with
 * the instance: after a swap or a failure nothing calls it. A timer that must survive these needs ws_set_timer. */
typedef void ws_timer_callback(void *data);
ws_result ws_after(uint64_t microseconds, ws_timer_callback *callback, void *data, uint64_t *timer);

/* The store: an ordered map of the room, from keys (texts) to values (bytes). It outlives the instance and the room and, with
 * `ws-host run --data`, the host. Writes count when the handler returns, together with all that it has sent; if it fails, nothing is
 * written. Reads see the handler's own writes. A refused write has changed nothing, so look at the result. */

/* Keys and values of the store end with a NUL that their lengths do not count. */
typedef struct {
  const char *key;
  size_t key_len;
  const char *value;
  size_t len;
} ws_entry;

/* Fields: keys, their number; bytes, of all keys and values. */
typedef ws_host_server_store_store_usage_t ws_usage;

#define WS_LOOK_AT_RESULT __attribute__((warn_unused_result))

char *ws_store_get(const char *key, size_t *len); /* NULL if the store does not have the key, else free it; `len` may be NULL */
ws_result ws_store_set(const char *key, const void *value, size_t len) WS_LOOK_AT_RESULT;
ws_result ws_store_setf(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3))) WS_LOOK_AT_RESULT;
ws_result ws_store_delete(const char *key) WS_LOOK_AT_RESULT; /* a missing key is no error */
ws_result ws_store_clear(void) WS_LOOK_AT_RESULT;             /* deletes all keys */
ws_usage ws_store_usage(void);

/* The entries whose keys begin with `prefix`, in the order of the keys' bytes, from the first key behind `after` on (NULL: the first):
 * at most `limit`, 1,000, and 1 MiB, but one at least if there is one. Free the whole list with one free. */
ws_entry *ws_store_list(const char *prefix, const char *after, uint32_t limit, size_t *count);

/* A walk over all entries whose keys begin with `prefix`, in parts. Leave its other fields zero:
 *
 *     ws_walk walk = {.prefix = "text/"};
 *     for (const ws_entry *entry; (entry = ws_store_next(&walk));) puts(entry->key);
 *
 * An entry is valid until the next call. The walk ends with NULL, and all its memory is free then; ws_store_stop ends it earlier.
 * Afterwards it can begin again. */
typedef struct {
  const char *prefix;
  ws_entry *part;
  size_t count, at;
} ws_walk;

const ws_entry *ws_store_next(ws_walk *walk);
void ws_store_stop(ws_walk *walk);

/* Requests to HTTP servers. The host must allow the server: `ws-host run --allow-http api.example.com`.
 *
 *     static void greet(const ws_answer *answer, void *data) {
 *       ws_id *asker = data;
 *       if (answer->kind == WS_RESPONSE) ws_sendf(*asker, "%u: %s", answer->status, answer->body);
 *       else ws_sendf(*asker, "failed: %s", answer->detail);
 *       free(asker);
 *     }
 *
 * No handler waits for an answer. The request starts when the handler has returned; a handler that fails has asked nobody. Each handler
 * and each callback is one event: all that it does takes effect when it returns, or nothing does if it fails. */

/* Fields that are NULL or zero have the defaults. The host copies all of it during ws_fetch. */
typedef struct {
  const char *url;            /* absolute, http or https */
  const char *method;         /* in upper case; by default GET, or POST with a body */
  const char *const *headers; /* names and values in turn, then NULL. The host sets those of the connection, such as content-length */
  const void *body;           /* by default at most 4 MiB */
  size_t body_len;
  bool stream;                /* the body of the answer comes in pieces, as it arrives */
  uint64_t timeout;           /* the most microseconds for the answer; the host's own limit, by default 30 s, holds in any case */
  const void *context;        /* up to 64 KiB that come back with the answer, for ws_on_orphan */
  size_t context_len;
} ws_fetch_request;

/* The part of an answer that an event brings. */
typedef enum {
  WS_RESPONSE, /* the head and, unless it is streamed, the whole body. A status of 400 or more is a response too, and so is a redirect */
  WS_PIECE,    /* the next bytes of a streamed body, 64 KiB at most. They may end within a character */
  WS_END,      /* a streamed body is complete */
  WS_FAILURE,  /* no response, or the rest of a streamed body does not come */
} ws_answer_kind;

/* The cause of a failure. In the first four cases the server has got nothing. In the others it may have handled the request. */
typedef enum {
  WS_FAILED_DENIED,      /* its name stands for no address that the host may connect to */
  WS_FAILED_UNRESOLVED,  /* its name does not resolve */
  WS_FAILED_UNREACHABLE, /* no connection can be made */
  WS_FAILED_TLS,         /* its certificate is not trusted, or TLS fails otherwise */
  WS_FAILED_TIMEOUT,     /* the answer takes too long */
  WS_FAILED_BROKEN,      /* the connection ends early, or the server breaks the protocol */
  WS_FAILED_TOO_BIG,     /* the body is larger than the host allows, or the headers */
  WS_FAILED_INTERRUPTED, /* the host's process has ended before the answer came, or the room has started over */
} ws_failure;

/* An event of a request. All texts end with a NUL, except those in `headers`. */
typedef struct {
  ws_answer_kind kind;
  bool is_last;       /* nothing follows: free what belongs to the request */
  uint64_t id;        /* as ws_fetch has given it */
  uint16_t status;    /* of a response: 200 or more */
  ws_headers headers; /* of a response */
  const char *body;   /* of a response or a piece; else empty */
  size_t len;
  ws_failure cause;   /* of a failure */
  const char *detail; /* of a failure: one line for people */
  const char *context;
  size_t context_len;
} ws_answer;

/* Sends a request when the handler has returned. `callback` gets each event of its answer, with `data`; `id` may be NULL. Any other result
 * than WS_OK has sent nothing: ws_error_text says why. Nothing is then called, so `data` stays the caller's. */
typedef void ws_fetch_callback(const ws_answer *answer, void *data);
ws_result ws_fetch(const ws_fetch_request *request, ws_fetch_callback *callback, void *data, uint64_t *id) WS_LOOK_AT_RESULT;

/* Gives a request up: no event of it follows, and its `data` is the caller's again. */
void ws_fetch_cancel(uint64_t id);

/* An answer for which no callback waits: an earlier instance has asked, before a swap or a failure, or `callback` was NULL. `context`
 * is what it needs to know. */
void ws_on_orphan(const ws_answer *answer) WS_HANDLER(ws_on_orphan);

/* The contract's name for a cause: "unreachable". */
const char *ws_failure_name(ws_failure cause);

/* Whether a text of the host is this one. */
static inline bool ws_is(ws_string_t text, const char *other) {
  return text.len == strlen(other) && (!text.len || !memcmp(text.ptr, other, text.len));
}

/* The value of the first header with this name in any case; {NULL, 0} without one. */
ws_string_t ws_header(ws_headers headers, const char *name);

/* Refuses new clients with HTTP status 503 from now on, or accepts them again. */
void ws_deny_new_clients(void);
void ws_allow_new_clients(void);

/* The contract's name for a result: "no-such-client". */
const char *ws_result_name(ws_result result);

/* Other rooms of this server. They share nothing: a message arrives as an event, in the order of the calls. It leaves when the handler has
 * returned, and counts for this room until its receiver has handled it. If the handler also writes to the store and the host has a data folder,
 * the message arrives exactly once, over a crash too; else at most once. */

/* Fields: create, whether the room begins to exist with the message: (ws_room_options){.create = true} */
typedef ws_host_server_rooms_room_options_t ws_room_options;

/* The name of this room: with `--instances per-room` its path, or the part of it that `--room-path` names; "main" with one room for all; ""
 * for the room of a single client, which sends to nobody and gets nothing. Free it. */
char *ws_rooms_name(void);

/* Sends a message to a room, which may be this one. A room that is asleep opens for it. A receiver without ws_on_event drops it. */
ws_result ws_rooms_send(const char *room, ws_message message, ws_room_options options);
ws_result ws_rooms_sendf(const char *room, ws_room_options options, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The sender of an event. A later version of the contract may have more kinds. */
typedef enum { WS_FROM_ROOM, WS_FROM_API } ws_source_kind;
typedef struct {
  ws_source_kind kind;
  const char *room;  /* the name of the room, which ends with a NUL; empty for the API */
  const char *token; /* the name of the token that somebody has shown to the server's API, or "admin" for its Unix socket; empty for a room */
} ws_source;

/* A message has come from a room, or from outside. */
void ws_on_event(const ws_source *source, ws_message message) WS_HANDLER(ws_on_event);

/* Plain HTTP requests to the paths of this server, in the room that the path names. An app without ws_on_request leaves them to the host.
 *
 *     void ws_on_request(uint64_t id, const ws_http_request *request) {
 *       if (!ws_is(request->method, "POST")) ws_respondf(id, 405, "POST only");
 *       else if (ws_respondf(id, 200, "%zu bytes", request->body.len) == WS_OK) ws_broadcastf("%s", (char *)request->body.ptr);
 *     }
 *
 * Answer in the handler or in a later event, under the request's id. The host does not check who asks: look at a secret or a signature. */
void ws_on_request(uint64_t id, const ws_http_request *request) WS_HANDLER(ws_on_request);
/* The client has read all of an answer in chunks that had passed the soft limit. */
void ws_on_request_drained(uint64_t id) WS_HANDLER(ws_on_request_drained);
/* The request ends without the end of its answer: its client has gone, or the time to answer has passed. */
void ws_on_request_gone(uint64_t id) WS_HANDLER(ws_on_request_gone);

/* An answer. Fields that are NULL or zero are: status 200, no headers but the host's, no body. */
typedef struct {
  uint16_t status;
  const char *const *headers; /* names and values in turn, then NULL; up to 64, of 16 KiB in all. Without content-type: text in UTF-8 */
  const void *body;
  size_t len;
} ws_response;

/* Answers a request, whole. If a result is an error, ws_error_text says why, and nothing of the answer is sent. */
ws_result ws_respond(uint64_t id, ws_response response);
ws_result ws_respondf(uint64_t id, uint16_t status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Answers in pieces: the head, which goes out at once, then chunks, then the end. ws_error_text knows the errors. Send less after
 * WS_BACKPRESSURE, until ws_on_request_drained: past the hard limit (by default 1 MiB) the host cuts the connection. Server-sent
 * events have the headers {"content-type", "text/event-stream", NULL} and the chunks "data: %s\n\n". */
ws_result ws_respond_begin(uint64_t id, uint16_t status, const char *const *headers);
ws_result ws_respond_chunk(uint64_t id, const void *data, size_t len);
ws_result ws_respond_chunkf(uint64_t id, const char *format, ...) __attribute__((format(printf, 2, 3)));
ws_result ws_respond_end(uint64_t id);

/* Gives an answer up, such as one in chunks whose source has failed: the host closes the connection, and the client sees that the answer is
 * incomplete. In place of an answer that has not begun, the host answers 500. ws_on_request_gone does not follow. Calls for other ids
 * change nothing. */
void ws_respond_abort(uint64_t id);

/* The requests whose answer is not complete, in the order in which they came. After a swap or a failure these are requests of an earlier
 * instance: answer them, or abort them. Free the list, which is NULL without any. */
typedef ws_host_server_replies_open_request_t ws_open_request; /* id, has_begun */
ws_open_request *ws_requests(size_t *count);

/* The reason for which the last call was refused whose documentation names this function: one line that says what to do. Valid until the
 * next such call. */
const char *ws_error_text(void);

/* Writes the reason to stderr, which is the host's log, and ends the instance. The handler's effects are dropped. */
_Noreturn void ws_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
