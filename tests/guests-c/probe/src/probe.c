/* The fixture `probe` in C: it follows its clients' commands. `tests/conformance.rs` lists them. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "plain.h"
#include "rooms.h"
#include "ws_guest.h"

#define LEN(text) (int)(text).len, (char *)(text).ptr

static unsigned messages;
static const char *started = "None";
static const char *const REASONS[] = {"Fresh", "Swap", "AfterTrap", "Restored", "Recovered", "Handover", "Failover"};
static const char *const CAUSES[] = {"Client", "Guest",  "Lost",     "Timeout", "Protocol", "TooBig",
                                     "Policy", "Overload", "Trap", "Restart", "Shutdown"};

static bool is_member(ws_id id) {
  size_t count;
  ws_id *ids = ws_clients(&count);
  bool found = false;
  for (size_t n = 0; n < count; n++) found |= ids[n] == id;
  free(ids);
  return found;
}

static void print_ids(char *line, size_t size, ws_id *ids, size_t count) {
  size_t len = (size_t)snprintf(line, size, "[");
  for (size_t n = 0; n < count; n++) len += (size_t)snprintf(line + len, size - len, n ? ", %llu" : "%llu", (unsigned long long)ids[n]);
  snprintf(line + len, size - len, "]");
  free(ids);
}

char *cut(char *line) {
  char *rest = line + strcspn(line, " ");
  if (*rest) *rest++ = '\0';
  return rest;
}

static const char *shown(ws_result result) { return ws_result_name(result); }

void ws_on_new_client(const ws_client *client) {
  ws_broadcastf("joined %llu", (unsigned long long)client->id);
  if (ws_is(client->query, "panic-on-join")) ws_fail("told to fail");
}

void ws_on_client_left(ws_id id, const ws_close_info *info) {
  bool member = is_member(id);
  ws_broadcastf("left %llu: %u \"%.*s\" clean=%s CloseCause::%s member=%s", (unsigned long long)id, info->code, LEN(info->reason),
                info->clean ? "true" : "false", CAUSES[info->cause], member ? "true" : "false");
}

static void describe(ws_id from, ws_id id) {
  ws_client client;
  if (!ws_get(id, &client)) {
    ws_sendf(from, "nobody");
    return;
  }
  ws_string_t agent = {(uint8_t *)"none", 4};
  for (size_t n = 0; n < client.headers.len; n++) {
    if (ws_is(client.headers.ptr[n].f0, "user-agent")) agent = client.headers.ptr[n].f1;
  }
  bool agreed = client.subprotocol.is_some, named = client.user.is_some;
  ws_sendf(from, "%llu ip=%.*s path=%.*s query=%.*s agent=%.*s subprotocol=%s%.*s%s user=%s%.*s%s", (unsigned long long)client.id, LEN(client.address.ip),
           LEN(client.path), LEN(client.query), LEN(agent), agreed ? "Some(\"" : "None", agreed ? (int)client.subprotocol.val.len : 0,
           (char *)client.subprotocol.val.ptr, agreed ? "\")" : "", named ? "Some(\"" : "None", named ? (int)client.user.val.len : 0,
           (char *)client.user.val.ptr, named ? "\")" : "");
  ws_client_free(&client);
}

static void list_topics(ws_id from, ws_id id) {
  char line[256];
  size_t count, len = (size_t)snprintf(line, sizeof line, "[");
  ws_string_t *topics = ws_topics(id, &count);
  for (size_t n = 0; n < count; n++) len += (size_t)snprintf(line + len, sizeof line - len, "%s\"%.*s\"", n ? ", " : "", LEN(topics[n]));
  ws_topics_free(topics, count);
  ws_sendf(from, "%s]", line);
}

static void close_one(ws_id from, ws_id id, char *rest) {
  char *reason = cut(rest);
  ws_result closed = ws_close(id, (uint16_t)atoi(rest), reason);
  const char *sent = closed ? "untried" : shown(ws_sendf(id, "after the close"));
  ws_sendf(from, "%s, send=%s, member=%s", shown(closed), sent, is_member(id) ? "true" : "false");
}

static void fail(ws_id from, const char *why) {
  ws_broadcastf("half an answer");
  ws_set_attachment(from, "half", 4);
  ws_subscribe(from, "half");
  if (ws_store_set("half", "half", 4) != WS_OK) ws_fail("the write was refused");
  ws_deny_new_clients();
  ws_close(from, 4000, "half");
  ws_fail("told to panic: %s", why);
}

/* Commands on topics, timers and the room. Returns whether it knew the command. */
static bool obey_room(ws_id from, const char *command, char *rest) {
  char ids[256];
  size_t count;
  uint64_t timer;
  if (!strcmp(command, "all")) ws_sendf(from, "%s", shown(ws_broadcastf("%s", rest)));
  else if (!strcmp(command, "others")) ws_sendf(from, "%s", shown(ws_broadcast_except(ws_text(rest, strlen(rest)), &from, 1)));
  else if (!strcmp(command, "subscribe")) ws_sendf(from, "%s", shown(ws_subscribe(from, rest)));
  else if (!strcmp(command, "list")) {
    ws_id *here = ws_clients(&count);
    print_ids(ids, sizeof ids, here, count);
    ws_sendf(from, "%s of %u", ids, ws_count());
  } else if (!strcmp(command, "subscribers")) {
    ws_id *those = ws_subscribers(rest, &count);
    print_ids(ids, sizeof ids, those, count);
    ws_sendf(from, "%s", ids);
  } else if (!strcmp(command, "of-user")) {
    ws_id *those = ws_clients_of_user(rest, &count);
    print_ids(ids, sizeof ids, those, count);
    ws_sendf(from, "%s", ids);
  } else if (!strcmp(command, "publish")) {
    char *text = cut(rest);
    ws_sendf(from, "%s", shown(ws_publish(rest, ws_text(text, strlen(text)))));
  } else if (!strcmp(command, "timer") || !strcmp(command, "interval")) {
    char *text = cut(rest);
    ws_timer_options options = {.repeat = !strcmp(command, "interval")};
    ws_set_timer((uint64_t)(atof(rest) * 1000), options, text, strlen(text), &timer);
    ws_sendf(from, "ok(%llu)", (unsigned long long)timer);
  } else return false;
  return true;
}

