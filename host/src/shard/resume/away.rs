//! The clients of a shard that have no line, and come back or not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::kept::{KeptSession, Stage};
use crate::shard::clock::Moment;
use crate::types::network;

/// The memory of a client that is away, without the messages that wait for it.
const MEMBER_BYTES: usize = 2048;

/// The sessions that wait for a line, the longest away first.
#[derive(Debug, Default)]
pub(super) struct Away {
    sessions: BTreeMap<u64, Waiting>,
    by_address: BTreeSet<(IpAddr, u64)>,
    last: u64,
    bytes: usize,
}

/// A session without a line, and the bytes of the messages that wait for its client.
#[derive(Debug)]
struct Waiting(Rc<KeptSession>, usize);

impl Away {
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Their memory, with the messages that wait for them.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A client has lost its line, and messages of this many bytes wait for it.
    pub(super) fn add(&mut self, session: &Rc<KeptSession>, bytes: usize, now: Moment) {
        self.last += 1;
        session.set_stage(Stage::Away(now, self.last));
        self.by_address.insert((address(session), self.last));
        self.bytes += MEMBER_BYTES + bytes;
        self.sessions.insert(self.last, Waiting(Rc::clone(session), bytes));
    }

    /// Another message waits for one of them.
    pub(super) fn note_kept(&mut self, session: &KeptSession, bytes: usize) {
        if let Stage::Away(_, number) = session.stage()
            && let Some(Waiting(_, waiting)) = self.sessions.get_mut(&number)
        {
            *waiting += bytes;
            self.bytes += bytes;
        }
    }

    /// A session has a line, or is over. Returns the bytes of the messages that waited, if its client was away.
    pub(super) fn remove(&mut self, session: &KeptSession, next: Stage) -> Option<usize> {
        let Stage::Away(_, number) = session.stage() else {
            session.set_stage(next);
            return None;
        };
        session.set_stage(next);
        self.by_address.remove(&(address(session), number));
        let Waiting(_, bytes) = self.sessions.remove(&number)?;
        self.bytes -= MEMBER_BYTES + bytes;
        Some(bytes)
    }

    /// Those that have been away for this long.
    pub(super) fn overdue(&self, now: Moment, keep: Duration) -> Vec<Rc<KeptSession>> {
        let is_overdue =
            |session: &&Rc<KeptSession>| matches!(session.stage(), Stage::Away(since, _) if now.since(since) >= keep);
        self.all().take_while(is_overdue).cloned().collect()
    }

    /// The shard stood still for this long, and nobody could come back.
    pub(super) fn excuse(&self, held_up: Duration) {
        for session in self.all() {
            if let Stage::Away(since, number) = session.stage() {
                session.set_stage(Stage::Away(since + held_up, number));
            }
        }
    }

    /// The one that has been away for the longest time.
    pub(super) fn first(&self) -> Option<Rc<KeptSession>> {
        self.all().next().cloned()
    }

    /// The first of an address of which more than this number are away.
    pub(super) fn first_beyond(&self, most: usize, address: IpAddr) -> Option<Rc<KeptSession>> {
        let theirs = || self.by_address.range((address, 0)..=(address, u64::MAX));
        let (_, first) = theirs().next()?;
        (theirs().count() > most).then(|| self.sessions.get(first).map(|Waiting(session, _)| Rc::clone(session)))?
    }

    /// All of them, the longest away first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rc<KeptSession>> {
        self.sessions.values().map(|Waiting(session, _)| session)
    }
}

fn address(session: &KeptSession) -> IpAddr {
    network(session.member().client.address.ip())
}
