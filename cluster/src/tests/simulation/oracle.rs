//! The invariants, checked whenever something happens.

use std::collections::{BTreeMap, BTreeSet};

use super::app::{Answer, Item, Known, number_of};
use super::nats::Nats;
use crate::{Act, Event, Input, Life, Member, RoomRecord, Start};

/// The world's knowledge of a client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) room: usize,
    pub(super) edge: Life,
    /// The number of its last message.
    pub(super) sent: u64,
    /// Whether its edge still has it.
    pub(super) is_here: bool,
    /// Messages of which its edge was told that they are not sent again.
    dropped: BTreeSet<u64>,
    /// The epoch of the last answer, and the answers of that epoch.
    epoch: u64,
    answers: usize,
    /// Whether answers were lost because the client was too slow.
    is_cut: bool,
}

/// The inputs that have counted in a room.
#[derive(Debug, Clone, Default)]
struct Room {
    known: BTreeMap<u64, Known>,
    /// The last turn that is stored, for each epoch.
    stored: BTreeMap<u64, u64>,
    is_durable: bool,
    /// The first claim of the room after it had written.
    durable_since: Option<u64>,
    /// Owners of the room that died before it was durable, and removals of its records.
    losses: usize,
}

/// The member, the event, and the number of its message.
type Played = (u64, Event, u64);

#[derive(Debug, Clone, Default)]
pub(super) struct Oracle {
    pub(super) clients: BTreeMap<u64, Client>,
    rooms: BTreeMap<usize, Room>,
    /// The answers that a room has given each client in an epoch, by their turns.
    given: BTreeMap<(usize, u64, u64), Vec<u64>>,
    /// Rooms whose records do not follow from each other.
    pub(super) broken: BTreeSet<usize>,
    /// The inputs of a room in an epoch, by their turns.
    played: BTreeMap<(usize, u64), Vec<Played>>,
    /// Whether clocks keep their promises. Otherwise a room that has never written may be split.
    pub(super) clocks_are_good: bool,
    /// Whether the streams have been restored to an older state: acknowledged messages are lost then.
    pub(super) was_restored: bool,
    pub(super) seen: Seen,
}

/// How often things have happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    pub(super) fn count(&mut self, what: &'static str, times: usize) {
        *self.0.entry(what).or_default() += times;
    }

    pub(super) fn times(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, more: &Self) {
        more.0.iter().for_each(|(what, times)| self.count(what, *times));
    }
}

impl Oracle {
    pub(super) fn joins(&mut self, id: u64, room: usize, edge: Life) {
        let (sent, epoch, answers) = (0, 0, 0);
        let client = Client { room, edge, sent, is_here: true, dropped: BTreeSet::new(), epoch, answers, is_cut: false };
        self.clients.insert(id, client);
    }

    /// The process of an edge is over, with its clients.
    pub(super) fn ends(&mut self, edge: Life) {
        self.clients.values_mut().filter(|client| client.edge == edge).for_each(|client| client.is_here = false);
    }

    pub(super) fn cut(&mut self, id: u64) {
        self.seen.count("cuts", 1);
        self.clients.get_mut(&id).expect("the client has joined").is_cut = true;
    }

    /// A room's records have been removed.
    pub(super) fn purged(&mut self, room: usize) {
        self.rooms.entry(room).or_default().losses += 1;
    }

    /// An edge is told that nobody knows whether these inputs were handled.
    pub(super) fn dropped(&mut self, room: usize, epoch: u64, inputs: &[Input]) {
        self.seen.count("dropped", inputs.len());
        let of = self.rooms.entry(room).or_default();
        assert!(of.losses > 0 || self.was_restored, "room {room} drops {inputs:?}, though no owner of it has died");
        let was_durable = of.durable_since.is_some_and(|since| epoch >= since);
        assert!(!was_durable || self.was_restored, "room {room} had written before epoch {epoch}, and drops {inputs:?}");
        for input in inputs.iter().filter(|input| input.event == Event::Message) {
            self.clients.get_mut(&input.member).expect("it has joined").dropped.insert(number_of(&input.payload));
        }
    }