static void keep_many(ws_id from, unsigned count) {
  char key[32];
  ws_result kept = WS_OK;
  for (unsigned n = 1; n <= count && kept == WS_OK; n++) {
    snprintf(key, sizeof key, "fill/%04u", n);
    kept = ws_store_setf(key, "%u", n);
  }
  ws_sendf(from, "%s", shown(kept));
}

/* Answers with keys, with a space behind each but the last. */
static void send_keys(ws_id from, const char *prefix, const char *after) {
  size_t count, len = 0;
  char keys[256] = "";
  ws_entry *found = ws_store_list(prefix, after, 1000, &count);
  for (size_t n = 0; n < count; n++) len += (size_t)snprintf(keys + len, sizeof keys - len, n ? " %s" : "%s", found[n].key);
  ws_sendf(from, "%s", keys);
  free(found);
}

static void walk_over(ws_id from, const char *prefix) {
  ws_walk walk = {.prefix = prefix};
  unsigned count = 0;
  char last[64] = "";
  for (const ws_entry *entry; (entry = ws_store_next(&walk)); count++) snprintf(last, sizeof last, "%s", entry->key);
  ws_sendf(from, "%u, %s", count, last);
}

/* Commands on the store. Returns whether it knew the command. */
static bool obey_store(ws_id from, const char *command, char *rest) {
  if (!strcmp(command, "keep")) {
    char *text = cut(rest);
    ws_sendf(from, "%s", shown(ws_store_set(rest, text, strlen(text))));
  } else if (!strcmp(command, "kept")) {
    char *value = ws_store_get(rest, NULL);
    if (value) ws_sendf(from, "Some(\"%s\")", value);
    else ws_sendf(from, "None");
    free(value);
  } else if (!strcmp(command, "drop")) ws_sendf(from, "%s", shown(ws_store_delete(rest)));
  else if (!strcmp(command, "clear")) ws_sendf(from, "%s", shown(ws_store_clear()));
  else if (!strcmp(command, "usage")) ws_sendf(from, "%llu keys", (unsigned long long)ws_store_usage().keys);
  else if (!strcmp(command, "fill")) keep_many(from, (unsigned)atoi(rest));
  else if (!strcmp(command, "walk")) walk_over(from, rest);
  else if (!strcmp(command, "keys")) {
    char *after = cut(rest);
    send_keys(from, rest, *after ? after : NULL);
  } else return false;
  return true;
}

