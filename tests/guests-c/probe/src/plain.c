/* Plain HTTP requests to the probe, and the commands that answer them: see `tests/conformance/requests.rs`. */

#include "plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"

#define TEXT(text) (int)(text).len, (char *)(text).ptr

static void must(ws_result result) {
  if (result != WS_OK) ws_fail("%s: %s", ws_result_name(result), ws_error_text());
}

static void echo(uint64_t id, const ws_http_request *request) {
  static const char *const headers[] = {"x-probe", "yes", NULL};
  ws_string_t note = ws_header(request->headers, "X-Note");
  char body[512];
  int len = snprintf(body, sizeof body, "%.*s %.*s %.*s %.*s %s", TEXT(request->method), TEXT(request->path), TEXT(request->query), TEXT(note), (char *)request->body.ptr);
  must(ws_respond(id, (ws_response){.status = 201, .headers = headers, .body = body, .len = (size_t)len}));
}

void ws_on_request(uint64_t id, const ws_http_request *request) {
  static const char *const events[] = {"content-type", "text/event-stream", NULL};
  static const char *const broken[] = {"x-note", "a\r\nb: c", NULL};
  if (ws_is(request->path, "/echo")) {
    echo(id, request);
  } else if (ws_is(request->path, "/panic")) {
    must(ws_respondf(id, 200, "dropped"));
    ws_fail("told to panic");
  } else if (ws_is(request->path, "/events")) {
    must(ws_respond_begin(id, 200, events));
    ws_broadcastf("asked %llu", (unsigned long long)id);
  } else if (ws_is(request->path, "/broken")) {
    ws_result refused = ws_respond(id, (ws_response){.headers = broken});
    must(ws_respondf(id, 200, "%s: %s", ws_result_name(refused), ws_error_text()));
  } else {
    ws_broadcastf("asked %llu", (unsigned long long)id);
  }
}

void ws_on_request_drained(uint64_t id) { ws_broadcastf("drained %llu", (unsigned long long)id); }
void ws_on_request_gone(uint64_t id) { ws_broadcastf("gone %llu", (unsigned long long)id); }

/* Sends a number of chunks of 64 KiB. Returns the last result. */
static ws_result send_much(uint64_t id, unsigned chunks) {
  static char chunk[64 << 10];
  ws_result sent = WS_OK;
  memset(chunk, 'x', sizeof chunk);
  while (chunks--) sent = ws_respond_chunk(id, chunk, sizeof chunk);
  return sent;
}

static void list_open(ws_id from) {
  size_t count;
  ws_open_request *open = ws_requests(&count);
  for (size_t n = 0; n < count; n++) ws_sendf(from, "open %llu %s", (unsigned long long)open[n].id, open[n].has_begun ? "begun" : "waits");
  free(open);
}

bool obey_plain(ws_id from, const char *command, char *rest) {
  ws_result result;
  char *text = NULL;
  uint64_t id = strtoull(rest, &text, 10);
  if (*text == ' ') text++;
  if (!strcmp(command, "respond")) result = ws_respondf(id, 200, "%s", text);
  else if (!strcmp(command, "chunk")) result = ws_respond_chunkf(id, "%s", text);
  else if (!strcmp(command, "much")) result = send_much(id, (unsigned)atoi(text));
  else if (!strcmp(command, "end")) result = ws_respond_end(id);
  else if (!strcmp(command, "abort")) return ws_respond_abort(id), true;
  else if (!strcmp(command, "open")) return list_open(from), true;
  else return false;
  ws_sendf(from, "%s", ws_result_name(result));
  return true;
}
