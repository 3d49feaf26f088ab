//! A connection's transport under HTTP, which its owner can look at while a room answers.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::transport::Transport;

/// How much is read behind a request whose answer is not complete. A client that sends more is cut: its end could not be seen any more.
const MAX_AHEAD_BYTES: usize = 16 << 10;
/// How much of it is read at a time.
const READ_BYTES: usize = 4 << 10;

/// A transport that HTTP and its owner share, on one task.
#[derive(Debug, Clone)]
pub struct Tap(Arc<Mutex<Tapped>>);

#[derive(Debug)]
struct Tapped {
    transport: Transport,
    /// Bytes that the owner has read, and HTTP reads next.
    ahead: BytesMut,
    /// Whether the client sends no more.
    ended: bool,
    /// Since when the client takes nothing of what is written.
    blocked_since: Option<Instant>,
    /// The bytes that HTTP has written since `hold_back`.
    held_back: Option<Vec<u8>>,
}

impl Tap {
    /// Shares a transport.
    pub fn new(transport: Transport) -> Self {
        let (ahead, ended, blocked_since, held_back) = (BytesMut::new(), false, None, None);
        Self(Arc::new(Mutex::new(Tapped { transport, ahead, ended, blocked_since, held_back })))
    }

    /// Ready when the client has gone. HTTP itself looks for that in vain: it does not read behind a request.
    ///
    /// A client that sends no more may wait for its answer (RFC 9293 §3.6). An answer without an end of its own, one that `streams`, has no other
    /// sign that its client has left: there it counts, once everything so far is written.
    pub fn poll_gone(&self, cx: &mut Context<'_>, streams: bool) -> Poll<()> {
        let tapped = &mut *self.lock();
        while !tapped.ended && tapped.ahead.len() < MAX_AHEAD_BYTES {
            let mut bytes = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut tapped.transport).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => tapped.ahead.extend_from_slice(buffer.filled()),
                Poll::Ready(Ok(())) => tapped.ended = true,
                // The end of a client that does not end its TLS session first.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => tapped.ended = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        let waits = tapped.ended && (!streams || tapped.blocked_since.is_some());
        if waits { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Whether the client has taken nothing for this long, though something was written.
    pub fn is_stalled(&self, now: Instant, most: Duration) -> bool {
        self.lock().blocked_since.is_some_and(|since| now.saturating_duration_since(since) >= most)
    }

    /// Has the kernel ask an idle client whether it is still there.
    pub fn keep_alive(&self, idle: Duration, interval: Duration) {
        self.lock().transport.keep_alive(idle, interval);
    }

    /// From now on, what HTTP writes is held back for the owner. It is the answer to a client that is let in.
    pub fn hold_back(&self) {
        self.lock().held_back.get_or_insert_default();
    }

    /// Takes the transport back, with what was read of it and not handled, and what was held back. HTTP has let go of it.
    pub fn into_parts(self) -> (Transport, Bytes, Vec<u8>) {
        let tapped = Arc::into_inner(self.0).expect("the parts of an HTTP connection are dropped before");
        let Tapped { transport, ahead, held_back, .. } = tapped.into_inner().unwrap_or_else(PoisonError::into_inner);
        (transport, ahead.freeze(), held_back.unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Tapped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, and notes whether the client takes it.
    fn write(&self, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let tapped = &mut *self.lock();
        if let Some(held_back) = &mut tapped.held_back {
            return Poll::Ready(held_back.write_vectored(slices));
        }
        let written = Pin::new(&mut tapped.transport).poll_write_vectored(cx, slices);
        match written {
            Poll::Pending => drop(tapped.blocked_since.get_or_insert_with(Instant::now)),
            Poll::Ready(_) => tapped.blocked_since = None,
        }
        written
    }
}

impl AsyncRead for Tap {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let tapped = &mut *self.lock();
        if tapped.ahead.is_empty() {
            return Pin::new(&mut tapped.transport).poll_read(cx, buffer);
        }
        let size = tapped.ahead.len().min(buffer.remaining());
        buffer.put_slice(&tapped.ahead[..size]);
        tapped.ahead.advance(size);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().transport).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().transport).poll_shutdown(cx)
    }
}
