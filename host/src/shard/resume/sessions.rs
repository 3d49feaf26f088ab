//! The sessions of a shard.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::away::{Away, MESSAGE_BYTES};
use super::elsewhere::Peers;
use super::ended::Ended;
use super::kept::{KeptSession, Stage};
use crate::config::Limits;
use crate::protocol::resume::{self, Fresh, Welcome};
use crate::room::{LineId, Member};
use crate::shard::clock::Moment;
use crate::shard::ledger::Ledger;
use crate::shard::room_task::RoomTask;
use crate::types::{ClientId, CloseInfo, network};

/// The sessions of clients that have asked for one. All of it is used on one thread.
#[derive(Debug)]
pub struct Sessions {
    keep: Duration,
    limits: resume::Limits,
    max_away_bytes: usize,
    by_client: RefCell<HashMap<ClientId, Rc<KeptSession>>>,
    away: RefCell<Away>,
    ended: RefCell<Ended>,
    /// The addresses of which clients have lost their lines since the last look at what is too much.
    lost: RefCell<Vec<IpAddr>>,
    /// How the clients are closed, once the server shuts down.
    stopping: RefCell<Option<CloseInfo>>,
    stopped: Notify,
    /// The other nodes of a cluster, which have sessions of clients that come here.
    peers: OnceCell<Arc<dyn Peers>>,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(limits: &Limits) -> Self {
        let keeps = !limits.resume_for.is_zero();
        let bytes = limits.resume_bytes.min(limits.outbox_hard_bytes);
        let kept = resume::Limits { bytes, ..resume::Limits::default() };
        Self {
            keep: limits.resume_for,
            // A session that ends with its line keeps nothing.
            limits: if keeps { kept } else { resume::Limits { bytes: 0, messages: 0 } },
            max_away_bytes: limits.resume_max_bytes,
            by_client: RefCell::default(),
            away: RefCell::new(Away::new(limits.max_per_address)),
            ended: RefCell::default(),
            lost: RefCell::default(),
            stopping: RefCell::default(),
            stopped: Notify::new(),
            peers: OnceCell::new(),
        }
    }

    /// The server is a node of a cluster, if it has these peers.
    pub fn set_peers(&self, peers: Option<Arc<dyn Peers>>) {
        if let Some(peers) = peers {
            // It is called once.
            let _ = self.peers.set(peers);
        }
    }

    /// The other nodes of the cluster.
    pub fn peers(&self) -> Option<Arc<dyn Peers>> {
        self.peers.get().cloned()
    }

    /// How long a session waits for its next line. Zero if none does.
    pub fn keep_time(&self) -> Duration {
        if self.stopping.borrow().is_some() { Duration::ZERO } else { self.keep }
    }

    /// Begins the session of a client that comes over the line in this slot.
    pub fn begin(&self, member: &Arc<Member>, room: &Rc<RoomTask>, slot: u32, reason: Fresh) -> (Rc<KeptSession>, Welcome) {
        let (session, welcome) = KeptSession::begin(Arc::clone(member), Rc::clone(room), slot, reason, self.limits);
        let session = Rc::new(session);
        self.by_client.borrow_mut().insert(member.client.id, Rc::clone(&session));
        (session, welcome)
    }

    /// The session of a client.
    pub fn get(&self, client: ClientId) -> Option<Rc<KeptSession>> {
        self.by_client.borrow().get(&client).cloned()
    }

    /// Why the session of a client is not there.
    pub fn why_not(&self, client: ClientId) -> Fresh {
        self.ended.borrow().reason(client).unwrap_or(Fresh::Unknown)
    }

    /// The line in this slot is lost. Returns whether the client counts as away now. Otherwise the session is over with its line.
    pub fn lose(&self, session: &Rc<KeptSession>, line: LineId, now: Moment) -> bool {
        if self.keep_time().is_zero() || !session.lose(line.slot) {
            return false;
        }
        let (member, away) = (session.member(), LineId::away(line.shard));
        member.set_line(away);
        session.room().lines.insert(member.client.id, away.slot);
        // Nothing is on its way to the client any more: it all waits.
        member.add_waiting(session.unconfirmed_bytes());
        let mut away = self.away.borrow_mut();
        away.add(session, now);
        if away.counts_addresses() {
            self.lost.borrow_mut().push(network(member.client.address.ip()));
        }
        true
    }

    /// The client of a session that is away has an attachment of this many bytes.
    pub fn note_attachment(&self, client: ClientId, bytes: usize) {
        if let Some(session) = self.get(client) {
            self.away.borrow_mut().note(&session, 0, bytes);
        }
    }

