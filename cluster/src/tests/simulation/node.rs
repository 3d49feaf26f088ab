//! A node: the machines, and the code of a host around them.

use std::collections::BTreeMap;

use bytes::Bytes;
use bytestring::ByteString;

use super::app::{App, payload};
use super::nats::{Nats, Reply, Request};
use super::oracle::Oracle;
use crate::{
    Answer as Outcome, Claim, Edge, Envelope, Lease, Letter, Life, Limits, Message, Neighbours, NodeRecord, Owner, Publication,
    RoomRecord, Standing, Stop, Time, Timing, Verdict,
};

/// Something that a node sends.
#[derive(Debug)]
pub(super) enum Out {
    Letter(Life, Bytes),
    Request(u64, Request),
}

/// Why a request was sent.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    Lease,
    LeaseRead,
    Bury,
    Find(usize),
    Claim(usize),
    ClaimRead(usize),
    Load(usize),
    Journal(usize, u64),
    JournalRead(usize, u64),
    Look(usize, u64),
    Purge,
}

/// A room at a node.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) edge: Option<Edge>,
    pub(super) serving: Option<Serving>,
    pub(super) claim: Option<Claim>,
    /// The room is this node's since this epoch, and it waits for its records, or for the records of nodes.
    pub(super) won: Option<(u64, Option<Standing>)>,
    /// The highest number of a session, and of an input of an edge that is forgotten.
    pub(super) sessions: u64,
    pub(super) idle_since: Option<Time>,
}

#[derive(Debug)]
pub(super) struct Serving {
    pub(super) owner: Owner,
    pub(super) app: App,
    /// Turns since the last whole state.
    pub(super) turns: u64,
}

/// The world around a node.
pub(super) struct Around<'a> {
    pub(super) now: Time,
    pub(super) oracle: &'a mut Oracle,
    pub(super) nats: &'a Nats,
    pub(super) setting: &'a Setting,
}

/// The settings of all nodes.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) timing: Timing,
    pub(super) limits: Limits,
    /// For each room, see [`App::new`].
    pub(super) writes_after: Vec<Option<u64>>,
}

pub(super) struct Node {
    pub(super) lease: Lease,
    pub(super) neighbours: Neighbours,
    pub(super) rooms: BTreeMap<usize, Place>,
    pub(super) out: Vec<Out>,
    /// The release of the app that it runs.
    pub(super) release: u64,
    /// Since when the node hands its rooms over.
    pub(super) draining_since: Option<Time>,
    /// Whether the process is over.
    pub(super) is_over: bool,
    requests: BTreeMap<u64, Purpose>,
    count: u64,
}

impl Node {
    pub(super) fn new(lease: Lease, timing: Timing, requests: u64) -> Self {
        Self {
            lease,
            neighbours: Neighbours::new(timing),
            rooms: BTreeMap::new(),
            out: Vec::new(),
            release: 0,
            draining_since: None,
            is_over: false,
            requests: BTreeMap::new(),
            count: requests,
        }
    }

    pub(super) fn ask(&mut self, purpose: Purpose, request: Request) {
        self.count += 1;
        self.requests.insert(self.count, purpose);
        self.out.push(Out::Request(self.count, request));
    }

    pub(super) fn place(&mut self, room: usize) -> &mut Place {
        self.rooms.entry(room).or_default()
    }

    /// The node's life, while it may serve clients.
    pub(super) fn life(&self) -> Option<Life> {
        self.lease.life().filter(|_| !self.is_over)
    }

    pub(super) fn join(&mut self, room: usize, id: u64, around: &mut Around<'_>) {
        let Some(life) = self.life() else { return };
        around.oracle.joins(id, room, life);
        let (timing, limits) = (around.setting.timing, around.setting.limits);
        let place = self.place(room);
        let edge = place.edge.get_or_insert_with(|| {
            place.sessions += 1;
            Edge::new(place.sessions, timing, limits)
        });
        edge.join(id, payload(id));
        self.poll(around);
    }

    pub(super) fn message(&mut self, room: usize, id: u64, around: &mut Around<'_>) {
        let Some(edge) = self.place(room).edge.as_mut().filter(|edge| edge.is_present(id) && !edge.is_full()) else { return };
        let client = around.oracle.clients.get_mut(&id).expect("it has joined");
        client.sent += 1;
        edge.message(id, payload(client.sent));
        self.poll(around);
    }

    pub(super) fn leave(&mut self, room: usize, id: u64, around: &mut Around<'_>) {
        let Some(edge) = &mut self.place(room).edge else { return };
        edge.leave(id, Bytes::new());
        around.oracle.clients.get_mut(&id).expect("it has joined").is_here = false;
        self.poll(around);
    }