/* Commands on one client: the id that begins the line, or else the sender. Returns whether it knew the command. */
static bool obey_client(ws_id from, const char *command, char *rest) {
  ws_id id = from;
  char *last = rest;
  if (isdigit((unsigned char)*rest)) {
    last = cut(rest);
    id = strtoull(rest, NULL, 10);
  }
  size_t len;
  if (!strcmp(command, "send")) ws_sendf(from, "%s", shown(ws_sendf(id, "%s", last)));
  else if (!strcmp(command, "get")) describe(from, id);
  else if (!strcmp(command, "online")) ws_sendf(from, "%s", ws_is_online(id) ? "true" : "false");
  else if (!strcmp(command, "topics")) list_topics(from, id);
  else if (!strcmp(command, "close")) close_one(from, id, last);
  else if (!strcmp(command, "attach")) ws_sendf(from, "%s", shown(ws_set_attachment(id, last, strlen(last))));
  else if (!strcmp(command, "attachment")) {
    char *data = ws_attachment(id, &len);
    if (data) ws_sendf(from, "Some(\"%.*s\")", (int)len, data);
    else ws_sendf(from, "None");
    free(data);
  } else return false;
  return true;
}

void ws_on_message(ws_id from, ws_message message) {
  messages++;
  if (!message.is_text) {
    ws_send(from, message);
    return;
  }
  char *line = strndup(message.data, message.len);
  char *rest = cut(line);
  if (obey_asking(from, line, rest) || obey_plain(from, line, rest) || obey_rooms(from, line, rest)) return free(line);
  if (!strcmp(line, "say")) ws_sendf(from, "%s", rest);
  else if (!strcmp(line, "messages")) ws_sendf(from, "%u since Some(StartReason::%s)", messages, started);
  else if (!strcmp(line, "print")) puts(rest);
  else if (!strcmp(line, "panic")) fail(from, rest);
  else if (!strcmp(line, "spin")) for (volatile int n = 0;; n++);
  else if (!obey_room(from, line, rest) && !obey_store(from, line, rest) && !obey_client(from, line, rest)) ws_sendf(from, "no such command: %s", line);
  free(line);
}

void ws_on_upgrade(const ws_request *request, ws_decision *decision) {
  if (ws_is(request->path, "/refuse")) decision->refuse = 418;
  else if (ws_is(request->path, "/refuse-in-words")) {
    static const char *const headers[] = {"www-authenticate", "Bearer", "content-type", "text/html", NULL};
    static const char body[] = "<p>Who are you?</p>";
    decision->refuse = 401, decision->headers = headers, decision->body = body, decision->body_len = sizeof body - 1;
  } else if (request->path.len > 6 && !memcmp(request->path.ptr, "/user/", 6)) {
    static char user[sizeof decision->user], attachment[300];
    static const char *const headers[] = {"x-user", user, NULL};
    snprintf(user, sizeof user, "%.*s", (int)request->path.len - 6, (char *)request->path.ptr + 6);
    memcpy(decision->user, user, sizeof user);
    decision->headers = headers;
    decision->attachment_len = (size_t)snprintf(attachment, sizeof attachment, "%s of the gate", user);
    decision->attachment = attachment;
  } else if (ws_is(request->path, "/no-return") && request->resumes) decision->refuse = 410;
  else if (ws_is(request->path, "/close")) decision->close = 4001, decision->reason = "not you";
  else if (ws_is(request->path, "/panic")) ws_fail("told to fail in the gate");
  else if (ws_is(request->path, "/subprotocol")) decision->subprotocol = request->subprotocols.ptr[request->subprotocols.len - 1];
}

const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) {
  (void)saved;
  started = REASONS[reason];
  return NULL;
}

/* Tells the subscribers of the topic `presence`. */
static void tell_presence(const char *what, ws_id id) {
  char text[64];
  int len = snprintf(text, sizeof text, "%s %llu online=%s", what, (unsigned long long)id, ws_is_online(id) ? "true" : "false");
  ws_publish("presence", ws_text(text, (size_t)len));
}

void ws_on_line_lost(ws_id id) { tell_presence("lost", id); }
void ws_on_line_back(ws_id id) { tell_presence("back", id); }

void ws_on_drain(ws_id id) { ws_sendf(id, "drained"); }

void ws_on_timer(uint64_t timer, const char *data, size_t len) {
  ws_broadcastf("timer %llu %.*s", (unsigned long long)timer, (int)len, data);
}
