//! The clients of a shard that have no line, and come back or not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::kept::{KeptSession, Stage};
use crate::shard::clock::Moment;
use crate::types::network;

/// The memory of a client that is away, without its request, its attachment, and the messages that wait for it.
const MEMBER_BYTES: usize = 2048;
/// The memory of a message that waits, besides its bytes.
pub(super) const MESSAGE_BYTES: usize = 96;

/// The sessions that wait for a line, the longest away first.
#[derive(Debug, Default)]
pub(super) struct Away {
    sessions: BTreeMap<u64, Waiting>,
    /// The sessions of each address, if there is a limit on them.
    by_address: HashMap<IpAddr, BTreeSet<u64>>,
    max_per_address: Option<usize>,
    last: u64,
    bytes: usize,
}

/// A session without a line.
#[derive(Debug)]
struct Waiting {
    session: Rc<KeptSession>,
    /// The bytes of the messages that wait for its client.
    bytes: usize,
    /// The memory of the client besides them.
    more: usize,
}

impl Away {
    /// Nobody is away. With a limit, no more of one address may be than this.
    pub(super) fn new(max_per_address: Option<usize>) -> Self {
        Self { max_per_address, ..Self::default() }
    }

    /// Whether there is a limit on the clients of one address.
    pub(super) fn counts_addresses(&self) -> bool {
        self.max_per_address.is_some()
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.max_per_address);
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Their memory, with the messages that wait for them.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A client has lost its line. The messages that its session keeps wait for it.
    pub(super) fn add(&mut self, session: &Rc<KeptSession>, now: Moment) {
        self.last += 1;
        session.set_stage(Stage::Away(now, self.last));
        if self.counts_addresses() {
            self.by_address.entry(address(session)).or_default().insert(self.last);
        }
        let bytes = session.unconfirmed_bytes();
        let more = MEMBER_BYTES + session.member().client.request.bytes() + session.unconfirmed_count() * MESSAGE_BYTES;
        self.bytes += bytes + more;
        self.sessions.insert(self.last, Waiting { session: Rc::clone(session), bytes, more });
    }

    /// One of them takes more memory: these bytes of messages, and this many besides.
    pub(super) fn note(&mut self, session: &KeptSession, bytes: usize, more: usize) {
        if let Stage::Away(_, number) = session.stage()
            && let Some(waiting) = self.sessions.get_mut(&number)
        {
            waiting.bytes += bytes;
            waiting.more += more;
            self.bytes += bytes + more;
        }
    }

    /// A session has a line, or is over. Returns the bytes of the messages that waited, if its client was away.
    pub(super) fn remove(&mut self, session: &KeptSession, next: Stage) -> Option<usize> {
        let Stage::Away(_, number) = session.stage() else {
            session.set_stage(next);
            return None;
        };
        session.set_stage(next);
        let address = address(session);
        if let Some(theirs) = self.by_address.get_mut(&address) {
            theirs.remove(&number);
            if theirs.is_empty() {
                self.by_address.remove(&address);
            }
        }
        let Waiting { bytes, more, .. } = self.sessions.remove(&number)?;
        self.bytes -= bytes + more;
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

    /// The first of an address of which more are away than may be.
    pub(super) fn first_beyond(&self, address: IpAddr) -> Option<Rc<KeptSession>> {
        let theirs =
            self.by_address.get(&address).filter(|theirs| self.max_per_address.is_some_and(|most| theirs.len() > most))?;
        self.sessions.get(theirs.first()?).map(|waiting| Rc::clone(&waiting.session))
    }

    /// All of them, the longest away first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rc<KeptSession>> {
        self.sessions.values().map(|waiting| &waiting.session)
    }
}

fn address(session: &KeptSession) -> IpAddr {
    network(session.member().client.address.ip())
}
