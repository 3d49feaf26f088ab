//! A guest's stdout and stderr: each line becomes a log line that names the room.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{self, Pollable, StreamResult};

use super::last_words::{LastWords, is_vain};
use super::quota::{Dropped, Quota, Verdict};
use super::total_output::TotalOutput;
use crate::log::printable;

/// A longer line is cut into pieces of this size, so that a guest cannot have the host keep an endless one.
const MAX_LINE_BYTES: usize = 8 << 10;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputStream {
    Stdout,
    Stderr,
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// The log as the end of one of a guest's streams. All clones write to the same line and share its quota. Each stream has a
/// quota of its own, so that a flood on stdout does not drown the message of a panic.
#[derive(Debug, Clone)]
pub(super) struct Output {
    room: Arc<str>,
    stream: OutputStream,
    line: Arc<Mutex<Line>>,
    total: Arc<TotalOutput>,
}

/// The line that is not complete yet, and the quota for the next ones.
#[derive(Debug, Default)]
struct Line {
    bytes: Vec<u8>,
    quota: Quota,
    /// The end of stderr; empty for stdout.
    last_words: LastWords,
}

impl Output {
    pub(super) fn new(room: &str, stream: OutputStream, total: &Arc<TotalOutput>) -> Self {
        Self { room: (&*printable(room)).into(), stream, line: Arc::default(), total: Arc::clone(total) }
    }

    /// The end of the text since it was last forgotten, if this is stderr.
    pub(super) fn last_words(&self) -> String {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let Line { bytes, last_words, .. } = &mut *line;
        // An unfinished line counts too. It is added again when it ends, after the last use of these words.
        last_words.add(&String::from_utf8_lossy(bytes));
        last_words.as_str().to_owned()
    }

    /// Forgets the text before.
    pub(super) fn forget(&self) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).last_words.clear();
    }

    /// Logs each line that is complete, and keeps the rest.
    fn write_bytes(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(MAX_LINE_BYTES) {
                line.bytes.extend_from_slice(part);
                if line.bytes.ends_with(b"\n") || line.bytes.len() >= MAX_LINE_BYTES {
                    self.finish(&mut line);
                }
            }
        }
    }

    /// Logs the line if the quota allows it.
    fn finish(&self, line: &mut Line) {
        if self.stream == OutputStream::Stderr {
            if is_vain(&line.bytes) {
                return line.bytes.clear();
            }
            line.last_words.add(&String::from_utf8_lossy(&line.bytes));
        }
        match line.quota.ask(line.bytes.len(), Instant::now()) {
            Verdict::Log => self.log(&line.bytes),
            Verdict::LogAfter(dropped) => {
                self.log_dropped(dropped);
                self.log(&line.bytes);
            }
            Verdict::DropFirst => {
                tracing::warn!(room = &*self.room, "the guest writes too much to {}: lines are being left out", self.stream);
            }
            Verdict::Drop => {}
        }
        line.bytes.clear();
    }

    fn log_dropped(&self, Dropped { lines, bytes }: Dropped) {
        let stream = self.stream;
        tracing::warn!(room = &*self.room, "left out of the guest's {stream}: {lines} lines, {bytes} bytes");
    }

    fn log(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        // Rust begins the message of a panic with an empty line, for terminals.
        if text.is_empty() {
            return;
        }
        if !self.total.allows(line.len()) {
            return;
        }
        let text = printable(text);
        match self.stream {
            OutputStream::Stdout => tracing::info!(target: "guest", room = &*self.room, "{text}"),
            OutputStream::Stderr => tracing::warn!(target: "guest", room = &*self.room, "{text}"),
        }
    }
}

impl Drop for Output {
    /// Logs the unfinished line of an instance that ends, and the number of lines that were left out.
    fn drop(&mut self) {
        if Arc::strong_count(&self.line) > 1 {
            return;
        }
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.bytes.is_empty() {
            self.finish(&mut line);
        }
        if let Some(dropped) = line.quota.take_dropped() {
            self.log_dropped(dropped);
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn p2::OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl p2::OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.write_bytes(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_LINE_BYTES)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write_bytes(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
