//! The families of what flows faster than it is taken.

use super::Metrics;
use super::text::Text;

impl Metrics {
    pub(super) fn write_pressure(&self, text: &mut Text) {
        text.gauge("ws_host_blocked_clients", "Clients of which the kernel takes nothing more for now: they read too slowly.")
            .value(self.sum(|shard| shard.pressure.blocked_clients));
        text.counter("ws_host_blocked_writes_total", "Times that a client's socket did not take everything.")
            .value(self.sum(|shard| shard.pressure.blocked_writes));
        text.counter(
            "ws_host_soft_limit_passed_total",
            "Messages that have taken a client over its soft limit: `send` said backpressure.",
        )
        .value(self.sum(|shard| shard.pressure.over_soft));
        text.counter(
            "ws_host_reads_held_back_total",
            "Times that a client was not read further, because the mailbox of its room was full.",
        )
        .value(self.sum(|shard| shard.pressure.held_back));
        text.gauge("ws_host_outbox_bytes", "Bytes that wait to be written to all clients.")
            .value(self.sum(|shard| shard.pressure.outbox_bytes));
        text.gauge("ws_host_mailbox_inputs", "Inputs that wait for all rooms.").value(self.sum(|shard| shard.pressure.inputs));
        text.gauge("ws_host_mailbox_inputs_max", "The most inputs that wait for one room.")
            .value(self.numbers().map(|shard| shard.pressure.most_inputs).max().unwrap_or(0));
        text.gauge("ws_host_mailbox_bytes", "Memory of the inputs that wait for all rooms.")
            .value(self.sum(|shard| shard.pressure.input_bytes));
    }
}
