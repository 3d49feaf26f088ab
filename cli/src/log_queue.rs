//! The queue of log lines for stderr.
//!
//! A thread that logs only adds its line to the queue; the queue's own thread writes. So a reader of stderr that stalls or
//! goes away blocks neither a shard nor the end of the process.

use std::io::{self, ErrorKind, Write};
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
    /// Lines that have not been reported yet.
    lost: Lost,
    /// Whether a failure has left half a line behind.
    is_torn: bool,
    /// Whether the thread is writing lines that it has taken out.
    writing: bool,
}

/// Numbers of lines that nobody can read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Lost {
    /// The queue was full.
    left_out: usize,
    /// They could not be written.
    unwritten: usize,
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
        let mut lines = std::mem::take(&mut waiting.lines);
        if waiting.is_torn {
            lines.insert(0, b'\n');
        }
        waiting.writing = true;
        drop(waiting);
        let rest = write(out, &lines);
        let mut waiting = self.lock();
        if let Some(last) = lines[..lines.len() - rest.len()].last() {
            waiting.is_torn = *last != b'\n';
        }
        // The end of a torn line is no line.
        waiting.lost.unwritten += rest.strip_prefix(b"\n").unwrap_or(rest).iter().filter(|byte| **byte == b'\n').count();
        // Only when all could be written can a report be written too. It comes after these lines.
        let lost = if rest.is_empty() { std::mem::take(&mut waiting.lost) } else { Lost::default() };
        drop(waiting);
        lost.report();
        self.lock().writing = false;
        self.shared.emptied.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A poisoned lock is safe to use: each critical section is a few assignments that cannot panic midway.
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lost {
    /// Logs the numbers.
    fn report(self) {
        if self.left_out > 0 {
            tracing::warn!("stderr is not read fast enough: {} log lines are left out", self.left_out);
        }
        if self.unwritten > 0 {
            tracing::warn!("stderr could not be written to: {} log lines are lost", self.unwritten);
        }
    }
}

/// Writes lines. Returns the rest that cannot be written.
fn write<'a>(out: &mut impl Write, lines: &'a [u8]) -> &'a [u8] {
    let mut rest = lines;
    while !rest.is_empty() {
        match out.write(rest) {
            Ok(written @ 1..) => rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    rest
}

/// Queues one whole line, or drops and counts it if the queue is full.
impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > MAX_BYTES {
            waiting.lost.left_out += 1;
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
    fn held(queue: &LogQueue) -> (usize, usize) {
        let waiting = queue.lock();
        (waiting.lines.len(), waiting.lost.left_out)
    }

    /// Takes some bytes, then fails for a while.
    struct Fails {
        taken: Vec<u8>,
        left: usize,
    }

    impl Write for Fails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.left);
            if taken == 0 {
                return Err(ErrorKind::BrokenPipe.into());
            }
            self.left -= taken;
            self.taken.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_until_one_can() {
        let mut queue = LogQueue::default();
        let mut out = Fails { taken: Vec::new(), left: 6 };
        ["one\n", "two\n", "three\n"].iter().for_each(|line| log(&mut queue, line));
        queue.write_to(&mut out);
        assert_eq!(out.taken, b"one\ntw");
        assert_eq!(queue.lock().lost, Lost { left_out: 0, unwritten: 2 });
        log(&mut queue, "four\n");
        queue.write_to(&mut out);
        assert_eq!(queue.lock().lost, Lost { left_out: 0, unwritten: 3 });
        out.left = 100;
        log(&mut queue, "five\n");
        queue.write_to(&mut out);
        assert_eq!((out.taken.as_slice(), queue.lock().lost), (&b"one\ntw\nfive\n"[..], Lost::default()));
        queue.flush();
    }
}