    /// A record is stored.
    pub(super) fn stored(&mut self, room: usize, sequence: u64, record: &RoomRecord, before: Option<(u64, &RoomRecord)>) {
        if let Some((last, before)) = before
            && !matches!(record.act, Act::Claim { .. })
        {
            // A sequence that a restored stream gives a second time may be the expected one of a record from before. Then the chain is broken, and
            // its next reader finds that.
            let is_released = matches!(before.act, Act::Release { .. });
            let follows = record.owner == before.owner && record.epoch(sequence) == before.epoch(last) && !is_released;
            assert!(follows || self.was_restored, "room {room}: one owner's commits are accepted, {record:?} follows {before:?}");
            if !follows {
                self.broken.insert(room);
            }
        }
        match &record.act {
            Act::Claim { .. } => {
                let was_owned = before.is_some_and(|(_, before)| !matches!(before.act, Act::Release { .. }));
                let of = self.rooms.entry(room).or_default();
                of.losses += usize::from(was_owned && !of.is_durable);
                if of.is_durable {
                    of.durable_since.get_or_insert(sequence);
                }
            }
            Act::Release { .. } => {}
            Act::Commit { entry, .. } => {
                for item in &entry.data {
                    self.counts(room, entry.epoch, &Item::read(item.clone()));
                }
                self.rooms.entry(room).or_default().is_durable = true;
            }
        }
    }

    /// An item of a commit counts.
    fn counts(&mut self, room: usize, epoch: u64, item: &Item) {
        let is_lenient = self.was_restored;
        let of = self.rooms.entry(room).or_default();
        match *item {
            Item::Whole(turn, _) => {
                let last = of.stored.insert(epoch, turn).unwrap_or_default();
                assert!(turn >= last || is_lenient, "room {room}: a whole state is that of the last turn");
                let played = self.played.get(&(room, epoch)).map_or(&[][..], Vec::as_slice);
                let since = (1..).zip(played).filter(|(at, _)| *at > last && *at <= turn);
                for (_, (member, event, number)) in since {
                    let before = tell(of.known.entry(*member).or_default(), *event, *number, *member, is_lenient);
                    self.clients[member].check_gap(before, *number, is_lenient);
                }
            }
            Item::Input { turn, member, event, number } => {
                let last = of.stored.insert(epoch, turn).unwrap_or_default();
                assert!(turn == last + 1 || is_lenient, "room {room}: turn {turn} of epoch {epoch} follows {last}");
                let before = tell(of.known.entry(member).or_default(), event, number, member, is_lenient);
                self.clients[&member].check_gap(before, number, is_lenient);
            }
        }
    }

    /// A room starts at a node.
    pub(super) fn started(&mut self, room: usize, start: Start, is_durable: bool, survivors: &[Member], nats: &Nats) {
        match start {
            Start::New => assert!(survivors.is_empty(), "a new room has no members"),
            Start::Handover => self.seen.count("handovers", 1),
            Start::Recovery => self.seen.count("recoveries", 1),
            Start::Takeover => self.seen.count("takeovers", 1),
        }
        self.seen.count("survivors", survivors.len());
        let of = self.rooms.entry(room).or_default();
        if start == Start::Takeover {
            of.known.values_mut().for_each(|known| known.is_here = false);
        }
        let ids: BTreeSet<u64> = survivors.iter().map(|member| member.id).collect();
        assert_eq!(ids.len(), survivors.len(), "a member survives once");
        let is_valid = self.clocks_are_good || is_durable;
        for id in &ids {
            let known = of.known.entry(*id).or_default();
            assert!(!is_valid || !known.has_left || self.was_restored, "room {room}: {id} has left, and survives");
            assert!(
                known.is_here || start == Start::Takeover || self.was_restored,
                "room {room}: {id} has not joined, and survives"
            );
            known.is_here = true;
        }
        // Members that do not survive were those of dead nodes.
        for (id, known) in of.known.iter_mut().filter(|(id, known)| known.is_here && !ids.contains(id)) {
            let edge = self.clients[id].edge;
            let is_dead = nats
                .node(edge.number)
                .is_none_or(|(at, record)| record.since(at) > edge.since || matches!(record, crate::NodeRecord::Gone { .. }));
            assert!(is_dead || self.was_restored || !is_valid, "room {room}: {id} of the living node {edge:?} does not survive");
            known.is_here = false;
        }
    }

