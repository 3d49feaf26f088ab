//! The records of one room, as JetStream has them.

use std::time::Duration;

use async_nats::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::timeout;
use ws_cluster::{Act, RoomRecord};

use super::link::Link;
use super::names::Names;
use super::pieces::{self, Head, Trouble};
use super::records::{Records, Unread};

/// Records that are asked for at once.
const BATCH: u64 = 512;
/// The time for one batch, or for one record.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// Why the records of a room are of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Useless {
    /// They cannot be read now.
    Unread,
    /// The record at this sequence is malformed, or has another version.
    Malformed(u64),
    /// The pieces of the record at this sequence are not all there.
    Incomplete(u64),
}

impl From<Unread> for Useless {
    fn from(Unread: Unread) -> Self {
        Self::Unread
    }
}

/// A record with its sequence, and that of its first piece if it is in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) sequence: u64,
    pub(super) record: RoomRecord,
    pub(super) first_piece: Option<u64>,
}

/// Reads records of rooms.
#[derive(Debug)]
pub(super) struct Chains<'a> {
    pub(super) link: &'a Link,
    pub(super) names: &'a Names,
    pub(super) records: &'a Records,
}

impl Chains<'_> {
    /// The last record of a room, read from the stream's leader.
    pub(super) async fn last(&self, room: &str) -> Result<Option<Found>, Useless> {
        match self.records.last(&self.names.rooms_stream(), self.names.room(room), TIMEOUT).await? {
            None => Ok(None),
            Some((sequence, message)) => self.complete(room, sequence, message).await.map(Some),
        }
    }

    /// The records of a room from the last whole one on, up to the claim at this sequence.
    pub(super) async fn until(&self, room: &str, claim: u64) -> Result<Vec<(u64, RoomRecord)>, Useless> {
        let mut messages = Vec::new();
        let mut next = 1;
        while next <= claim {
            let batch = self.batch(room, next).await?;
            // A copy of the stream that lags behind its leader does not have the claim yet.
            next = batch.last().ok_or(Useless::Unread)?.0 + 1;
            messages.extend(batch);
        }
        let from = messages.iter().rposition(|(_, message)| is_whole(message)).unwrap_or(0);
        let mut records = Vec::with_capacity(messages.len() - from);
        for (sequence, message) in messages.drain(from..) {
            let found = self.complete(room, sequence, message).await?;
            records.push((found.sequence, found.record));
        }
        Ok(records)
    }

    async fn complete(&self, room: &str, sequence: u64, message: Bytes) -> Result<Found, Useless> {
        let malformed = |_| Useless::Malformed(sequence);
        let Some(head) = Head::decode(&message) else {
            let record = RoomRecord::decode(message).map_err(malformed)?;
            return Ok(Found { sequence, record, first_piece: None });
        };
        let record = pieces::load(self.records, self.names, &head, room).await.map_err(|trouble| match trouble {
            Trouble::Unread => Useless::Unread,
            Trouble::Missing(_) | Trouble::Differs => Useless::Incomplete(sequence),
        })?;
        let record = RoomRecord::decode(record).map_err(malformed)?;
        Ok(Found { sequence, record, first_piece: head.first() })
    }

    /// The messages of a room from this sequence on, as many as come at once.
    async fn batch(&self, room: &str, from: u64) -> Result<Vec<(u64, Bytes)>, Useless> {
        let client = &self.link.client;
        let ask = serde_json::json!({ "seq": from, "batch": BATCH, "next_by_subj": self.names.room(room) });
        let read = async {
            self.link.connected().await;
            let inbox = client.new_inbox();
            let mut replies = client.subscribe(inbox.clone()).await.map_err(|_| Useless::Unread)?;
            let subject = format!("$JS.API.DIRECT.GET.{}", self.names.rooms_stream());
            client.publish_with_reply(subject, inbox, ask.to_string().into()).await.map_err(|_| Useless::Unread)?;
            let mut messages: Vec<(u64, Bytes)> = Vec::new();
            while let Some(reply) = replies.next().await {
                let number = |name| reply.headers.as_ref().and_then(|headers| number(headers, name));
                match reply.status {
                    None => {}
                    // The batch ends. An empty one has the status "not found".
                    Some(StatusCode::OK) | Some(_) if !messages.is_empty() => return Ok(messages),
                    Some(_) => return Err(Useless::Unread),
                }
                let Some(sequence) = number("Nats-Sequence") else { return Err(Useless::Unread) };
                // The one before has been lost on its way.
                if number("Nats-Last-Sequence").is_some_and(|last| last != messages.last().map_or(0, |(last, _)| *last)) {
                    return Err(Useless::Unread);
                }
                messages.push((sequence, reply.payload));
            }
            Err(Useless::Unread)
        };
        timeout(TIMEOUT, read).await.unwrap_or(Err(Useless::Unread))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.as_str().parse().ok()
}

fn is_whole(message: &Bytes) -> bool {
    match Head::decode(message) {
        Some(head) => head.is_whole,
        None => matches!(RoomRecord::decode(message.clone()), Ok(RoomRecord { act: Act::Commit { whole: true, .. }, .. })),
    }
}