    /// A message of another node, or of this one.
    pub(super) fn receive(&mut self, bytes: Bytes, around: &mut Around<'_>) {
        let Envelope { from, room, epoch, session, message } = Envelope::decode(bytes).expect("nodes write it");
        let room = room.parse().expect("nodes write it");
        let back = |message| Letter { to: from, epoch, session, message };
        let place = self.rooms.entry(room).or_default();
        if message.is_for_edge() {
            match &mut place.edge {
                Some(edge) if edge.session() == session || message == Message::Call => {
                    edge.receive(from, epoch, session, message);
                }
                // The owner has not heard that this session is over.
                _ if matches!(message, Message::Outputs(_)) => self.letter(room, back(Message::Bye)),
                Some(_) => {}
                None if message == Message::Call => self.letter(room, back(Message::Nobody)),
                None => {}
            }
            return self.poll(around);
        }
        let asks = matches!(message, Message::Attach);
        match &mut place.serving {
            Some(Serving { owner, .. }) if owner.epoch() == epoch || (asks && epoch < owner.epoch()) => {
                owner.receive(around.now, from, session, message, &self.neighbours);
            }
            Some(Serving { owner, .. }) if owner.epoch() > epoch => self.letter(room, back(Message::NotOwner)),
            _ if place.won.is_some() => {}
            _ => {
                self.letter(room, back(Message::NotOwner));
                // The records may name this node, by a claim that was stored late.
                if asks {
                    self.find(room);
                }
            }
        }
        self.poll(around);
    }

    pub(super) fn letter(&mut self, room: usize, letter: Letter) {
        let Some(from) = self.lease.life() else { return };
        let Letter { to, epoch, session, message } = letter;
        let room = ByteString::from(room.to_string());
        self.out.push(Out::Letter(to, Envelope { from, room, epoch, session, message }.encode()));
    }

    /// A record of a node comes over the watch.
    pub(super) fn watch(&mut self, sequence: u64, number: u16, record: NodeRecord, around: &mut Around<'_>) {
        if self.neighbours.record(around.now, sequence, number, record).is_some() {
            around.oracle.seen.count("burials", 1);
        }
        self.see();
        self.poll(around);
    }

    /// The watch has told the last records.
    pub(super) fn reconnected(&mut self, last: u64, around: &mut Around<'_>) {
        let stopped = self.neighbours.reconnected(around.now, last);
        around.oracle.seen.count("restored", usize::from(stopped.is_some()));
        self.is_over |= stopped.is_some();
        let serving = self.rooms.iter().filter_map(|(room, place)| Some((*room, place.serving.as_ref()?.owner.epoch())));
        for (room, epoch) in serving.collect::<Vec<_>>() {
            self.ask(Purpose::Look(room, epoch), Request::ReadRoom(room));
        }
        self.see();
        self.poll(around);
    }

    fn see(&mut self) {
        for place in self.rooms.values_mut() {
            if let Some(serving) = &mut place.serving {
                serving.owner.see(&self.neighbours);
            }
            if let Some(edge) = &mut place.edge {
                edge.see(&self.neighbours);
            }
        }
    }

    /// A request is answered.
    pub(super) fn reply(&mut self, id: u64, reply: Reply, around: &mut Around<'_>) {
        let Some(purpose) = self.requests.remove(&id) else { return };
        match (purpose, reply) {
            (Purpose::Bury | Purpose::Purge, _) => {}
            (Purpose::Lease, Reply::Refused) => {
                let number = self.lease.number();
                self.ask(Purpose::LeaseRead, Request::ReadNode(number));
            }
            (Purpose::Lease | Purpose::LeaseRead, reply) => {
                let answer = match reply {
                    Reply::Stored(sequence) => Outcome::Stored(sequence),
                    Reply::Node(last) => Outcome::Refused { last },
                    _ => Outcome::Unknown,
                };
                self.lease.answered(around.now, &answer);
            }
            (Purpose::Find(room), Reply::Room(last)) => {
                let last = last.as_ref().map(|(sequence, record)| (*sequence, record));
                let verdict =
                    self.rooms.entry(room).or_default().claim.as_mut().map(|claim| claim.looked(last, &self.neighbours));
                self.decided(room, verdict, around);
            }
            (Purpose::Look(room, epoch), Reply::Room(last)) => {
                if let Some(serving) = self.place(room).serving.as_mut().filter(|serving| serving.owner.epoch() == epoch) {
                    serving.owner.looked(last.map(|(sequence, record)| record.epoch(sequence)));
                }
            }
            (Purpose::Look(room, epoch), _) => self.ask(Purpose::Look(room, epoch), Request::ReadRoom(room)),
            (Purpose::Find(room), _) => self.place(room).claim = None,
            (Purpose::Claim(room), Reply::Refused) => self.ask(Purpose::ClaimRead(room), Request::ReadRoom(room)),
            (Purpose::Claim(room) | Purpose::ClaimRead(room), reply) => {
                let claim = self.rooms.entry(room).or_default().claim.as_mut();
                let verdict = claim.map(|claim| claim.answered(outcome(reply), &self.neighbours));
                self.decided(room, verdict, around);
            }
            (Purpose::Load(room), reply) => self.loaded(room, reply, around),
            (Purpose::Journal(room, epoch), Reply::Refused) => {
                around.oracle.seen.count("refused commits", 1);
                self.ask(Purpose::JournalRead(room, epoch), Request::ReadRoom(room));
            }
            (Purpose::Journal(room, epoch) | Purpose::JournalRead(room, epoch), reply) => {
                if let Some(serving) = self.place(room).serving.as_mut().filter(|serving| serving.owner.epoch() == epoch) {
                    serving.owner.answered(outcome(reply));
                }
            }
        }
        self.poll(around);
    }

