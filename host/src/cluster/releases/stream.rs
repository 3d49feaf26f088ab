//! The records of releases, and the reports of nodes.

use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::{Ordered, OrderedConfig};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use tokio::time::timeout;
use ws_cluster::release::{Ledger, ReleaseRecord, Report};
use ws_cluster::{Answer, Publication};

use crate::cluster::core::Core;
use crate::cluster::link::State;
use crate::cluster::node::Node;
use crate::cluster::records::{Stored, Unread};
use crate::cluster::settings::ClusterError;
use crate::cluster::streams;

/// A publication or a read that takes longer is given up.
const WITHIN: Duration = Duration::from_secs(5);

/// The stream of releases of one cluster.
#[derive(Debug, Clone)]
pub(super) struct ReleaseStream {
    node: Node,
}

/// Why records of releases are of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Useless {
    /// They cannot be read now.
    Unread,
    /// The record at this sequence is of a later version, or damaged. This node cannot know what it means.
    Malformed(u64),
}

impl From<Unread> for Useless {
    fn from(Unread: Unread) -> Self {
        Self::Unread
    }
}

/// A message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Record(u64, ReleaseRecord),
    Report(Report),
}

impl ReleaseStream {
    pub(super) fn of(node: &Node) -> Self {
        Self { node: node.clone() }
    }

    /// Makes the stream if it is missing.
    pub(super) async fn ensure(&self) -> Result<(), ClusterError> {
        let Core { link, names, replicas, .. } = self.node.core();
        streams::ensure(link, names, *replicas).await
    }

    /// The connection, once it is there.
    pub(super) async fn connected(&self) -> State {
        self.node.core().link.connected().await
    }

    /// Waits until the connection is another one.
    pub(super) async fn is_other_than(&self, state: State) {
        self.node.core().link.is_other_than(state).await;
    }

    /// All records, read from the stream's leader.
    pub(super) async fn ledger(&self) -> Result<Ledger, Useless> {
        let read = async {
            let Core { link, names, .. } = self.node.core();
            link.connected().await;
            let stream = link.jetstream.get_stream_no_info(names.releases_stream()).await.map_err(|_| Unread)?;
            let (mut ledger, mut from) = (Ledger::default(), 1);
            loop {
                let message = match stream.get_first_raw_message_by_subject(names.release(), from).await {
                    Ok(message) => message,
                    Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(ledger),
                    Err(_) => return Err(Useless::Unread),
                };
                from = message.sequence + 1;
                let record = ReleaseRecord::decode(message.payload).map_err(|_| Useless::Malformed(message.sequence))?;
                ledger.push(message.sequence, record);
            }
        };
        timeout(WITHIN, read).await.unwrap_or(Err(Useless::Unread))
    }

    /// The sequence of the last record, from the stream's leader.
    pub(super) async fn last(&self) -> Result<u64, Unread> {
        let Core { records, names, .. } = self.node.core();
        let last = records.last(&names.releases_stream(), names.release(), WITHIN).await?;
        Ok(last.map_or(0, |(sequence, _)| sequence))
    }

    /// Publishes a record behind the expected one.
    pub(super) async fn publish(&self, publication: Publication<ReleaseRecord>) -> Answer<ReleaseRecord> {
        let Core { records, names, .. } = self.node.core();
        let Publication { expected, record } = publication;
        match records.store(names.release(), expected, record.encode(), WITHIN).await {
            Stored::At(sequence) => Answer::Stored(sequence),
            Stored::Unknown => Answer::Unknown,
            Stored::Refused => match records.last(&names.releases_stream(), names.release(), WITHIN).await {
                Ok(None) => Answer::Refused { last: None },
                Ok(Some((sequence, payload))) => match ReleaseRecord::decode(payload) {
                    Ok(record) => Answer::Refused { last: Some((sequence, record)) },
                    // Nothing is published behind a record that this node cannot read.
                    Err(_) => Answer::Refused { last: None },
                },
                Err(_) => Answer::Unknown,
            },
        }
    }

    /// Publishes the report of this node. Returns whether it is stored.
    pub(super) async fn report(&self, report: &Report) -> bool {
        let Core { records, names, .. } = self.node.core();
        records.add(names.took(report.life.number), report.encode(), WITHIN).await.is_some()
    }

    /// The last record and reports, then all new ones.
    pub(super) async fn messages(&self) -> Result<Ordered, String> {
        let Core { link, names, .. } = self.node.core();
        let config = OrderedConfig {
            deliver_subject: link.client.new_inbox(),
            deliver_policy: DeliverPolicy::LastPerSubject,
            filter_subjects: names.releases_subjects(),
            ..OrderedConfig::default()
        };
        let consumer = link.jetstream.create_consumer_on_stream(config, names.releases_stream()).await;
        consumer.map_err(|error| error.to_string())?.messages().await.map_err(|error| error.to_string())
    }

    /// Reads a message. `None` for a report of a later version: its node counts as one that has not reported.
    pub(super) fn entry(&self, message: async_nats::jetstream::Message) -> Result<Option<Entry>, Useless> {
        let sequence = message.info().map_err(|_| Useless::Unread)?.stream_sequence;
        let (message, _) = message.split();
        if message.subject.as_str() != self.node.core().names.release() {
            return Ok(Report::decode(message.payload).ok().map(Entry::Report));
        }
        let record = ReleaseRecord::decode(message.payload).map_err(|_| Useless::Malformed(sequence))?;
        Ok(Some(Entry::Record(sequence, record)))
    }
}
