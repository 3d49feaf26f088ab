/* The gate. */

#include <stdio.h>

#include "inside.h"

WS_DEFAULT void ws_on_upgrade(const ws_request *request, ws_decision *decision) { (void)request, (void)decision; }

void exports_ws_host_server_gate_on_upgrade(ws_request *request, exports_ws_host_server_gate_decision_t *answer) {
  ws_decision decision = {0};
  ws_on_upgrade(request, &decision);
  if (decision.refuse) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_REFUSE;
    answer->val.refuse.status = decision.refuse;
    answer->val.refuse.headers = ws_inside_owned_headers(decision.headers);
    answer->val.refuse.body = ws_inside_owned(decision.body, decision.body_len);
  } else if (decision.close) {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_CLOSE;
    answer->val.close.code = decision.close;
    ws_string_dup(&answer->val.close.reason, decision.reason ? decision.reason : "");
  } else {
    answer->tag = EXPORTS_WS_HOST_SERVER_GATE_DECISION_ACCEPT;
    exports_ws_host_server_gate_acceptance_t *accept = &answer->val.accept;
    accept->subprotocol.is_some = decision.subprotocol.len > 0;
    ws_string_dup_n(&accept->subprotocol.val, (char *)decision.subprotocol.ptr, decision.subprotocol.len);
    accept->user.is_some = decision.user[0] != '\0';
    ws_string_dup(&accept->user.val, decision.user);
    accept->headers = ws_inside_owned_headers(decision.headers);
    accept->attachment = ws_inside_owned(decision.attachment, decision.attachment_len);
  }
  exports_ws_host_server_gate_request_free(request);
  fflush(stdout);
}
