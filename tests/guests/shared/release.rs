//! One release of a counter. It answers each message with the release's name, the message and the room's message count.
//! The including crate defines the constants and functions that differ between releases.

use super::{EXTRA_STATE, RELEASE, before_answer, check};
use ws_guest::{App, ClientId, Lifecycle, Message, Saved, StartReason, send};

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
        send(from, format!("{RELEASE} {text} {}", self.total)).ok();
    }
}

impl Lifecycle for Counter {
    fn on_start(&mut self, reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        if let Some(saved) = saved {
            check(reason, &saved.version)?;
            let bytes = saved.data.get(..8).and_then(|bytes| bytes.try_into().ok());
            self.total = u64::from_le_bytes(bytes.ok_or("the saved state is too short")?);
        }
        Ok(())
    }

    fn snapshot(&self) -> Saved {
        let mut data = self.total.to_le_bytes().to_vec();
        data.resize(8 + EXTRA_STATE, 0);
        Saved { version: RELEASE.to_owned(), data }
    }
}
