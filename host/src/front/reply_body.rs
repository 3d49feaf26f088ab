//! The body of an HTTP reply: the host's, a room's as it comes, or a file's.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::file_body::FileBody;
use super::progress::Held;
use crate::requests::{Cut, Receiver};

/// The body of a reply.
#[derive(Debug)]
pub enum ReplyBody {
    /// It is here.
    Whole(Full<Bytes>),
    /// It comes from a room.
    OfRoom(Box<RoomBody>),
    /// It is read from a file.
    OfFile(Box<FileBody>),
}

/// The body of an answer of a room.
#[derive(Debug)]
pub struct RoomBody {
    receiver: Receiver,
    /// The bytes that are still to come, if that is known.
    left: Option<usize>,
    /// Whether it is cut, once everything before has been written.
    is_cut: bool,
    /// Dropped last: the client has gone, or has everything.
    _held: Held,
}

impl RoomBody {
    /// A body of this many bytes, if that is known.
    pub fn new(receiver: Receiver, bytes: Option<usize>, held: Held) -> Self {
        Self { receiver, left: bytes, is_cut: false, _held: held }
    }
}

impl Default for ReplyBody {
    fn default() -> Self {
        Self::Whole(Full::default())
    }
}

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Self::OfRoom(body) => {
                let piece = std::task::ready!(body.receiver.poll_piece(cx));
                if matches!(piece, Some(Err(_))) && !std::mem::replace(&mut body.is_cut, true) {
                    // At an error, hyper drops the pieces that it has not written yet. Without a piece, it writes them first.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if let (Some(Ok(piece)), Some(left)) = (&piece, &mut body.left) {
                    *left = left.saturating_sub(piece.len());
                }
                Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
            }
            Self::OfFile(body) => body.poll_piece(cx).map_err(|error| {
                tracing::debug!("a static file cannot be read to its end: {error}");
                Cut
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::OfRoom(body) => body.left == Some(0),
            Self::OfFile(body) => body.is_whole(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::OfRoom(body) => body.left.map_or_else(SizeHint::default, |left| SizeHint::with_exact(left as u64)),
            Self::OfFile(body) => body.size(),
        }
    }
}
