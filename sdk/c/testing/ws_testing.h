/* A room without a host, for the tests of an app: `cc` compiles them with the app, the C files of the SDK's src and of this folder, in place of
 * bindings/ws.c, and the program runs them.
 *
 *     #include "testing/ws_testing.h"
 *
 *     WS_TEST(everybody_hears_a_text) {
 *       ws_id ann = ws_test_join(), ben = ws_test_join();
 *       ws_test_says(ann, "hello");
 *       ws_test_hears(ben, "1: hello");
 *     }
 *
 * Each test has an empty room and a process of its own, so the app's variables have their first values, and a crash fails one test.
 * Handlers run at once. A test can call the functions of ws_guest.h, its handlers and `assert`. The room keeps the contract's rules for
 * names, codes, texts and closing clients, and has neither slow clients nor the host's limits. `ws-host test` plays dialogues with the
 * real host. */
#ifndef WS_TESTING_H
#define WS_TESTING_H

#include "../ws_guest.h"

/* Defines a test. The program runs all tests in their order, or those whose names contain one of its arguments. */
#define WS_TEST(name)                                                                             \
  static void name(void);                                                                         \
  __attribute__((constructor)) static void name##_is_a_test(void) {                               \
    static ws_test_case this_case = {#name, name, NULL};                                          \
    ws_test_add(&this_case);                                                                      \
  }                                                                                               \
  static void name(void)

/* The details of a client. A field that is NULL or zero is as for a plain one: path "/", no query, headers, subprotocol or user. */
typedef struct {
  const char *path;
  const char *query;
  const char *const *headers; /* names in lower case and values in turn, then NULL: {"cookie", "a=b", NULL} */
  const char *subprotocol;
  const char *user;
  const char *ip;
  uint16_t port;
  bool resumes; /* whether it names a session of the room, as the gate sees it */
} ws_test_client;

/* A client joins. Returns its id: 1, 2, 3, ... The gate is not asked. */
ws_id ws_test_join(void);
ws_id ws_test_join_as(ws_test_client details);

/* The gate's decision about a client's request, which offers its subprotocol. Valid until the next call. */
ws_decision ws_test_asks_to_join(ws_test_client details);

/* A client sends a text, or any message. The app does not hear a client that has left, or that it has closed. */
void ws_test_says(ws_id from, const char *text);
void ws_test_sends(ws_id from, ws_message message);

/* A client closes its connection. */
void ws_test_leaves(ws_id id);

/* The connection of a client with a session breaks; it comes back. It stays a member, and messages wait for it. */
void ws_test_goes_away(ws_id id);
void ws_test_comes_back(ws_id id);

/* The next message to a client must be this one. Messages wait in their order, also after the client has left. */
#define ws_test_hears(id, text) ws_test_hears_at(__FILE__, __LINE__, id, text)
#define ws_test_receives(id, data, len) ws_test_receives_at(__FILE__, __LINE__, id, ws_binary(data, len))
/* No message waits for the client. */
#define ws_test_hears_nothing(id) ws_test_hears_nothing_at(__FILE__, __LINE__, id)

/* Takes the next message, which stays valid. False if none waits. */
bool ws_test_next(ws_id id, ws_message *message);

/* The code with which the app has closed a client, and the reason if `reason` is not NULL; 0 if it has not. */
uint16_t ws_test_closed(ws_id id, const char **reason);

/* Whether the room admits new clients. */
bool ws_test_is_admitting(void);

/* A request that the app has sent with ws_fetch. Texts end with a NUL and stay valid. */
typedef struct {
  uint64_t id;
  const char *method, *url;
  const char *const *headers; /* names and values in turn, then NULL */
  const char *body;           /* NULL without one */
  size_t body_len;
  bool stream;
  uint64_t timeout; /* 0 without one */
  const char *context;
  size_t context_len;
} ws_test_fetch;

