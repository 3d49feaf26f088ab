/* Plain HTTP requests to the probe: see `tests/conformance/requests.rs`. */
#ifndef PLAIN_H
#define PLAIN_H

#include "ws_guest.h"

/* Follows a command if it answers a request, and returns whether it does. */
bool obey_plain(ws_id from, const char *command, char *rest);

#endif