    pub(super) fn find(&mut self, room: usize) {
        let Some(life) = self.life() else { return };
        self.count += 1;
        let (attempt, release) = (self.count, self.release);
        let place = self.place(room);
        if place.claim.is_none() && place.won.is_none() && place.serving.is_none() {
            place.claim = Some(Claim::new(life, attempt, release));
            self.ask(Purpose::Find(room), Request::ReadRoom(room));
        }
    }

    fn decided(&mut self, room: usize, verdict: Option<Verdict>, around: &mut Around<'_>) {
        let may_claim = self.lease.is_held(around.now) && self.draining_since.is_none();
        let place = self.rooms.entry(room).or_default();
        match verdict {
            None => {}
            Some(Verdict::Owned { owner, epoch }) => {
                place.claim = None;
                if let Some(edge) = &mut place.edge {
                    edge.found(owner, epoch);
                }
            }
            Some(Verdict::Behind { release }) => {
                self.release = self.release.max(release);
                place.claim.iter_mut().for_each(|claim| claim.opens(self.release));
                around.oracle.seen.count("releases taken for a room", 1);
                self.ask(Purpose::Find(room), Request::ReadRoom(room));
            }
            Some(Verdict::Publish(_)) if !may_claim => place.claim = None,
            Some(Verdict::Publish(publication)) => self.ask(Purpose::Claim(room), Request::PublishRoom(room, publication)),
            Some(Verdict::Won { epoch }) => {
                place.claim = None;
                place.won = Some((epoch, None));
                self.ask(Purpose::Load(room), Request::LoadRoom(room));
            }
        }
    }

    fn loaded(&mut self, room: usize, reply: Reply, around: &mut Around<'_>) {
        let Some((epoch, None)) = self.place(room).won else { return };
        let Reply::Records(records) = reply else { return self.ask(Purpose::Load(room), Request::LoadRoom(room)) };
        let Ok(standing) = Standing::of(records) else {
            assert!(around.oracle.was_restored, "the records of room {room} follow from each other");
            around.oracle.broken.insert(room);
            return self.place(room).won = None;
        };
        let is_ours = standing.last == epoch;
        self.place(room).won = is_ours.then_some((epoch, Some(standing)));
    }

    /// Lets all machines do what is due.
    pub(super) fn poll(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        if let Some(publication) = self.lease.poll(now) {
            let number = self.lease.number();
            self.ask(Purpose::Lease, Request::PublishNode(number, publication));
        }
        if let Some(why) = self.lease.stopped() {
            around.oracle.seen.count("restored", usize::from(why == Stop::Restored));
            self.is_over = true;
        }
        if self.lease.life().is_none() || self.is_over {
            return;
        }
        if let Some((number, publication)) = self.neighbours.bury(now) {
            self.ask(Purpose::Bury, Request::PublishNode(number, publication));
        }
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            self.open(room, around);
            self.serve(room, around);
            self.poll_edge(room, around);
        }
        if self.draining_since.is_some() {
            self.drain(around);
        }
    }

    /// Becomes the owner of a room whose records have come.
    fn open(&mut self, room: usize, around: &mut Around<'_>) {
        let place = self.rooms.entry(room).or_default();
        let Some((epoch, Some(standing))) = &place.won else { return };
        assert!(standing.release <= self.release, "room {room} opens with the release of its state, or a later one");
        let setting = around.setting;
        let Some(owner) = Owner::new(standing.clone(), &self.neighbours, setting.timing, setting.limits) else { return };
        place.serving = Some(Serving { owner, app: App::new(*epoch, setting.writes_after[room]), turns: 0 });
        place.won = None;
    }

    /// The record that a node which ends in good order leaves.
    pub(super) fn farewell(&self) -> Option<(u16, Publication<NodeRecord>)> {
        self.lease.farewell().map(|publication| (self.lease.number(), publication))
    }
}

fn outcome(reply: Reply) -> Outcome<RoomRecord> {
    match reply {
        Reply::Stored(sequence) => Outcome::Stored(sequence),
        Reply::Room(last) => Outcome::Refused { last },
        _ => Outcome::Unknown,
    }
}
