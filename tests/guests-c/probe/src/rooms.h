/* Commands on other rooms: see `tests/conformance/rooms.rs`. */
#ifndef ROOMS_H
#define ROOMS_H

#include "ws_guest.h"

/* Follows a command if it is one of these, and returns whether it is. */
bool obey_rooms(ws_id from, const char *command, char *rest);

#endif