/* A response. Fields that are NULL or zero are: status 200, no headers, no body; `len` that of the text. */
typedef struct {
  uint16_t status;
  const char *const *headers; /* names in lower case and values in turn, then NULL */
  const char *body;
  size_t len;
} ws_test_response;

/* Takes the next request that the app has sent and not cancelled, in their order. False if none waits. */
bool ws_test_next_fetch(ws_test_fetch *asked);

/* Answers a request. If the app asks for a stream, the response has no body: pieces follow, and the end. Nothing happens if the app
 * has cancelled the request. */
void ws_test_answers(uint64_t id, ws_test_response response);
void ws_test_streams(uint64_t id, const void *piece, size_t len);
void ws_test_ends(uint64_t id);

/* A request fails: no response comes, or the rest of a stream does not. */
void ws_test_fails(uint64_t id, ws_failure cause, const char *detail);

/* Whether the app waits for an answer, or the rest of it. */
bool ws_test_is_asking(uint64_t id);

/* Refuses all requests from now on as WS_DENIED, for this reason; NULL accepts them again. */
void ws_test_deny_fetches(const char *reason);

/* The callbacks of ws_fetch and ws_after are forgotten, as after a swap: answers go to ws_on_orphan. The app's variables stay. */
void ws_test_forget_callbacks(void);

/* A message of the app to a room. The name ends with a NUL. */
typedef struct {
  const char *room;
  ws_message message;
  bool create;
} ws_test_room_message;

/* Takes the next message that the app has sent to a room, its own one too, in their order. It stays valid. False if none waits. */
bool ws_test_next_room_message(ws_test_room_message *message);

/* A room sends the app a text, or any message. */
void ws_test_room_says(const char *room, const char *text);
void ws_test_room_sends(const char *room, ws_message message);

/* Somebody outside sends the app a text, or any message, through the server's API with the token of this name. */
void ws_test_api_says(const char *token, const char *text);
void ws_test_api_sends(const char *token, ws_message message);

/* Names the app's room: "main" without it. */
void ws_test_name_room(const char *name);

/* A room does not exist until the app creates it. All others exist. */
void ws_test_lacks_room(const char *name);

/* An HTTP request to the app. Fields that are NULL or zero are: GET, or POST with a body; path "/"; no query, headers or body; `len`
 * that of the text. */
typedef struct {
  const char *method, *path, *query;
  const char *const *headers; /* names in lower case and values in turn, then NULL */
  const char *body;
  size_t len;
  const char *ip;
  uint16_t port;
} ws_test_request;

/* The answer of the app so far. Its texts end with a NUL; `body` is NULL before the head, and the chunks are together. */
typedef struct {
  bool has_begun, has_ended, is_gone;
  bool is_cut; /* given up by ws_respond_abort behind its beginning */
  uint16_t status;
  const char *const *headers; /* names and values in turn, then NULL */
  const char *body;
  size_t len;
} ws_test_reply;

/* Sends a request to the app. Returns its id: 1, 2, 3, ... */
uint64_t ws_test_requests(ws_test_request request);
ws_test_reply ws_test_reply_to(uint64_t id);

/* The client of a request goes before it has the whole answer. Nothing happens if it has that. */
void ws_test_abandons(uint64_t id);

/* Lets time pass, and runs the timers that become due, in the order of their times. */
void ws_test_wait(uint64_t microseconds);

/* Starts the instance with a reason and a saved state, perhaps NULL, before the first client. Without it, the instance starts fresh.
 * Returns NULL, or the reason for which the app refuses. */
const char *ws_test_start(ws_start_reason reason, const ws_saved *saved);

/* Used by the macros. */
typedef struct ws_test_case {
  const char *name;
  void (*run)(void);
  struct ws_test_case *next;
} ws_test_case;

void ws_test_add(ws_test_case *test);
void ws_test_hears_at(const char *file, int line, ws_id id, const char *text);
void ws_test_receives_at(const char *file, int line, ws_id id, ws_message message);
void ws_test_hears_nothing_at(const char *file, int line, ws_id id);

#endif
