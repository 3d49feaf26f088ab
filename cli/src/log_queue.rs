//! The log lines that wait to be written to stderr.
//!
//! Whoever logs only leaves its line here; a thread of its own writes. A reader of stderr that stalls or goes away
//! therefore stalls neither a shard nor the end of the process.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What may wait. Guests write at most 2 MiB a second for each instance; a reader that is further behind loses lines.
const MAX_BYTES: usize = 1 << 20;
/// How long the end of the process waits for a reader that stalls.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lines that wait, in their order. A clone costs a reference count.
#[derive(Debug, Clone, Default)]
pub struct LogQueue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Lines for which there was no room, since it was last told how many.
    left_out: u64,
    /// Whether lines that were taken out are being written.
    writing: bool,
}

impl LogQueue {
    /// A queue whose lines go to stderr.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn to_stderr() -> io::Result<Self> {
        let queue = Self::default();
        let lines = queue.clone();
        std::thread::Builder::new().name("log".into()).spawn(move || {
            loop {
                lines.write_to(&mut io::stderr());
            }
        })?;
        Ok(queue)
    }

    /// Waits until all that was logged is written, but no longer than a second.
    pub fn flush(&self) {
        let waiting = self.lock();
        let unwritten = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
        drop(self.shared.emptied.wait_timeout_while(waiting, PATIENCE, unwritten));
    }

    /// Waits for lines and writes them.
    fn write_to(&self, out: &mut impl Write) {
        let waiting = self.shared.filled.wait_while(self.lock(), |waiting| waiting.lines.is_empty());
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let (lines, left_out) = (std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.left_out));
        waiting.writing = true;
        drop(waiting);
        if left_out > 0 {
            // There is room for this line now; it comes behind those that were there before.
            tracing::warn!("stderr is not read fast enough: {left_out} log lines are left out");
        }
        // Nobody can be told when stderr is gone.
        let _ = out.write_all(&lines);
        self.lock().writing = false;
        self.shared.emptied.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic elsewhere cannot leave it half changed: each use is a few assignments.
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one whole line, or counts it if there is no room.
impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > MAX_BYTES {
            waiting.left_out += 1;
        } else {
            waiting.lines.extend_from_slice(line);
            self.shared.filled.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(queue: &mut LogQueue, line: &str) {
        queue.write_all(line.as_bytes()).expect("a queue takes every line");
    }

    #[test]
    fn lines_are_written_in_their_order() {
        let mut queue = LogQueue::default();
        log(&mut queue, "one\n");
        log(&mut queue, "two\n");
        let mut out = Vec::new();
        queue.write_to(&mut out);
        log(&mut queue, "three\n");
        queue.write_to(&mut out);
        assert_eq!(out, b"one\ntwo\nthree\n");
        queue.flush();
    }

    #[test]
    fn a_full_queue_leaves_lines_out_and_counts_them() {
        let mut queue = LogQueue::default();
        let line = "x".repeat(1 << 10);
        for _ in 0..1 << 10 {
            log(&mut queue, &line);
        }
        log(&mut queue, "too much");
        log(&mut queue, "too much");
        assert_eq!(held(&queue), (MAX_BYTES, 2));
        let mut out = Vec::new();
        queue.write_to(&mut out);
        assert_eq!((out.len(), held(&queue)), (MAX_BYTES, (0, 0)));
        log(&mut queue, "and on");
        assert_eq!(held(&queue), (6, 0));
    }

    /// The bytes that wait, and the lines that were left out.
    fn held(queue: &LogQueue) -> (usize, u64) {
        let waiting = queue.lock();
        (waiting.lines.len(), waiting.left_out)
    }
}
