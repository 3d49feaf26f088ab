/* Commands on HTTP requests, and what the probe tells of them: see `tests/conformance/http.rs`. */

#include "asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request of this instance. Its name is its context and the data of its callback. */
typedef struct request {
  uint64_t id;
  char name[32];
  struct request *next;
} request;

static request *requests;

static void forget(request *gone) {
  request **at = &requests;
  while (*at != gone) at = &(*at)->next;
  *at = gone->next;
  free(gone);
}

/* Tells everybody of an answer, or of a part of it. */
static void report(const char *name, const ws_answer *answer) {
  if (answer->kind == WS_RESPONSE) {
    ws_string_t type = ws_header(answer->headers, "content-type");
    const char *quote = answer->is_last ? "\"" : "";
    ws_broadcastf("%s %u %.*s%s%s%s%s", name, answer->status, type.len ? (int)type.len : 1, type.len ? (char *)type.ptr : "-", answer->is_last ? " " : "", quote,
                  answer->body, quote);
  } else if (answer->kind == WS_PIECE) {
    ws_broadcastf("%s piece \"%s\"", name, answer->body);
  } else if (answer->kind == WS_END) {
    ws_broadcastf("%s end", name);
  } else {
    ws_broadcastf("%s %s: %s", name, ws_failure_name(answer->cause), answer->detail);
  }
}

static void answered(const ws_answer *answer, void *data) {
  request *asked = data;
  report(asked->name, answer);
  if (answer->is_last) forget(asked);
}

void ws_on_orphan(const ws_answer *answer) { report(answer->context, answer); }

static void ask(const char *name, ws_fetch_request asking) {
  request *one = malloc(sizeof *one);
  if (!one) ws_fail("out of memory");
  snprintf(one->name, sizeof one->name, "%s", name);
  asking.context = one->name;
  asking.context_len = strlen(one->name);
  ws_result asked = ws_fetch(&asking, answered, one, &one->id);
  if (asked == WS_OK) {
    one->next = requests;
    requests = one;
  } else {
    ws_broadcastf("%s %s: %s", name, ws_result_name(asked), ws_error_text());
    free(one);
  }
}

static void cancel(ws_id from, const char *name) {
  request *one = requests;
  while (one && strcmp(one->name, name)) one = one->next;
  if (one) {
    ws_fetch_cancel(one->id);
    forget(one);
  }
  ws_sendf(from, "cancelled");
}

/* Broadcasts a text, and keeps it. */
static void tell(const char *text) {
  ws_broadcastf("%s", text);
  if (ws_store_setf("event", "%s", text) != WS_OK) ws_fail("the write was refused");
}

static void third_event(void *data) {
  (void)data;
  tell("third");
  ws_fail("told to fail in the third event");
}

static void second_event(const ws_answer *answer, void *data) {
  (void)data;
  char text[64];
  snprintf(text, sizeof text, "second %s", answer->body);
  tell(text);
  if (ws_after(1000, third_event, NULL, NULL) != WS_OK) ws_fail("the timer was refused");
}

static void three_events(const char *url) {
  tell("first");
  if (ws_fetch(&(ws_fetch_request){.url = url}, second_event, NULL, NULL) != WS_OK) ws_fail("%s", ws_error_text());
}

bool obey_asking(ws_id from, const char *command, char *name) {
  bool is_post = !strcmp(command, "post"), fails = !strcmp(command, "fetch-and-fail");
  if (!strcmp(command, "cancel")) {
    cancel(from, name);
  } else if (!strcmp(command, "three-events")) {
    three_events(name);
  } else if (is_post || fails || !strcmp(command, "fetch") || !strcmp(command, "stream")) {
    char *url = cut(name), *body = is_post ? cut(url) : NULL;
    const char *noted[] = {"x-note", name, NULL};
    ask(name, (ws_fetch_request){
        .url = url,
        .headers = is_post ? noted : NULL,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .stream = !strcmp(command, "stream"),
    });
    if (fails) ws_fail("told to panic");
  } else {
    return false;
  }
  return true;
}
