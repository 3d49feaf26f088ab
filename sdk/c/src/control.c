/* The admission of new clients. */

#include "../ws_guest.h"

void ws_deny_new_clients(void) { ws_host_server_control_deny_new_clients(); }
void ws_allow_new_clients(void) { ws_host_server_control_allow_new_clients(); }