    /// A room handles an input. One that has written is judged by its records.
    pub(super) fn handled(&mut self, room: usize, epoch: u64, input: &Input, is_durable: bool, owned: Option<u64>) {
        self.seen.count("messages", 1);
        let number = if input.event == Event::Message { number_of(&input.payload) } else { 0 };
        let played = self.played.entry((room, epoch)).or_default();
        played.push((input.member, input.event, number));
        if is_durable {
            return;
        }
        let is_owner = owned == Some(epoch);
        assert!(
            is_owner || !self.clocks_are_good || self.was_restored,
            "room {room} is split: epoch {epoch} serves in {owned:?}"
        );
        let of = self.rooms.entry(room).or_default();
        of.stored.insert(epoch, played.len() as u64);
        if !is_owner {
            return;
        }
        let is_lenient = self.was_restored || !self.clocks_are_good;
        let before = tell(of.known.entry(input.member).or_default(), input.event, number, input.member, is_lenient);
        self.clients[&input.member].check_gap(before, number, is_lenient);
    }

    pub(super) fn gives(&mut self, room: usize, epoch: u64, turn: u64, receivers: &[u64]) {
        for member in receivers {
            self.given.entry((room, epoch, *member)).or_default().push(turn);
        }
    }

    /// An answer arrives at a client.
    pub(super) fn delivered(&mut self, id: u64, answer: Answer) {
        let client = self.clients.get_mut(&id).expect("the client has joined");
        let Answer { epoch, turn, is_durable } = answer;
        self.seen.count("answers", 1);
        if is_durable {
            let stored = self.rooms[&client.room].stored.get(&epoch).copied().unwrap_or_default();
            assert!(turn <= stored || self.was_restored, "an answer of turn {turn} is out, and {stored} are stored");
        }
        assert!(epoch >= client.epoch || self.was_restored, "client {id}: epoch {epoch} behind {}", client.epoch);
        if epoch > client.epoch {
            (client.epoch, client.answers) = (epoch, 0);
        }
        let given = &self.given[&(client.room, epoch, id)];
        let is_next = given.get(client.answers) == Some(&turn);
        assert!(
            is_next || client.is_cut || self.was_restored,
            "client {id}: answer {turn} is not number {} of {given:?}",
            client.answers
        );
        client.answers += 1;
    }

    /// An owner is about to hand its room over: its members have all answers, unless another owner serves them already.
    pub(super) fn hands_over(&mut self, room: usize, epoch: u64, members: &[u64]) {
        self.seen.count("drained", 1);
        for id in members {
            let client = &self.clients[id];
            let given = self.given.get(&(room, epoch, *id)).map_or(0, Vec::len);
            let has = if client.epoch == epoch { client.answers } else { 0 };
            let is_served = client.is_here && !client.is_cut && client.epoch <= epoch;
            assert!(has == given || !is_served || self.was_restored, "client {id} has {has} of {given} answers");
        }
    }

    /// Everything has come to rest: each message of a client that is still here counts, or was given up.
    pub(super) fn check_all_counted(&self) {
        let is_lenient = |room: &Room| self.was_restored || (!self.clocks_are_good && !room.is_durable);

        for (id, client) in self.clients.iter().filter(|(_, client)| client.is_here) {
            let room = &self.rooms[&client.room];
            let known = room.known.get(id).copied().unwrap_or_default();
            let given_up = (known.last + 1..=client.sent).all(|number| client.dropped.contains(&number));
            assert!(given_up || is_lenient(room), "client {id}: {known:?}, has sent {}", client.sent);
            assert!((known.is_here && !known.has_left) || is_lenient(room), "client {id} is a member: {known:?}");
        }
    }
}

impl Client {
    /// Messages between two that count are those that the edge has given up.
    fn check_gap(&self, before: u64, number: u64, is_lenient: bool) {
        let lost: Vec<_> = (before + 1..number).filter(|number| !self.dropped.contains(number)).collect();
        assert!(lost.is_empty() || is_lenient, "{lost:?} are lost before {number}");
    }
}

/// A room is told of a client. Returns the number of its last message before.
fn tell(known: &mut Known, event: Event, number: u64, member: u64, is_lenient: bool) -> u64 {
    let before = known.last;
    match event {
        Event::Joined => {
            assert!(!known.has_left || is_lenient, "{member} joins after it has left");
            known.is_here = true;
        }
        Event::Message => {
            assert!(number > known.last || is_lenient, "{member}: message {number} behind {}", known.last);
            known.last = number;
        }
        Event::Left => {
            assert!(!known.has_left || is_lenient, "the room is told twice that {member} has left");
            assert!(known.is_here || is_lenient, "the room is told that {member} has left, which has not joined");
            (known.is_here, known.has_left) = (false, true);
        }
        // No client is told of.
        Event::Asked => {}
    }
    before
}
