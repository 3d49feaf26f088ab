//! How far a frame that asks for an answer has come: a ping, or our close frame.
//!
//! It waits behind everything that was sent before, which takes long on a slow line. Until the client's machine has it, each byte
//! that the machine acknowledges is progress. After that the client may still have to read its way to the frame, and reading is
//! progress: it moves the end of the window that the machine grants us. A machine that is gone acknowledges nothing, and a client that
//! hangs lets its window fill up. A slow one does too, and its machine opens the window in steps of some 100 kB only. So a closed window
//! excuses a client, though not without end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use super::receipt::Receipt;

/// A client that reads this much shows that it is alive, though it has not answered. A trickle does not: a proxy reads that for a
/// client that is gone.
const READS_BYTES: u32 = 4096;
/// How often in a row a closed window excuses a client.
const EXCUSES: u8 = 2;

/// The state at the last look. Numbers are bytes of the stream, modulo 2^32.
#[derive(Debug, Clone, Copy)]
enum Delivery {
    /// The frame is on its way, and has arrived when `due` is acknowledged.
    Underway { acknowledged: u32, due: u32 },
    /// The client's machine has it, and had room up to here.
    Arrived { window_end: u32 },
}

impl Delivery {
    fn new(receipt: Receipt) -> Self {
        match receipt.outstanding {
            0 => Self::Arrived { window_end: receipt.window_end },
            bytes => Self::Underway { acknowledged: receipt.acknowledged, due: receipt.acknowledged.wrapping_add(bytes) },
        }
    }

    /// Returns the new state, and whether the client has made progress.
    fn advance(self, now: Receipt) -> (Self, bool) {
        match self {
            Self::Underway { acknowledged, due } => {
                // `due` can be too high, since a packet counts as a full one: without anything outstanding, the frame is there.
                let arrived = now.outstanding == 0 || passed(now.acknowledged, due).is_some();
                let next = Self::Underway { acknowledged: now.acknowledged, due };
                let next = if arrived { Self::Arrived { window_end: now.window_end } } else { next };
                (next, now.acknowledged != acknowledged)
            }
            Self::Arrived { window_end } => match passed(now.window_end, window_end) {
                Some(READS_BYTES..) => (Self::Arrived { window_end: now.window_end }, true),
                _ => (self, false),
            },
        }
    }
}

/// By how much a position is past another, if it is not before it.
fn passed(position: u32, other: u32) -> Option<u32> {
    u32::try_from(position.wrapping_sub(other).cast_signed()).ok()
}

/// A delivery, and what excuses the client.
#[derive(Debug, Clone, Copy)]
struct Entry {
    delivery: Delivery,
    last: Receipt,
    excuses: u8,
}

/// The deliveries of one shard by the slots of their lines. Only lines that owe an answer have one.
#[derive(Debug, Default)]
pub struct Deliveries {
    known: RefCell<HashMap<u32, Entry>>,
    /// Those that were looked at in this sweep.
    looked_at: RefCell<HashMap<u32, Entry>>,
}

impl Deliveries {
    /// Looks at the delivery to the line in this slot, from a queued frame on. Returns whether the time for the answer begins anew.
    pub fn look(&self, slot: u32, queued: bool, receipt: Option<Receipt>) -> bool {
        let Some(receipt) = receipt else { return false };
        let before = self.known.borrow_mut().remove(&slot).filter(|_| !queued);
        let (delivery, progress) = match before {
            Some(entry) => entry.delivery.advance(receipt),
            None => (Delivery::new(receipt), receipt.outstanding > 0),
        };
        let excuses = before.filter(|_| !progress).map_or(0, |entry| entry.excuses);
        self.looked_at.borrow_mut().insert(slot, Entry { delivery, last: receipt, excuses });
        progress
    }

    /// Whether the client in this slot is excused for another time like this one, in which nothing has moved: its machine is there, and
    /// its window is closed.
    pub fn excuse(&self, slot: u32, time: Duration) -> bool {
        let mut entries = self.looked_at.borrow_mut();
        let Some(Entry { delivery: Delivery::Underway { .. }, last, excuses }) = entries.get_mut(&slot) else { return false };
        let is_excused = last.window_is_closed && last.quiet < time && *excuses < EXCUSES;
        *excuses += u8::from(is_excused);
        is_excused
    }

