/* Commands on HTTP requests and on callbacks: see `tests/conformance/http.rs` and `http/callbacks.rs`. */
#ifndef ASKING_H
#define ASKING_H

#include "ws_guest.h"

/* Follows a command if it is one of these, and returns whether it is. */
bool obey_asking(ws_id from, const char *command, char *rest);

/* Cuts a line behind its first word, and returns the rest. */
char *cut(char *line);

#endif
