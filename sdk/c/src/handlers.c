/* The exports for clients, and the start and the state of an instance. They free the host's arguments, and flush printed text to the log. */

#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

WS_DEFAULT void ws_on_new_client(const ws_client *client) { (void)client; }
WS_DEFAULT void ws_on_message(ws_id from, ws_message message) { (void)from, (void)message; }
WS_DEFAULT void ws_on_client_left(ws_id id, const ws_close_info *info) { (void)id, (void)info; }
WS_DEFAULT const char *ws_on_start(ws_start_reason reason, const ws_saved *saved) { return (void)reason, (void)saved, NULL; }
WS_DEFAULT void ws_snapshot(ws_saved *saved) { (void)saved; }
WS_DEFAULT void ws_on_drain(ws_id id) { (void)id; }
WS_DEFAULT void ws_on_line_lost(ws_id id) { (void)id; }
WS_DEFAULT void ws_on_line_back(ws_id id) { (void)id; }

void exports_ws_host_server_handler_on_new_client(ws_client *client) {
  ws_on_new_client(client);
  ws_client_free(client);
  fflush(stdout);
}

void exports_ws_host_server_handler_on_message(ws_id from, ws_host_server_types_message_t *message) {
  ws_on_message(from, ws_inside_incoming(message));
  ws_host_server_types_message_free(message);
  fflush(stdout);
}

void exports_ws_host_server_handler_on_client_left(ws_id id, ws_close_info *info) {
  ws_on_client_left(id, info);
  ws_host_server_types_close_info_free(info);
  fflush(stdout);
}

bool exports_ws_host_server_lifecycle_on_start(uint8_t reason, exports_ws_host_server_lifecycle_saved_t *given, ws_string_t *error) {
  ws_saved saved;
  char *version = NULL;
  if (given) {
    version = strndup((char *)given->version.ptr, given->version.len);
    if (!version) ws_fail("out of memory");
    saved = (ws_saved){version, (char *)given->data.ptr, given->data.len};
  }
  const char *refused = ws_on_start((ws_start_reason)reason, given ? &saved : NULL);
  if (refused) ws_string_dup(error, refused);
  if (given) exports_ws_host_server_lifecycle_saved_free(given);
  free(version);
  fflush(stdout);
  return !refused;
}

void exports_ws_host_server_lifecycle_snapshot(exports_ws_host_server_lifecycle_saved_t *answer) {
  ws_saved saved = {"", NULL, 0};
  ws_snapshot(&saved);
  ws_string_dup(&answer->version, saved.version ? saved.version : "");
  answer->data = ws_inside_list(saved.data, saved.len);
  fflush(stdout);
}

void exports_ws_host_server_flow_on_drain(ws_id id) {
  ws_on_drain(id);
  fflush(stdout);
}

void exports_ws_host_server_presence_on_line_lost(ws_id id) {
  ws_on_line_lost(id);
  fflush(stdout);
}

void exports_ws_host_server_presence_on_line_back(ws_id id) {
  ws_on_line_back(id);
  fflush(stdout);
}
