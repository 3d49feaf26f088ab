//! Requests that a task awaits.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::answers::Asked;
use super::streamed::Streamed;
use crate::http::{Error, Request, Response};

/// A request that is sent when it is first awaited. Made by [`fetch`].
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct Fetch(State);

/// A request whose answer is streamed. Made by [`Fetch::streamed`].
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct FetchStreamed(State);

#[derive(Debug)]
enum State {
    New(Request, Vec<u8>),
    Asked(Asked),
    Over,
}

/// Asks a server. The future has the answer, with the whole body:
///
/// ```no_run
/// # async fn ask() -> Result<(), ws_guest::http::Error> {
/// use ws_guest::http::Request;
/// use ws_guest::task::fetch;
///
/// let page = fetch("https://api.example.com/").await?;
/// let made = fetch(Request::post("https://api.example.com/orders", "one tea").header("content-type", "text/plain")).await?;
/// println!("{} {}", page.text(), made.status);
/// # Ok(())
/// # }
/// ```
///
/// The request starts when the event ends in which the future is first awaited. It is given up when the future is dropped.
pub fn fetch(request: impl Into<Request>) -> Fetch {
    Fetch(State::New(request.into(), Vec::new()))
}

impl Fetch {
    /// The same with up to 64 KiB of context, for [`Responses::on_response`](crate::Responses::on_response) of an instance that has not
    /// asked. The context of a request that has begun does not change.
    pub fn context(mut self, context: impl Into<Vec<u8>>) -> Self {
        if let State::New(_, current) = &mut self.0 {
            *current = context.into();
        }
        self
    }

    /// The same with the body in pieces, as it arrives.
    pub fn streamed(self) -> FetchStreamed {
        FetchStreamed(self.0)
    }
}

impl Future for Fetch {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(self.0.poll(context, false)).map(|(response, _)| response))
    }
}

impl Future for FetchStreamed {
    type Output = Result<Streamed, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(self.0.poll(context, true)).map(|(response, asked)| Streamed::new(response, asked)))
    }
}

impl State {
    fn poll(&mut self, context: &mut Context<'_>, stream: bool) -> Poll<Result<(Response, Asked), Error>> {
        let mut asked = match mem::replace(self, Self::Over) {
            Self::New(request, bytes) => Asked::new(&Request { stream, ..request }, &bytes).map_err(Error::Refused)?,
            Self::Asked(asked) => asked,
            Self::Over => panic!("a request is awaited again after it has its answer"),
        };
        match asked.poll_head(context) {
            Poll::Ready(head) => Poll::Ready(head.map(|response| (response, asked)).map_err(Error::Failed)),
            Poll::Pending => {
                *self = Self::Asked(asked);
                Poll::Pending
            }
        }
    }
}
