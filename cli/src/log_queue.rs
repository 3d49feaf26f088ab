//! The queue of log lines for stderr.
//!
//! A thread that logs only adds its line to the queue; the queue's own thread writes. So a reader of stderr that stalls or
//! goes away blocks neither a shard nor the end of the process.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The queue holds at most this many bytes. Further lines are dropped and counted. An instance writes at most 2 MiB a second.
const MAX_BYTES: usize = 1 << 20;
/// The end of the process waits this long for a stalled reader.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The queued lines, in order. A clone costs a reference count.
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
    /// Lines dropped since the last report of their number.
    left_out: u64,
    /// Whether the thread is writing lines that it has taken out.
    writing: bool,
}

impl LogQueue {
    /// Creates a queue and starts the thread that writes its lines to stderr.
    ///
    /// # Errors
    /// The thread cannot be started.
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

    /// Waits until all queued lines are written, but at most a second.
    pub fn flush(&self) {
        let waiting = self.lock();
        let unwritten = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
        drop(self.shared.emptied.wait_timeout_while(waiting, FLUSH_TIMEOUT, unwritten));
    }

    /// Waits for lines and writes them.
    fn write_to(&self, out: &mut impl Write) {
        let waiting = self.shared.filled.wait_while(self.lock(), |waiting| waiting.lines.is_empty());
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let (lines, left_out) = (std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.left_out));
        waiting.writing = true;
        drop(waiting);
        if left_out > 0 {
            // The queue has room for this line now; it comes after the lines just taken out.
            tracing::warn!("stderr is not read fast enough: {left_out} log lines are left out");
        }
        // A failure of stderr cannot be reported anywhere.
        let _ = out.write_all(&lines);
        self.lock().writing = false;
        self.shared.emptied.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A poisoned lock is safe to use: each critical section is a few assignments that cannot panic midway.
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues one whole line, or drops and counts it if the queue is full.
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
    fn lines_are_written_in_order() {
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
    fn a_full_queue_drops_lines_and_counts_them() {
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

    /// Returns the queued bytes and the number of dropped lines.
    fn held(queue: &LogQueue) -> (usize, u64) {
        let waiting = queue.lock();
        (waiting.lines.len(), waiting.left_out)
    }
}
