//! The counts of messages and bytes of each line, and the log line at its end.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::ops::AddAssign;
use std::time::Duration;

use tracing::Level;

use crate::close::CloseCause;
use crate::log::printable;
use crate::types::{ClientId, CloseInfo};

/// Messages, and the bytes of all frames.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Whole messages, without control frames.
    pub messages: u64,
    /// The bytes of frames, within TLS.
    pub bytes: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, more: Self) {
        self.messages += more.messages;
        self.bytes += more.bytes;
    }
}

/// The traffic to the clients of one shard by the slots of their lines, and why lines end. A line counts here once for each write: its own
/// memory has no room for counts.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: RefCell<Vec<Count>>,
    /// The traffic to all clients so far.
    all_sent: Cell<Count>,
    /// The traffic from all clients so far.
    all_received: Cell<Count>,
    /// Why the line in each slot ends, once it does.
    causes: RefCell<Vec<Option<CloseCause>>>,
    /// Lines that are ending. Empty unless ends are logged.
    ends: RefCell<HashMap<u32, End>>,
}

/// Why a line ends.
#[derive(Debug)]
pub struct End {
    info: CloseInfo,
    /// The system's error, if the connection broke.
    error: Option<String>,
}

impl Traffic {
    /// A new line has this slot.
    pub fn begin(&self, slot: u32) {
        let mut sent = self.sent.borrow_mut();
        let slot = slot as usize;
        if sent.len() <= slot {
            sent.resize(slot + 1, Count::default());
        }
        sent[slot] = Count::default();
        let mut causes = self.causes.borrow_mut();
        if causes.len() <= slot {
            causes.resize(slot + 1, None);
        }
        causes[slot] = None;
    }

    /// Bytes have been written to the client in this slot. The messages are the ones queued since the last write.
    pub fn note_sent(&self, slot: u32, more: Count) {
        if let Some(count) = self.sent.borrow_mut().get_mut(slot as usize) {
            *count += more;
        }
        add(&self.all_sent, more);
    }

    /// Bytes, and the messages that are complete with them, have come from a client.
    pub fn note_received(&self, more: Count) {
        add(&self.all_received, more);
    }

    /// The traffic to all clients so far.
    pub fn all_sent(&self) -> Count {
        self.all_sent.get()
    }

    /// The traffic from all clients so far.
    pub fn all_received(&self) -> Count {
        self.all_received.get()
    }

    /// The traffic to the client in this slot.
    pub fn sent(&self, slot: u32) -> Count {
        self.sent.borrow().get(slot as usize).copied().unwrap_or_default()
    }

    /// The line in this slot begins to end. The first cause counts.
    pub fn note_end(&self, slot: u32, info: &CloseInfo, error: Option<&io::Error>) {
        if let Some(cause) = self.causes.borrow_mut().get_mut(slot as usize) {
            cause.get_or_insert(info.cause);
        }
        if tracing::enabled!(Level::DEBUG) {
            let end = || End { info: info.clone(), error: error.map(ToString::to_string) };
            self.ends.borrow_mut().entry(slot).or_insert_with(end);
        }
    }

    /// Why the line in this slot ends: it is lost, if nothing else was noted.
    pub fn cause(&self, slot: u32) -> CloseCause {
        self.causes.borrow().get(slot as usize).copied().flatten().unwrap_or(CloseCause::Lost)
    }

    /// Returns the cause of a line's end, once, if ends are logged.
    pub fn take_end(&self, slot: u32) -> Option<End> {
        self.ends.borrow_mut().remove(&slot)
    }
}

impl End {
    /// Logs the end of a client's line.
    pub fn log(&self, client: ClientId, after: Duration, received: Count, sent: Count) {
        let Self { info, error } = self;
        let reason = printable(&info.reason);
        tracing::debug!(
            client = client.get(),
            cause = %info.cause,
            code = info.code,
            reason = (!reason.is_empty()).then_some(&*reason),
            error = error.as_deref(),
            seconds = rounded(after).as_secs_f64(),
            messages_in = received.messages,
            bytes_in = received.bytes,
            messages_out = sent.messages,
            bytes_out = sent.bytes,
            "disconnected"
        );
    }
}

fn add(count: &Cell<Count>, more: Count) {
    let mut sum = count.get();
    sum += more;
    count.set(sum);
}

/// Whole milliseconds.
fn rounded(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_millis() * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_is_used_again_counts_from_zero() {
        let traffic = Traffic::default();
        traffic.begin(2);
        traffic.note_sent(2, Count { messages: 1, bytes: 7 });
        traffic.note_sent(2, Count { messages: 2, bytes: 8 });
        assert_eq!(traffic.sent(2), Count { messages: 3, bytes: 15 });
        assert_eq!([traffic.sent(1), traffic.sent(9)], [Count::default(); 2]);
        traffic.begin(2);
        assert_eq!(traffic.sent(2), Count::default());
    }

    #[test]
    fn an_end_is_not_kept_unless_ends_are_logged() {
        let traffic = Traffic::default();
        traffic.note_end(1, &CloseInfo::lost(), None);
        assert!(traffic.take_end(1).is_none());
    }
}
