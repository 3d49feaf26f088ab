//! The bodies of plain requests, read whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::http::StatusCode;
use tokio::time::timeout;

use super::endpoints::Body;
use super::upgrade::Refusal;

/// Reads bodies, up to a size each and a size together.
#[derive(Debug)]
pub struct Bodies {
    most: usize,
    most_together: usize,
    held: Arc<AtomicUsize>,
    time: Duration,
}

/// The part of a body in the size of all together, until this is dropped.
#[derive(Debug)]
pub struct Counted {
    bytes: usize,
    held: Arc<AtomicUsize>,
}

impl Bodies {
    /// Bodies of this size at most, and of this size together, each of which comes within a time.
    pub fn new(most: usize, most_together: usize, time: Duration) -> Self {
        Self { most, most_together: most_together.max(most), held: Arc::default(), time }
    }

    /// Reads a body, which counts for as long as the second part of the result exists.
    ///
    /// # Errors
    /// 413: it is too large. 503: the server holds too many. 408: it does not come in time. 400: it ends before its end.
    pub async fn read(&self, body: &mut Body) -> Result<(Bytes, Counted), Refusal> {
        // It is not read if it says so itself: a client that waits for 100 (RFC 9110 §10.1.1) does not send it then.
        if body.size_hint().lower() > self.most as u64 {
            return Err(self.too_large());
        }
        let late = || Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body of the request did not come in time");
        timeout(self.time, self.collect(body)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn collect(&self, body: &mut Body) -> Result<(Bytes, Counted), Refusal> {
        let mut counted = Counted { bytes: 0, held: Arc::clone(&self.held) };
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let broken = |_| Refusal::new(StatusCode::BAD_REQUEST, "the body of the request is broken off");
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            if whole.len() + data.len() > self.most {
                return Err(self.too_large());
            }
            if counted.add(data.len()) > self.most_together {
                return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server reads too many large requests"));
            }
            if whole.is_empty() {
                whole = BytesMut::from(data);
            } else {
                whole.extend_from_slice(&data);
            }
        }
        Ok((whole.freeze(), counted))
    }

    fn too_large(&self) -> Refusal {
        let most = self.most;
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body of the request is larger than the {most} bytes that it may have"),
        )
    }
}

impl Counted {
    /// Returns how much is held together.
    fn add(&mut self, bytes: usize) -> usize {
        self.bytes += bytes;
        self.held.fetch_add(bytes, Relaxed) + bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Empty, Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    const TIME: Duration = Duration::from_secs(30);

    /// A body that does not say how large it is.
    fn streamed(pieces: &[&'static str]) -> Body {
        let frames: Vec<_> = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
    }

    fn whole(text: &'static str) -> Body {
        Full::from(text).map_err(|never| match never {}).boxed_unsync()
    }

    async fn status(bodies: &Bodies, mut body: Body) -> Result<Bytes, u16> {
        bodies.read(&mut body).await.map(|(body, _)| body).map_err(|refusal| refusal.status.as_u16())
    }

    #[tokio::test]
    async fn a_body_may_have_as_many_bytes_as_the_limit() {
        let bodies = Bodies::new(10, 100, TIME);
        assert_eq!(status(&bodies, streamed(&["01234", "56789"])).await, Ok("0123456789".into()));
        assert_eq!(status(&bodies, Empty::new().map_err(|never| match never {}).boxed_unsync()).await, Ok(Bytes::new()));
        assert_eq!(status(&bodies, streamed(&["01234", "567890"])).await, Err(413));
        assert_eq!(status(&bodies, whole("01234567890")).await, Err(413));
        assert_eq!(bodies.held.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn bodies_together_have_a_limit() {
        let bodies = Bodies::new(10, 15, TIME);
        let mut other = Counted { bytes: 0, held: Arc::clone(&bodies.held) };
        other.add(6);
        assert_eq!(status(&bodies, whole("0123456789")).await, Err(503));
        drop(other);
        assert!(status(&bodies, whole("0123456789")).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, hyper::Error>>()).boxed_unsync();
        assert_eq!(status(&Bodies::new(10, 15, Duration::from_millis(1)), never).await, Err(408));
    }
}
