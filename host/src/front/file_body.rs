//! The body of an answer with a file, as it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::progress::Held;

/// A body that is read as its client takes it. While it lasts, the connection is held, so that a client which takes nothing is cut.
#[derive(Debug)]
pub struct FileBody {
    file: UnsyncBoxBody<Bytes, io::Error>,
    left: u64,
    /// The share of the memory for files.
    _permit: OwnedSemaphorePermit,
    /// Dropped last: the client has gone, or has everything.
    _held: Held,
}

impl FileBody {
    /// A body of this many bytes.
    pub fn new(file: UnsyncBoxBody<Bytes, io::Error>, bytes: u64, permit: OwnedSemaphorePermit, held: Held) -> Self {
        Self { file, left: bytes, _permit: permit, _held: held }
    }

    /// Whether all has come.
    pub fn is_whole(&self) -> bool {
        self.left == 0
    }

    /// How much is to come.
    pub fn size(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }

    /// The next piece.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_whole() {
            return Poll::Ready(None);
        }
        let piece = ready!(Pin::new(&mut self.file).poll_frame(cx));
        if let Some(Ok(piece)) = &piece {
            let bytes = piece.data_ref().map_or(0, Bytes::len);
            self.left = self.left.saturating_sub(bytes as u64);
        }
        Poll::Ready(piece)
    }
}
