//! The last lines of the log, for readers beside stderr.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

/// The lines that are kept.
const MAX_LINES: usize = 1_000;
/// The bytes of their texts that are kept. The newest line is kept whatever its size.
const MAX_BYTES: usize = 1 << 20;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// When it was logged: a date and time in UTC, as RFC 3339 writes them.
    pub time: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The part of the program that logged it, or `guest`.
    pub target: String,
    /// The text. A backtrace adds lines to it.
    pub message: String,
    /// Its other values, such as the room.
    #[schema(value_type = Object)]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// Keeps the last lines of a log. The owner of the log adds each line; a clone costs a reference count.
///
/// It has its own lock, which is taken once for each line that is logged, and by readers. No line waits for a reader.
#[derive(Debug, Clone)]
pub struct LogTail {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    grown: Notify,
}

#[derive(Debug)]
struct Kept {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
    /// The id of the next line.
    next: u64,
}

/// Lines with the id of the first one; each further line has the next id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLines {
    /// The id of the first line.
    pub first: u64,
    /// The lines, in their order.
    pub lines: Vec<Arc<LogLine>>,
    /// How many lines before the first one are no longer kept, although the reader has not seen them.
    pub missed: u64,
}

impl Default for LogTail {
    fn default() -> Self {
        // The ids of a later process are larger, so a reader that comes back after a restart gets what is new.
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros());
        Self::from_id(u64::try_from(micros).unwrap_or(0))
    }
}

impl LogTail {
    /// A tail whose first line has this id.
    fn from_id(next: u64) -> Self {
        let kept = Kept { lines: VecDeque::new(), bytes: 0, next };
        Self { shared: Arc::new(Shared { kept: Mutex::new(kept), grown: Notify::new() }) }
    }

    /// Adds a line. The oldest ones give way.
    pub fn add(&self, line: LogLine) {
        let mut kept = self.kept();
        kept.bytes += line.bytes();
        kept.next += 1;
        kept.lines.push_back(Arc::new(line));
        while kept.lines.len() > MAX_LINES || (kept.bytes > MAX_BYTES && kept.lines.len() > 1) {
            let oldest = kept.lines.pop_front();
            kept.bytes -= oldest.map_or(0, |line| line.bytes());
        }
        drop(kept);
        self.shared.grown.notify_waiters();
    }

    /// The last lines, at most this many.
    pub fn last(&self, count: usize) -> LogLines {
        let kept = self.kept();
        let from = kept.lines.len().saturating_sub(count);
        kept.behind(from, 0)
    }

    /// The lines behind the one with this id. Waits until there is one.
    pub async fn behind(&self, id: u64) -> LogLines {
        loop {
            // Made before the look, so that it hears of a line that comes after it.
            let grown = self.shared.grown.notified();
            {
                let kept = self.kept();
                let (wanted, oldest) = (id.saturating_add(1), kept.oldest());
                if wanted < kept.next {
                    let from = usize::try_from(wanted.saturating_sub(oldest)).unwrap_or(usize::MAX);
                    return kept.behind(from, oldest.saturating_sub(wanted));
                }
            }
            grown.await;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Sums and lines change together, in steps that cannot panic midway.
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn oldest(&self) -> u64 {
        self.next - self.lines.len() as u64
    }

    fn behind(&self, from: usize, missed: u64) -> LogLines {
        LogLines { first: self.oldest() + from as u64, lines: self.lines.iter().skip(from).cloned().collect(), missed }
    }
}

impl LogLine {
    /// The size of its texts.
    fn bytes(&self) -> usize {
        let fields = self.fields.iter().map(|(name, value)| name.len() + value.as_str().map_or(8, str::len));
        self.time.len() + self.target.len() + self.message.len() + fields.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: impl Into<String>) -> LogLine {
        let (time, level, target) = (String::new(), "INFO".into(), "guest".into());
        LogLine { time, level, target, message: message.into(), fields: serde_json::Map::new() }
    }

    fn messages(lines: &LogLines) -> Vec<&str> {
        lines.lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[tokio::test]
    async fn a_reader_gets_each_line_once_in_their_order() {
        let tail = LogTail::from_id(100);
        ["one", "two", "three"].into_iter().for_each(|text| tail.add(line(text)));
        let last = tail.last(2);
        assert_eq!((last.first, messages(&last)), (101, vec!["two", "three"]));
        let behind = tail.behind(100).await;
        assert_eq!((behind.first, messages(&behind), behind.missed), (101, vec!["two", "three"], 0));
        let (next, ()) = tokio::join!(tail.behind(102), async {
            tokio::task::yield_now().await;
            tail.add(line("four"));
        });
        assert_eq!((next.first, messages(&next)), (103, vec!["four"]));
    }

    #[tokio::test]
    async fn a_reader_that_is_too_slow_is_told_how_many_lines_it_has_missed() {
        let tail = LogTail::from_id(0);
        (0..=MAX_LINES + 9).for_each(|n| tail.add(line(n.to_string())));
        let behind = tail.behind(4).await;
        assert_eq!((behind.first, behind.lines.len(), behind.missed), (10, MAX_LINES, 5));
        assert_eq!(behind.lines[0].message, "10");
    }

    #[tokio::test]
    async fn a_reader_that_returns_after_a_restart_gets_the_new_lines() {
        let before = LogTail::default().last(1).first;
        let tail = LogTail::from_id(before + 1_000_000);
        tail.add(line("one"));
        assert_eq!(messages(&tail.behind(before + 5).await), ["one"]);
    }

    #[test]
    fn large_lines_push_out_more_of_the_older_ones() {
        let tail = LogTail::from_id(0);
        tail.add(line("small"));
        (0..4).for_each(|_| tail.add(line("x".repeat(MAX_BYTES / 3))));
        let last = tail.last(9);
        // Three of them are just too many, with the other texts.
        assert_eq!((last.first, last.lines.len()), (3, 2));
        tail.add(line("x".repeat(2 * MAX_BYTES)));
        let last = tail.last(9);
        assert_eq!((last.first, last.lines.len()), (5, 1));
    }
}
