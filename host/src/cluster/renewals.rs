//! The renewals of the node's lease.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use ws_cluster::{Answer, Lease, Life, NodeRecord, Publication, Stop};

use super::clock::now;
use super::core::Core;
use super::link::State;
use super::records::{Doubts, LOOK_PACE, Stored, Unread};

/// The time for one renewal. It is sent again then.
const TIMEOUT: Duration = Duration::from_millis(400);

/// The end of a life, as the lease tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Stopped(Stop),
    /// The node has said farewell.
    Left,
}

/// The lease of one life.
pub(super) struct Renewals<'a> {
    core: &'a Core,
    lease: Lease,
    /// The connection, by its number, in which NATS has had the last record of the life. 0 before.
    connection: u64,
    /// Whether the last record is lost.
    doubts: Doubts,
}

impl<'a> Renewals<'a> {
    pub(super) fn new(core: &'a Core, lease: Lease) -> Self {
        Self { core, lease, connection: 0, doubts: Doubts::default() }
    }

    /// The life, once its first record is stored.
    pub(super) fn life(&self) -> Option<Life> {
        self.lease.life()
    }

    /// Publishes the first record, until it is stored or refused for good. Returns whether the life has begun.
    pub(super) async fn begin(&mut self) -> bool {
        while self.lease.life().is_none() && self.lease.stopped().is_none() {
            self.renew().await;
        }
        self.lease.stopped().is_none()
    }

    /// Renews the lease until the life is over.
    pub(super) async fn keep(&mut self) -> Ended {
        let leaving = &self.core.leaving;
        loop {
            if let Some(stop) = self.lease.stopped() {
                return Ended::Stopped(stop);
            }
            if leaving.is_cancelled() && self.farewell().await {
                return Ended::Left;
            }
            if !self.renew().await {
                let held = self.lease.held();
                let due = held.map_or(Duration::ZERO, |(since, _)| (since + self.core.timing.renew).saturating_sub(now()));
                tokio::select! {
                    () = sleep(due.max(Duration::from_millis(5))) => {}
                    () = leaving.cancelled() => {}
                }
            }
        }
    }

    /// Publishes the renewal that is due. Returns whether one was.
    async fn renew(&mut self) -> bool {
        let Some(publication) = self.lease.poll(now()) else { return false };
        let answer = self.answer(&publication).await;
        self.lease.answered(now(), &answer);
        if self.lease.life().is_some() {
            self.core.hold.set(self.lease.held());
            self.core.renewed.store(self.lease.last(), Relaxed);
        }
        true
    }

    async fn answer(&mut self, publication: &Publication<NodeRecord>) -> Answer<NodeRecord> {
        let Ok(State { connections, .. }) = timeout(TIMEOUT, self.core.link.connected()).await else { return Answer::Unknown };
        if self.lease.life().is_some() && self.connection != connections {
            match self.last().await {
                Ok(last) if self.lease.is_last(last) => {}
                Ok(last) => return self.refused(last).await,
                Err(Unread) => return Answer::Unknown,
            }
        }
        self.connection = connections;
        let subject = self.core.names.node(self.lease.number());
        match self.core.records.store(subject, publication.expected, publication.record.encode(), TIMEOUT).await {
            Stored::At(sequence) => Answer::Stored(sequence),
            Stored::Unknown => Answer::Unknown,
            Stored::Refused => match self.last().await {
                Ok(last) => self.refused(last).await,
                Err(Unread) => Answer::Unknown,
            },
        }
    }

    /// The answer when this is the number's last record. An older one than this life has stored counts when it stays.
    async fn refused(&self, last: Option<(u64, NodeRecord)>) -> Answer<NodeRecord> {
        let is_older = last.map_or(0, |(sequence, _)| sequence) < self.lease.last();
        if !is_older {
            self.doubts.clear();
        } else if !self.doubts.are_enough() {
            sleep(LOOK_PACE).await;
            return Answer::Unknown;
        }
        Answer::Refused { last }
    }

    /// The number's last record, with its sequence.
    async fn last(&self) -> Result<Option<(u64, NodeRecord)>, Unread> {
        let names = &self.core.names;
        let last = self.core.records.last(&names.nodes_stream(), names.node(self.lease.number()), TIMEOUT).await?;
        // A record of a later version is another node's.
        let read = |(sequence, record)| (sequence, NodeRecord::decode(record).unwrap_or(NodeRecord::Gone { since: 0 }));
        Ok(last.map(read))
    }

    /// Buries the own life. Returns whether it is over.
    async fn farewell(&self) -> bool {
        // A renewal without an answer comes first.
        let Some(publication) = self.lease.farewell() else { return false };
        self.core.hold.set(None);
        let subject = self.core.names.node(self.lease.number());
        let stored = self.core.records.store(subject, publication.expected, publication.record.encode(), TIMEOUT).await;
        stored != Stored::Unknown
    }
}

/// Buries another life. The answer needs no attention, since records tell.
pub(super) async fn bury(core: &Core, number: u16, publication: Publication<NodeRecord>) {
    let message = publication.record.encode();
    if let Stored::At(_) = core.records.store(core.names.node(number), publication.expected, message, TIMEOUT).await {
        tracing::warn!("node {number} has not renewed its lease, so it is taken for dead: its rooms move to other nodes");
    }
}
