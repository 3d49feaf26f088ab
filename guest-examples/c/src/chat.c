/* A chat: everybody sees joins, leaves and messages, chooses a name, and can whisper. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws_guest.h"

static const char HELP[] =
    "* /name Ada       from now on you are Ada\n"
    "* /msg Ada hello  says hello to Ada alone; her id works too\n"
    "* /who            who is here\n"
    "* /help           this";

enum { MAX_NAME = 24, MAX_LISTED = 100 };

/* The name of the saved state's format: a line `7 Ada` for each name. The chats in other languages use the same format, so
 * any of them can take over. */
static const char STATE[] = "chat-names-1";

/* The chosen names. A client without one is shown as guest-7. A letter takes up to 4 bytes. */
typedef struct person {
  ws_id id;
  char name[MAX_NAME * 4 + 1];
  struct person *next;
} person;

static person *people;

/* Says in the log that a message was not sent: it is too long, for example. */
static void report(ws_result sent) {
  if (sent != WS_OK) fprintf(stderr, "not sent: %s\n", sent == WS_TOO_BIG ? "too-big" : "limit");
}

typedef struct {
  char text[MAX_NAME * 4 + 1];
} name;

static name name_of(ws_id id) {
  name shown;
  snprintf(shown.text, sizeof shown.text, "guest-%llu", (unsigned long long)id);
  for (person *one = people; one; one = one->next) {
    if (one->id == id) strcpy(shown.text, one->name);
  }
  return shown;
}

static void set_name(ws_id id, const char *chosen) {
  person *one = people;
  while (one && one->id != id) one = one->next;
  if (!one) {
    one = calloc(1, sizeof *one);
    if (!one) ws_fail("out of memory");
    one->id = id;
    one->next = people;
    people = one;
  }
  snprintf(one->name, sizeof one->name, "%s", chosen);
}

static void forget(ws_id id) {
  for (person **at = &people; *at; at = &(*at)->next) {
    if ((*at)->id != id) continue;
    person *gone = *at;
    *at = gone->next;
    free(gone);
    return;
  }
}

/* Whether two names are equal, ignoring the case of ASCII letters. */
static bool same(const char *a, const char *b) {
  while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) a++, b++;
  return *a == *b;
}

static bool is_guest_name(const char *text) {
  char start[7] = {0};
  strncpy(start, text, 6);
  return same(start, "guest-");
}

/* Finds a client by its chosen name, its guest- name or its id. Returns 0 if no client matches. */
static ws_id find(const char *who) {
  for (person *one = people; one; one = one->next) {
    if (same(one->name, who)) return one->id;
  }
  const char *digits = is_guest_name(who) ? who + 6 : who;
  char *end;
  ws_id id = isdigit((unsigned char)*digits) ? strtoull(digits, &end, 10) : 0;
  return id && *end == '\0' ? id : 0;
}

/* Allows letters, digits, - and _, with a letter first, so that a name is never taken for an id. Non-ASCII characters count
 * as letters. */
static bool is_name(const char *text) {
  size_t letters = 0;
  for (const char *at = text; *at; at++) {
    unsigned char c = (unsigned char)*at;
    if (c < 0x80 && !isalnum(c) && c != '-' && c != '_') return false;
    if ((c & 0xc0) != 0x80) letters++; /* The first byte of a character. */
  }
  unsigned char first = (unsigned char)*text;
  return (isalpha(first) || first >= 0x80) && letters <= MAX_NAME;
}

static void say_who_is_here(ws_id to) {
  size_t count;
  ws_id *here = ws_clients(&count);
  size_t size = 16 + (count < MAX_LISTED ? count : MAX_LISTED) * (sizeof(name) + 32), len = 0;
  char *line = malloc(size + 32);
  if (!line) ws_fail("out of memory");
  for (size_t n = 0; n < count && n < MAX_LISTED; n++) {
    const char *before = n ? ", " : "* Here: ";
    len += (size_t)snprintf(line + len, size - len, "%s%s (%llu)", before, name_of(here[n]).text, (unsigned long long)here[n]);
  }
  if (count > MAX_LISTED) len += (size_t)snprintf(line + len, 32, " and %zu more", count - MAX_LISTED);
  ws_send(to, ws_text(line, len));
  free(line);
  free(here);
}

