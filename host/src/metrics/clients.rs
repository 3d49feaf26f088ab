//! The families of connections, refusals and messages.

use super::Metrics;
use super::text::Text;
use crate::close::CloseCause;
use crate::refusal::Reason;

/// The classes of HTTP statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Metrics {
    pub(super) fn write_clients(&self, text: &mut Text) {
        text.gauge("ws_host_admitting", "1 unless the owner denies new clients.").value(u8::from(self.is_admitting));
        text.gauge("ws_host_draining", "1 from the moment the server is told to end.").value(u8::from(self.is_draining));
        text.gauge("ws_host_connections", "Clients that are connected.").value(self.sum(|shard| shard.connections));
        text.gauge("ws_host_clients_away", "Clients that have lost their connection, and may come back to their sessions.")
            .value(self.sum(|shard| shard.away));
        text.gauge("ws_host_clients_away_bytes", "The memory of these clients, with the messages that wait for them.")
            .value(self.sum(|shard| shard.away_bytes));
        text.counter("ws_host_connections_accepted_total", "Connections that were accepted, whatever became of them.")
            .value(self.door.accepted);
        text.counter("ws_host_connections_opened_total", "Clients that have connected: their upgrade is complete.")
            .value(self.sum(|shard| shard.opened));
        text.counter("ws_host_connections_closed_total", "Clients that have gone, by the cause that the contract names.")
            .by_name("cause", CloseCause::ALL.map(CloseCause::name), self.sums(|shard| shard.closed));
        let of_rooms = self.sums(|shard| shard.refused);
        let refused: [u64; Reason::ALL.len()] = std::array::from_fn(|reason| of_rooms[reason] + self.door.refused[reason]);
        text.counter("ws_host_connections_refused_total", "Connections and upgrade requests that became no client, by reason.")
            .by_name("reason", Reason::ALL.map(Reason::name), refused);
        text.counter(
            "ws_host_http_responses_total",
            "Answers to HTTP requests that asked for no upgrade, by the class of the status.",
        )
        .by_name("class", CLASSES, self.door.responses);
        let totals = self.totals();
        text.counter("ws_host_messages_received_total", "Messages from clients, without control frames.")
            .value(totals.messages_in);
        text.counter("ws_host_messages_sent_total", "Messages written to clients, one for each receiver.")
            .value(totals.messages_out);
        text.counter("ws_host_received_bytes_total", "Bytes of frames from clients, within TLS.").value(totals.bytes_in);
        text.counter("ws_host_sent_bytes_total", "Bytes of frames written to clients, within TLS.").value(totals.bytes_out);
    }
}
