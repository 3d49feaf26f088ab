//! The families of each shard. Their number is that of the threads.

use super::Metrics;
use super::text::Text;

impl Metrics {
    pub(super) fn write_shards(&self, text: &mut Text) {
        let mut up =
            text.gauge("ws_host_shard_up", "1 if the shard has told its numbers now, 0 if they are older: it does not answer.");
        for (shard, (_, is_of_now)) in self.shards.iter().enumerate() {
            up.labelled(&[("shard", &shard)], u8::from(*is_of_now));
        }
        let mut connections = text.gauge("ws_host_shard_connections", "Clients that are connected to the shard.");
        for (shard, numbers) in self.numbers().enumerate() {
            connections.labelled(&[("shard", &shard)], numbers.connections);
        }
        let mut busy = text.counter("ws_host_shard_busy_seconds_total", "Time for which the shard's thread had something to do.");
        for (shard, numbers) in self.numbers().enumerate() {
            busy.labelled(&[("shard", &shard)], numbers.busy.as_secs_f64());
        }
        let mut lag = text.histogram(
            "ws_host_shard_lag_seconds",
            "How late the shard's own timer ran. It is due once a second, or more often with short limits, and a timer can be a millisecond \
             late by itself.",
        );
        for (shard, numbers) in self.numbers().enumerate() {
            lag.times(("shard", &shard), &numbers.lag);
        }
    }
}
