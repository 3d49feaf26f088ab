//! Single records: stored behind the one that is expected, or read from the stream's leader.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::{HeaderMap, StatusCode};
use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::link::Link;
use crate::log::LogThrottle;

/// A record whose publication has no answer is not sent again before.
const PACE: Duration = Duration::from_millis(100);

/// A record counts as lost when this many looks in a row have not found it.
const LOOKS: u32 = 20;
/// The time between two such looks.
pub(super) const LOOK_PACE: Duration = Duration::from_millis(100);

/// The looks in a row that have not found a record. A server that has just begun to lead a stream may be behind.
#[derive(Debug, Default)]
pub(super) struct Doubts(AtomicU32);

impl Doubts {
    /// One more look has not found it. Returns whether it counts as lost; otherwise the next look comes after [`LOOK_PACE`].
    pub(super) fn are_enough(&self) -> bool {
        self.0.fetch_add(1, Relaxed) + 1 >= LOOKS
    }

    /// It is there.
    pub(super) fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// The answer to a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// At this sequence.
    At(u64),
    /// The subject's last record is another one than expected.
    Refused,
    /// It may be stored, or may be later.
    Unknown,
}

/// The last record of a subject could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unread;

/// Single records of JetStream.
#[derive(Debug)]
pub(super) struct Records {
    link: Link,
    refusals: LogThrottle,
}

impl Records {
    pub(super) fn new(link: Link) -> Self {
        Self { link, refusals: LogThrottle::one("records that NATS refused") }
    }

    /// Publishes a record behind the one with the expected sequence, 0 for none. Waits for the connection if it is lost.
    pub(super) async fn store(&self, subject: String, expected: u64, payload: Bytes, within: Duration) -> Stored {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        self.publish(subject, headers, payload, within).await
    }

    /// Publishes a message behind any other.
    pub(super) async fn add(&self, subject: String, payload: Bytes, within: Duration) -> Option<u64> {
        match self.publish(subject, HeaderMap::new(), payload, within).await {
            Stored::At(sequence) => Some(sequence),
            Stored::Refused | Stored::Unknown => None,
        }
    }

    async fn publish(&self, subject: String, headers: HeaderMap, payload: Bytes, within: Duration) -> Stored {
        let begun = Instant::now();
        let request = async {
            self.link.connected().await;
            self.link.client.request_with_headers(subject, headers, payload).await
        };
        let problem = match timeout(within, request).await {
            Err(_) => return Stored::Unknown,
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(message)) if message.status == Some(StatusCode::NO_RESPONDERS) => "the stream is missing".into(),
            Ok(Ok(message)) => match serde_json::from_slice(&message.payload) {
                Ok(Response::Ok::<PublishAck>(ack)) => return Stored::At(ack.sequence),
                Ok(Response::Err { error }) if is_wrong_sequence(error.error_code()) => return Stored::Refused,
                Ok(Response::Err { error }) => error.to_string(),
                Err(error) => error.to_string(),
            },
        };
        if let Some(left_out) = self.refusals.allows(Instant::now()) {
            tracing::warn!("NATS has not stored a record: {problem}; the node tries again{left_out}");
        }
        sleep(PACE.saturating_sub(begun.elapsed())).await;
        Stored::Unknown
    }

    /// The last record of a subject, read from the stream's leader.
    pub(super) async fn last(&self, stream: &str, subject: String, within: Duration) -> Result<Option<(u64, Bytes)>, Unread> {
        let read = async {
            self.link.connected().await;
            let stream = self.link.jetstream.get_stream_no_info(stream).await.map_err(|_| Unread)?;
            match stream.raw_message_builder().last_by_subject(subject).send().await {
                Ok(message) => Ok(Some((message.sequence, message.payload))),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => {
                    tracing::debug!("a record cannot be read: {error}");
                    sleep(PACE).await;
                    Err(Unread)
                }
            }
        };
        timeout(within, read).await.unwrap_or(Err(Unread))
    }

    /// The message at this sequence, with its subject. `None` if it is not there.
    pub(super) async fn at(&self, stream: &str, sequence: u64, within: Duration) -> Result<Option<(String, Bytes)>, Unread> {
        let read = async {
            self.link.connected().await;
            let stream = self.link.jetstream.get_stream_no_info(stream).await.map_err(|_| Unread)?;
            match stream.raw_message_builder().sequence(sequence).send().await {
                Ok(message) => Ok(Some((message.subject.to_string(), message.payload))),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
                Err(_) => Err(Unread),
            }
        };
        timeout(within, read).await.unwrap_or(Err(Unread))
    }

    /// Removes the messages of the subjects in this filter that come before this sequence. The next call removes what this one leaves.
    pub(super) async fn purge(&self, stream: &str, filter: String, before: u64, within: Duration) -> Result<(), Unread> {
        let purge = async {
            self.link.connected().await;
            let stream = self.link.jetstream.get_stream_no_info(stream).await.map_err(|_| Unread)?;
            stream.purge().filter(filter).sequence(before).await.map_err(|_| Unread)
        };
        timeout(within, purge).await.unwrap_or(Err(Unread)).map(drop)
    }
}

/// The second code is that of a stream with replicas, while another publication to the subject is on its way.
fn is_wrong_sequence(code: ErrorCode) -> bool {
    code == ErrorCode::STREAM_WRONG_LAST_SEQUENCE || code == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
}
