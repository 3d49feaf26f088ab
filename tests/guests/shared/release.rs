//! One release of a counter. It answers each message with the release's name, the message and the room's message count. `keep` keeps the count in
//! the store, for a room that fails over, and `wait MILLISECONDS` waits first.
//! The including crate defines the constants and functions that differ between releases.

use std::time::Duration;

use super::{EXTRA_STATE, RELEASE, before_answer, check};
use ws_guest::{App, ClientId, Lifecycle, Message, Saved, StartReason, send, store};

#[derive(Default)]
struct Counter {
    total: u64,
}

ws_guest::export!(Counter: Lifecycle);

impl App for Counter {
    fn on_message(&mut self, from: ClientId, message: Message) {
        before_answer();
        self.total += 1;
        let text = message.as_text().unwrap_or("");
        if text == "keep" {
            store::set("total", self.total.to_string()).ok();
        } else if let Some(millis) = text.strip_prefix("wait ") {
            std::thread::sleep(Duration::from_millis(millis.parse().unwrap_or(0)));
        }
        send(from, format!("{RELEASE} {text} {}", self.total)).ok();
    }
}

impl Lifecycle for Counter {
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        if let Some(saved) = saved {
            check(reason, &saved.version)?;
            let bytes = saved.data.get(..8).and_then(|bytes| bytes.try_into().ok());
            self.total = u64::from_le_bytes(bytes.ok_or("the saved state is too short")?);
        } else if reason == StartReason::Failover {
            let kept = store::get("total").and_then(|total| String::from_utf8(total).ok()?.parse().ok());
            self.total = kept.unwrap_or(0);
        }
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        let mut data = self.total.to_le_bytes().to_vec();
        data.resize(8 + EXTRA_STATE, 0);
        Saved { version: RELEASE.to_owned(), data }
    }
}
