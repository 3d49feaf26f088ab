/* Sends every message back to its sender. */

#include "ws_guest.h"

void ws_on_message(ws_id from, ws_message message) { ws_send(from, message); }
