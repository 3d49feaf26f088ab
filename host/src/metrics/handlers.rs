//! The families of handlers.

use super::Metrics;
use super::text::Text;
use crate::shard::{Handler, HandlerNumbers};

impl Metrics {
    pub(super) fn write_handlers(&self, text: &mut Text) {
        let all: [HandlerNumbers; Handler::ALL.len()] = std::array::from_fn(|handler| {
            let mut sum = HandlerNumbers::default();
            self.numbers().for_each(|shard| sum += shard.handlers[handler]);
            sum
        });
        let names = Handler::ALL.map(Handler::name);
        text.counter("ws_host_handler_calls_total", "Calls of the application's handlers. `launch` is the start of an instance.")
            .by_name("handler", names, all.map(|one| one.calls));
        text.counter(
            "ws_host_handler_traps_total",
            "Calls that have failed: traps of a guest, panics or errors of a native handler.",
        )
        .by_name("handler", names, all.map(|one| one.traps));
        let mut sampled = text.histogram(
            "ws_host_handler_sampled_seconds",
            "Time from the begin of a call to its return, with its waits. Measured for about one in 64 calls of on-message, \
             on-event, on-body, on-drain and on-request-drained, and for every call of the other handlers.",
        );
        for (name, one) in names.iter().zip(&all) {
            sampled.times(("handler", name), &one.sampled);
        }
        text.counter(
            "ws_host_handler_suspended_total",
            "Calls that were suspended: they computed for 10 to 20 ms or more, or waited. Each is counted.",
        )
        .by_name("handler", names, all.map(|one| one.suspended));
        text.counter(
            "ws_host_handler_suspended_seconds_total",
            "Time of these calls from their first suspension to their end, with the turns of other rooms in between.",
        )
        .by_name("handler", names, all.map(|one| one.suspended_for.as_secs_f64()));
    }
}
