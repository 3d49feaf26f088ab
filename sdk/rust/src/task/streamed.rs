//! Answers whose bodies come in pieces.

use std::future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::answers::Asked;
use crate::clients::find_header;
use crate::http::{Failure, Response};

/// An answer whose body comes in pieces, as it arrives. It is a [`Stream`] of them too.
///
/// ```no_run
/// # async fn ask(from: ws_guest::ClientId) -> Result<(), ws_guest::http::Error> {
/// # use ws_guest::{send, task::fetch};
/// let mut answer = fetch("https://api.example.com/story").streamed().await?;
/// while let Some(piece) = answer.next().await {
///     send(from, String::from_utf8_lossy(&piece?)).ok();
/// }
/// # Ok(())
/// # }
/// ```
///
/// Pieces are those of the network: one may end within a character. Those that wait to be read take memory of the instance. Dropping the
/// answer before its end gives the rest up.
#[derive(Debug)]
pub struct Streamed {
    /// The status code.
    pub status: u16,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    asked: Asked,
}

impl Streamed {
    pub(super) fn new(response: Response, asked: Asked) -> Self {
        Self { status: response.status, headers: response.headers, asked }
    }

    /// Returns the value of the first header with this name. The case of `name` does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// Waits for the next piece of the body. None behind the last one, and behind a failure.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Failure>> {
        future::poll_fn(|context| self.asked.poll_piece(context)).await
    }
}

impl Stream for Streamed {
    type Item = Result<Vec<u8>, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.asked.poll_piece(context)
    }
}