static void rename_client(ws_id id, const char *chosen) {
  ws_id owner = find(chosen);
  if (!is_name(chosen)) {
    ws_sendf(id, "* A name is 1 to %d letters, digits, - and _, a letter first", MAX_NAME);
  } else if ((owner && owner != id) || is_guest_name(chosen)) {
    ws_sendf(id, "* That name is taken");
  } else {
    report(ws_broadcastf("* %s is now %s", name_of(id).text, chosen));
    set_name(id, chosen);
  }
}

/* Cuts a line after its first word and returns the rest. */
static char *cut(char *line) {
  char *rest = line + strcspn(line, " ");
  if (*rest) *rest++ = '\0';
  return rest + strspn(rest, " ");
}

static void whisper(ws_id from, char *whom) {
  char *text = cut(whom);
  ws_id to = find(whom);
  if (!*text) {
    ws_sendf(from, "* To whisper: /msg Ada hello");
    return;
  }
  /* No lookup first: the host refuses the id of a client that has left or never existed. */
  ws_result sent = ws_sendf(to, "%s (to you alone): %s", name_of(from).text, text);
  if (sent == WS_OK || sent == WS_BACKPRESSURE) {
    ws_sendf(from, "You (to %s alone): %s", name_of(to).text, text);
  } else {
    ws_sendf(from, "* No one here has that name; /who lists everybody");
  }
}

/* Trims a text and removes line breaks: text after one could imitate a line of the chat's own. */
static char *one_line(ws_message message) {
  while (message.len && isspace((unsigned char)*message.data)) message.data++, message.len--;
  while (message.len && isspace((unsigned char)message.data[message.len - 1])) message.len--;
  char *line = malloc(message.len + 1);
  if (!line) ws_fail("out of memory");
  for (size_t n = 0; n < message.len; n++) line[n] = iscntrl((unsigned char)message.data[n]) ? ' ' : message.data[n];
  line[message.len] = '\0';
  return line;
}

void ws_on_new_client(const ws_client *client) {
  report(ws_broadcastf("* %s has joined", name_of(client->id).text));
  ws_sendf(client->id, "* You are %s; /help shows what you can do", name_of(client->id).text);
}

void ws_on_message(ws_id from, ws_message message) {
  if (!message.is_text) {
    report(ws_broadcast_except(message, &from, 1));
    return;
  }
  char *line = one_line(message);
  if (*line && *line != '/') {
    report(ws_broadcastf("%s: %s", name_of(from).text, line));
  } else if (*line) {
    char *rest = cut(line);
    if (!strcmp(line, "/name")) rename_client(from, rest);
    else if (!strcmp(line, "/msg")) whisper(from, rest);
    else if (!strcmp(line, "/who")) say_who_is_here(from);
    else if (!strcmp(line, "/help")) ws_sendf(from, "%s", HELP);
    else ws_sendf(from, "* Unknown command; /help lists the commands");
  }
  free(line);
}

void ws_on_client_left(ws_id id, const ws_close_info *info) {
  report(ws_broadcastf("* %s %s", name_of(id).text, info->clean ? "has left" : "has lost the connection"));
  forget(id);
}

/* Names outlive the instance when a new release takes over. */
void ws_snapshot(ws_saved *saved) {
  size_t size = 1;
  for (person *one = people; one; one = one->next) size += strlen(one->name) + 24;
  saved->version = STATE;
  saved->data = malloc(size);
  if (!saved->data) ws_fail("out of memory");
  for (person *one = people; one; one = one->next) {
    saved->len += (size_t)snprintf(saved->data + saved->len, size - saved->len, "%llu %s\n", (unsigned long long)one->id, one->name);
  }
}

const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) {
  (void)reason;
  if (!saved) return NULL;
  if (strcmp(saved->version, STATE)) return "state of an unknown format";
  char *lines = strndup(saved->data, saved->len), *rest = lines;
  for (char *line; (line = strsep(&rest, "\n")) && *line;) {
    char *chosen = cut(line);
    ws_id id = strtoull(line, NULL, 10);
    ws_client client;
    /* After a failure the state is as old as the last release: some of its clients may have left. */
    if (!ws_get(id, &client)) continue;
    ws_client_free(&client);
    set_name(id, chosen);
  }
  free(lines);
  return NULL;
}
