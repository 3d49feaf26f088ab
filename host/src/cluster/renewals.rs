//! The renewals of the node's lease.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::sleep;
use ws_cluster::{Answer, Lease, NodeRecord, Publication, Stop};

use super::clock::now;
use super::core::Core;
use super::records::Stored;

/// The time for one renewal. It is sent again then.
const TIMEOUT: Duration = Duration::from_millis(400);

/// The end of a life, as the lease tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Stopped(Stop),
    /// The node has said farewell.
    Left,
}

/// Publishes the first record, until it is stored or refused for good. Returns whether the life has begun.
pub(super) async fn begin(core: &Core, lease: &mut Lease) -> bool {
    while lease.life().is_none() && lease.stopped().is_none() {
        renew(core, lease).await;
    }
    lease.stopped().is_none()
}

/// Renews the lease until the life is over.
pub(super) async fn keep(core: &Core, lease: &mut Lease) -> Ended {
    loop {
        if let Some(stop) = lease.stopped() {
            return Ended::Stopped(stop);
        }
        if core.leaving.is_cancelled() && farewell(core, lease).await {
            return Ended::Left;
        }
        if !renew(core, lease).await {
            let due = lease.held().map_or(Duration::ZERO, |(since, _)| (since + core.timing.renew).saturating_sub(now()));
            tokio::select! {
                () = sleep(due.max(Duration::from_millis(5))) => {}
                () = core.leaving.cancelled() => {}
            }
        }
    }
}

/// Publishes the renewal that is due. Returns whether one was.
async fn renew(core: &Core, lease: &mut Lease) -> bool {
    let Some(publication) = lease.poll(now()) else { return false };
    let answer = answer(core, lease.number(), &publication).await;
    lease.answered(now(), &answer);
    if lease.life().is_some() {
        core.hold.set(lease.held());
        core.renewed.store(lease.last(), Relaxed);
    }
    true
}

async fn answer(core: &Core, number: u16, publication: &Publication<NodeRecord>) -> Answer<NodeRecord> {
    let subject = core.names.node(number);
    match core.records.store(subject.clone(), publication.expected, publication.record.encode(), TIMEOUT).await {
        Stored::At(sequence) => Answer::Stored(sequence),
        Stored::Unknown => Answer::Unknown,
        Stored::Refused => match core.records.last(&core.names.nodes_stream(), subject, TIMEOUT).await {
            Err(_) => Answer::Unknown,
            Ok(None) => Answer::Refused { last: None },
            Ok(Some((sequence, record))) => match NodeRecord::decode(record) {
                Ok(record) => Answer::Refused { last: Some((sequence, record)) },
                // A record of a later version is another node's.
                Err(_) => Answer::Refused { last: Some((sequence, NodeRecord::Gone { since: 0 })) },
            },
        },
    }
}

/// Buries the own life. Returns whether it is over.
async fn farewell(core: &Core, lease: &Lease) -> bool {
    // A renewal without an answer comes first.
    let Some(publication) = lease.farewell() else { return false };
    core.hold.set(None);
    let subject = core.names.node(lease.number());
    let stored = core.records.store(subject, publication.expected, publication.record.encode(), TIMEOUT).await;
    stored != Stored::Unknown
}

/// Buries another life. The answer needs no attention, since records tell.
pub(super) async fn bury(core: &Core, number: u16, publication: Publication<NodeRecord>) {
    let message = publication.record.encode();
    if let Stored::At(_) = core.records.store(core.names.node(number), publication.expected, message, TIMEOUT).await {
        tracing::warn!("node {number} has not renewed its lease, so it is taken for dead: its rooms move to other nodes");
    }
}