    /// A session goes on over this line, to which its messages are queued next: see [`Sessions::is_back`]. Returns whether its client was away.
    pub fn go_on(&self, session: &KeptSession, line: LineId) -> bool {
        let member = session.member();
        let waited = self.away.borrow_mut().remove(session, Stage::Returning);
        member.sub_waiting(waited.unwrap_or(0));
        member.set_line(line);
        session.room().lines.insert(member.client.id, line.slot);
        waited.is_some()
    }

    /// The messages of a session that goes on are queued to its line. Returns false if that line is lost again.
    pub fn is_back(&self, session: &KeptSession) -> bool {
        let is_back = session.is_returning();
        if is_back {
            session.set_stage(Stage::Online);
        }
        is_back
    }

    /// Keeps a message for a client that is away. Returns false if it is too much.
    pub fn keep(&self, session: &KeptSession, frame: Bytes, bytes: usize) -> bool {
        session.keep(frame, bytes);
        self.away.borrow_mut().note(session, bytes, MESSAGE_BYTES);
        !session.is_over_limit()
    }

    /// Ends a session. Nothing more is kept for its client, whose last line may go on. Returns false if it has ended before.
    pub fn end(&self, session: &KeptSession, reason: Option<Fresh>) -> bool {
        if session.is_over() {
            return false;
        }
        let client = session.member().client.id;
        self.away.borrow_mut().remove(session, Stage::Over);
        self.by_client.borrow_mut().remove(&client);
        if let Some(reason) = reason {
            self.ended.borrow_mut().note(client, reason);
        }
        true
    }

    /// The sessions that have waited for too long.
    pub fn overdue(&self, now: Moment) -> Vec<Rc<KeptSession>> {
        self.away.borrow().overdue(now, self.keep)
    }

    /// The shard stood still for this long.
    pub fn excuse(&self, held_up: Duration) {
        self.away.borrow().excuse(held_up);
    }

    /// Whether clients have lost their lines since the last look at what is too much, or that much is kept for them.
    pub fn may_be_over(&self) -> bool {
        !self.lost.borrow().is_empty() || self.away.borrow().bytes() > self.max_away_bytes
    }

    /// A session that has to end, because too much is kept for clients that are away, or too many of one address are: the one that has
    /// been away for the longest time.
    pub fn next_excess(&self) -> Option<Rc<KeptSession>> {
        let away = self.away.borrow();
        if away.bytes() > self.max_away_bytes {
            return away.first();
        }
        let mut lost = self.lost.borrow_mut();
        while let Some(address) = lost.last() {
            if let Some(session) = away.first_beyond(*address) {
                return Some(session);
            }
            lost.pop();
        }
        None
    }

    /// From now on no session outlives its line, since the server shuts down and closes its clients like this. Returns those that wait for a line.
    pub fn stop(&self, close: CloseInfo) -> Vec<Rc<KeptSession>> {
        self.stopping.replace(Some(close));
        self.stopped.notify_waiters();
        self.all_away()
    }

    /// Resolves when no session outlives its line any more, with the way in which clients are closed.
    pub async fn stopped(&self) -> CloseInfo {
        loop {
            if let Some(close) = self.stopping.borrow().clone() {
                return close;
            }
            self.stopped.notified().await;
        }
    }

    /// Forgets all sessions, at the end of the shard. Returns the clients.
    pub fn clear(&self) -> Vec<ClientId> {
        self.away.borrow_mut().clear();
        self.by_client.take().into_keys().collect()
    }

    /// The sessions that wait for a line.
    pub fn all_away(&self) -> Vec<Rc<KeptSession>> {
        self.away.borrow().all().cloned().collect()
    }

    /// The memory of clients that are away.
    pub fn away_bytes(&self) -> usize {
        self.away.borrow().bytes()
    }

    /// How many clients are away.
    pub fn away(&self) -> usize {
        self.away.borrow().len()
    }

    /// The memory of the messages that are kept for clients.
    pub fn memory(&self) -> usize {
        self.by_client.borrow().values().map(|session| session.unconfirmed_bytes()).sum()
    }

    /// Enters this memory into a ledger.
    pub fn count(&self, ledger: &mut Ledger) {
        for (client, session) in &*self.by_client.borrow() {
            session.count(|frame| ledger.add_shared(*client, frame.as_ptr_range().end as usize, frame.len()));
        }
    }
}
