//! A guest's stdout and stderr: each line becomes a log line that names the room.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A longer line is cut into pieces of this size, so that a guest cannot have the host keep an endless one.
const MAX_LINE_BYTES: usize = 8 << 10;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// Where one of a guest's streams goes. All clones write to the same line.
#[derive(Debug, Clone)]
pub(super) struct Output {
    room: Arc<str>,
    stream: Stream,
    line: Arc<Mutex<Vec<u8>>>,
}

impl Output {
    pub(super) fn new(room: &str, stream: Stream) -> Self {
        Self { room: room.into(), stream, line: Arc::default() }
    }

    /// Logs each line that is complete, and keeps the rest.
    fn write_bytes(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(MAX_LINE_BYTES) {
                line.extend_from_slice(part);
                if line.ends_with(b"\n") || line.len() >= MAX_LINE_BYTES {
                    self.log(&line);
                    line.clear();
                }
            }
        }
    }

    fn log(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        // Rust's panics begin with one: it is for terminals.
        if text.is_empty() {
            return;
        }
        match self.stream {
            Stream::Stdout => tracing::info!(target: "guest", room = &*self.room, "{text}"),
            Stream::Stderr => tracing::warn!(target: "guest", room = &*self.room, "{text}"),
        }
    }
}

impl Drop for Output {
    /// An unfinished line of an instance that ends, by a trap perhaps, is not lost.
    fn drop(&mut self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&self.line) == 1 && !line.is_empty() {
            self.log(&line);
            line.clear();
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
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

impl OutputStream for Output {
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