    /// Forgets the deliveries to lines that owe no answer any more.
    pub fn end_sweep(&self) {
        self.known.replace(self.looked_at.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt((acknowledged, outstanding, window): (u32, u32, u32)) -> Option<Receipt> {
        let window_end = acknowledged.wrapping_add(window);
        Some(Receipt { acknowledged, outstanding, window_end, window_is_closed: window == 0, quiet: Duration::from_secs(3) })
    }

    /// One look a sweep at the line in slot 7. Returns in which sweeps the time begins anew.
    fn looks(receipts: &[(u32, u32, u32)]) -> Vec<bool> {
        let deliveries = Deliveries::default();
        let look = |(n, numbers): (usize, &(u32, u32, u32))| {
            let progress = deliveries.look(7, n == 0, receipt(*numbers));
            deliveries.end_sweep();
            progress
        };
        receipts.iter().enumerate().map(look).collect()
    }

    #[test]
    fn each_acknowledged_byte_is_progress_until_the_frame_has_arrived() {
        let slow = [(u32::MAX - 9, 30, 0), (u32::MAX, 20, 0), (u32::MAX, 20, 0), (19, 9000, 0), (20, 9000, 0), (21, 9000, 0)];
        assert_eq!(looks(&slow), [true, true, false, true, true, false], "later bytes do not count");
    }

    #[test]
    fn a_frame_has_arrived_when_nothing_is_outstanding_though_more_was_reckoned() {
        assert_eq!(looks(&[(100, 5000, 9000), (600, 0, 9000), (600, 0, 14000)]), [true, true, true]);
    }

    #[test]
    fn a_frame_that_arrives_at_once_leaves_the_time_as_it_is() {
        assert_eq!(looks(&[(100, 0, 5000), (100, 0, 5000)]), [false, false]);
        assert!(!Deliveries::default().look(7, true, None), "nor does a kernel that cannot tell");
    }

    #[test]
    fn after_that_a_client_that_reads_makes_progress_and_a_trickle_is_none() {
        let reads = [(100, 0, 1000), (100, 0, 5095), (100, 0, 5096), (100, 0, 9000), (100, 0, 9192)];
        assert_eq!(looks(&reads), [false, false, true, false, true]);
        let smaller = [(100, 0, 9000), (100, 0, 10), (100, 0, 9001)];
        assert_eq!(looks(&smaller), [false; 3], "a window that closes is no progress, nor is one that opens again");
    }

    #[test]
    fn a_line_that_owed_no_answer_in_between_begins_anew() {
        let deliveries = Deliveries::default();
        assert!(deliveries.look(7, true, receipt((10, 50, 0))));
        deliveries.end_sweep();
        deliveries.end_sweep();
        assert!(deliveries.known.borrow().is_empty());
        assert!(deliveries.look(7, true, receipt((10, 50, 0))));
    }

    #[test]
    fn a_closed_window_excuses_a_client_twice_in_a_row_if_its_machine_is_there() {
        let (long, short) = (Duration::from_secs(4), Duration::from_secs(3));
        let deliveries = Deliveries::default();
        let excused = |queued, numbers, time| {
            deliveries.look(7, queued, receipt(numbers));
            let excused = deliveries.excuse(7, time);
            deliveries.end_sweep();
            excused
        };
        assert!(!excused(true, (10, 50, 0), short), "nothing was heard of it in this time");
        assert!(excused(false, (10, 50, 0), long));
        assert!(excused(false, (10, 50, 0), long));
        assert!(!excused(false, (10, 50, 0), long), "it hangs");
        assert!(excused(false, (20, 50, 0), long), "it has gone on");
        assert!(!excused(false, (20, 50, 9), long), "the window is open");
        assert!(!excused(true, (20, 0, 0), long), "nothing is on its way");
    }
}
