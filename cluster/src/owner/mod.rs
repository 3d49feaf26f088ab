//! The owner of one room.
//!
//! | file | owns |
//! | --- | --- |
//! | `ending` | how it gives its room up |
//! | `link` | the way to one edge |
//! | `receiving` | messages of edges |
//! | `turn` | inputs, and what handlers did |

mod ending;
mod link;
mod receiving;
mod turn;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use crate::journal::Journal;
use crate::letter::Letter;
use crate::life::Life;
use crate::limits::Limits;
use crate::message::{Event, Input, Member, Message};
use crate::neighbours::Neighbours;
use crate::publication::{Answer, Publication};
use crate::room_record::RoomRecord;
use crate::standing::{Standing, Start};
use crate::timing::{Time, Timing};

use link::Link;
pub use receiving::Receipt;
use turn::{Held, Queued};
pub use turn::{Told, Turn};

/// The owner of one room in one epoch.
///
/// It first asks the edges for their members. Then it hands out one input after the other, in the order of their arrival, and sends the
/// outputs of turns to the edges. The outputs of a durable room wait for the turn's record.
#[derive(Debug, Clone)]
pub struct Owner {
    epoch: u64,
    timing: Timing,
    limits: Limits,
    phase: Phase,
    start: Start,
    data: Vec<Bytes>,
    links: BTreeMap<Life, Link>,
    members: BTreeMap<u64, (Life, Member)>,
    joins: u64,
    /// The number of the last input that was handled, for each edge.
    marks: BTreeMap<Life, u64>,
    /// Whether an edge without a mark has had no input handled. Otherwise nobody knows.
    knows_marks: bool,
    is_durable: bool,
    has_named_marks: bool,
    journal: Journal,
    queue: VecDeque<Queued>,
    running: Option<Running>,
    turns: u64,
    /// The number of the last turn whose outputs are on their way.
    shown: u64,
    held: VecDeque<Held>,
    seen: u64,
    letters: Vec<Letter>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// These edges have not told their members yet.
    Gathering {
        asked: BTreeSet<Life>,
        asked_at: Option<Time>,
    },
    Serving,
    Draining,
}

/// The input that a handler has.
#[derive(Debug, Clone)]
struct Running {
    handled: Option<(Life, u64)>,
    members: Vec<(Life, Member)>,
}

impl Owner {
    /// The owner after its claim. `standing` follows the room's records up to the claim, and `neighbours` has at least the view
    /// [`Standing::seen`]. `None` if the claim is not the last record, or the view is too old.
    #[must_use]
    pub fn new(standing: Standing, neighbours: &Neighbours, timing: Timing, limits: Limits) -> Option<Self> {
        let (life, epoch) = standing.owner?;
        if standing.last != epoch || neighbours.view() < standing.seen {
            return None;
        }
        let alive = neighbours.alive();
        let asked = match standing.start {
            Start::New => BTreeSet::new(),
            // An edge without a mark has no member that the room knows.
            Start::Handover | Start::Recovery => alive.into_iter().filter(|edge| standing.marks.contains_key(edge)).collect(),
            Start::Takeover => alive,
        };
        Some(Self {
            epoch,
            timing,
            limits,
            phase: Phase::Gathering { asked, asked_at: None },
            start: standing.start,
            data: standing.data,
            links: BTreeMap::new(),
            members: BTreeMap::new(),
            joins: 0,
            marks: standing.marks,
            knows_marks: standing.knows_marks,
            is_durable: standing.is_durable,
            has_named_marks: false,
            journal: Journal::new(life, (epoch, standing.release), limits.record_bytes),
            queue: VecDeque::new(),
            running: None,
            turns: 0,
            shown: 0,
            held: VecDeque::new(),
            seen: standing.seen.max(neighbours.view()),
            letters: Vec::new(),
        })
    }

    /// The next input for the room. `is_held` tells whether the node counts on its lease.
    pub fn take(&mut self, is_held: bool) -> Option<Told> {
        if !is_held || self.running.is_some() || self.held.len() >= self.limits.held_turns || self.journal.stopped().is_some() {
            return None;
        }
        match &self.phase {
            Phase::Gathering { asked, .. } if asked.is_empty() => return Some(self.start()),
            Phase::Serving => {}
            Phase::Gathering { .. } | Phase::Draining => return None,
        }
        loop {
            match self.queue.pop_front()? {
                Queued::Input { edge, number, input } => {
                    if let Some(told) = self.next_input(edge, number, input) {
                        return Some(told);
                    }
                }
                Queued::EdgeGone(edge) => self.members_leave(edge),
                Queued::Left { member } => {
                    if self.members.remove(&member).is_some() {
                        self.running = Some(Running { handled: None, members: Vec::new() });
                        return Some(Told::Input(Input { member, event: Event::Left, payload: Bytes::new() }));
                    }
                }
            }
        }
    }

    fn start(&mut self) -> Told {
        self.phase = Phase::Serving;
        self.joins = self.members.values().map(|(_, member)| member.join).max().unwrap_or_default();
        let mut members = Vec::new();
        // The owner before has not told the joins of the last ones.
        for (edge, member) in self.members.values_mut().filter(|(_, member)| member.join == 0) {
            self.joins += 1;
            member.join = self.joins;
            members.push((*edge, member.clone()));
        }
        self.running = Some(Running { handled: None, members });
        let mut survivors: Vec<_> = self.members.values().map(|(_, member)| member.clone()).collect();
        survivors.sort_by_key(|member| member.join);
        Told::Start { start: self.start, data: std::mem::take(&mut self.data), survivors }
    }

    fn next_input(&mut self, edge: Life, number: u64, input: Input) -> Option<Told> {
        let is_here = self.members.get(&input.member).is_some_and(|(home, _)| *home == edge);
        let mut members = Vec::new();
        match input.event {
            Event::Joined if !self.members.contains_key(&input.member) => {
                self.joins += 1;
                let member = Member { id: input.member, join: self.joins, state: input.payload.clone() };
                self.members.insert(input.member, (edge, member.clone()));
                members.push((edge, member));
            }
            Event::Left if is_here => drop(self.members.remove(&input.member)),
            Event::Message if is_here => {}
            Event::Asked => {}
            // The room does not have this member any more. The input counts all the same, so that its edge forgets it.
            Event::Joined | Event::Left | Event::Message => {
                self.finish(Turn::default(), Some((edge, number)));
                return None;
            }
        }
        self.running = Some(Running { handled: Some((edge, number)), members });
        Some(Told::Input(input))
    }

    fn members_leave(&mut self, edge: Life) {
        self.links.remove(&edge);
        let mut leavers: Vec<_> = self.members.values().filter(|(home, _)| *home == edge).map(|(_, member)| member).collect();
        leavers.sort_by_key(|member| std::cmp::Reverse(member.join));
        leavers.iter().for_each(|member| self.queue.push_front(Queued::Left { member: member.id }));
    }

    /// The handler has returned. A handler that has failed commits an empty turn. Without an input, the turn is the room's own: that of a timer
    /// or an answer. Returns the turn's number, see [`Owner::shown`].
    pub fn commit(&mut self, mut turn: Turn) -> u64 {
        let running = self.running.take().unwrap_or(Running { handled: None, members: Vec::new() });
        turn.members.splice(0..0, running.members);
        for (_, member) in &mut turn.members {
            if let Some((_, kept)) = self.members.get_mut(&member.id) {
                member.join = kept.join;
                kept.clone_from(member);
            }
        }
        self.finish(turn, running.handled);
        self.turns
    }

    /// The number of the last turn that may be seen outside the room: it is stored if it has to be.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// The edge of the input that a handler has now.
    #[must_use]
    pub fn asker(&self) -> Option<Life> {
        self.running.as_ref()?.handled.map(|(edge, _)| edge)
    }

    /// Whether an input is in a handler.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn finish(&mut self, mut turn: Turn, handled: Option<(Life, u64)>) {
        self.turns += 1;
        self.marks.extend(handled);
        let writes = turn.writes.take();
        self.is_durable |= writes.is_some();
        let held = Held { number: self.turns, turn, handled };
        if !self.is_durable {
            return self.show(held);
        }
        let marks: Vec<_> = if self.has_named_marks { handled.into_iter().collect() } else { self.all_marks() };
        self.has_named_marks = true;
        self.journal.push(self.turns, marks, writes);
        self.held.push_back(held);
    }

    /// The whole state, after the last committed turn, for a durable room. Records before it count no longer.
    pub fn commit_whole(&mut self, state: Bytes) {
        let may_write = matches!(self.phase, Phase::Serving | Phase::Draining) && !self.journal.is_releasing();
        if self.is_durable && self.running.is_none() && may_write {
            self.turns += 1;
            self.has_named_marks = true;
            let marks = self.all_marks();
            self.journal.push_whole(self.turns, marks, state);
            self.held.push_back(Held { number: self.turns, turn: Turn::default(), handled: None });
        }
    }

    fn all_marks(&self) -> Vec<(Life, u64)> {
        self.marks.iter().map(|(edge, mark)| (*edge, *mark)).collect()
    }

    fn show(&mut self, held: Held) {
        self.shown = held.number;
        for (edge, member) in held.turn.members {
            if let Some(link) = self.links.get_mut(&edge) {
                link.add_member(member);
            }
        }
        for (edge, output) in held.turn.outputs {
            if let Some(link) = self.links.get_mut(&edge) {
                link.add_output(output);
            }
        }
        if let Some((edge, number)) = held.handled
            && let Some(link) = self.links.get_mut(&edge)
        {
            link.handled = link.handled.max(number);
        }
    }

    /// The record to publish now, if there is one. The room may run this release of the app by now: the newest one that has had a part in its state.
    pub fn publication(&mut self, release: u64) -> Option<Publication<RoomRecord>> {
        // The next owner waits until it has seen the edges of this one.
        let edges = self.links.keys().map(|edge| edge.since).max().unwrap_or_default();
        self.journal.poll(self.seen.max(edges), release)
    }

    /// The publication has been answered.
    pub fn answered(&mut self, answer: Answer<RoomRecord>) {
        self.journal.answered(answer);
        while self.held.front().is_some_and(|held| held.number <= self.journal.durable()) {
            let held = self.held.pop_front().expect("a turn is at the front");
            self.show(held);
        }
    }

    /// The outputs since the last call, one batch for each edge, and everything that is to be sent again.
    pub fn poll(&mut self, now: Time) -> Vec<Letter> {
        let resend = self.timing.resend;
        if let Phase::Gathering { asked, asked_at } = &mut self.phase
            && asked_at.is_none_or(|at| now < at || now >= at + resend)
        {
            *asked_at = Some(now);
            let call = |edge: &Life| Letter { to: *edge, epoch: self.epoch, session: 0, message: Message::Call };
            self.letters.extend(asked.iter().map(call));
        }
        let may_show = self.journal.stopped().is_none();
        for (edge, link) in self.links.iter_mut().filter(|(_, link)| may_show && !link.is_gone) {
            let again = link.overdue(now, resend, self.limits.window).into_iter().map(Message::Outputs);
            for message in again.chain(link.flush(now, &self.limits)) {
                self.letters.push(Letter { to: *edge, epoch: self.epoch, session: link.session, message });
            }
        }
        std::mem::take(&mut self.letters)
    }

    /// The records of nodes have changed: some of the edges may be gone.
    pub fn see(&mut self, neighbours: &Neighbours) {
        self.seen = self.seen.max(neighbours.view());
        // A life that is over needs no mark: the next owner has seen its end too.
        self.marks.retain(|edge, _| !neighbours.is_gone(*edge));
        let gone: Vec<_> = self.links.iter().filter(|(edge, link)| !link.is_gone && neighbours.is_gone(**edge)).collect();
        let gone: Vec<_> = gone.into_iter().map(|(edge, _)| *edge).collect();
        if let Phase::Gathering { asked, .. } = &mut self.phase {
            asked.retain(|edge| !neighbours.is_gone(*edge));
            // The room has not been told of these members. They do not come back, and it is not told of them at all.
            self.links.retain(|edge, _| !gone.contains(edge));
            self.members.retain(|_, (edge, _)| !gone.contains(edge));
            self.queue.retain(|queued| !matches!(queued, Queued::Input { edge, .. } if gone.contains(edge)));
            return;
        }
        for edge in gone {
            self.links.get_mut(&edge).expect("it was just found").is_gone = true;
            self.queue.push_back(Queued::EdgeGone(edge));
        }
    }

    /// The sequence up to which the room's records may be purged, once for each stored whole state.
    pub fn purgeable(&mut self) -> Option<u64> {
        self.journal.purgeable()
    }

    /// Whether the room has ever written.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.is_durable
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The edge of a member.
    #[must_use]
    pub fn edge_of(&self, member: u64) -> Option<Life> {
        self.members.get(&member).map(|(edge, _)| *edge)
    }

    /// The members.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().map(|(_, member)| member)
    }

    /// Whether the room has no members, and nothing waits for them or from them.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let rests = self.links.values().all(Link::is_at_rest) && self.queue.is_empty();
        rests && self.members.is_empty() && self.running.is_none() && self.phase == Phase::Serving
    }

    /// Whether nothing is on its way, and nothing is due until something happens.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let rests = self.links.values().all(|link| link.is_gone || (link.is_at_rest() && link.has_told()));
        rests && self.letters.is_empty() && self.phase == Phase::Serving && self.journal.is_idle()
    }

    fn welcome(&mut self, to: Life, session: u64) {
        let handled = self.marks.get(&to).copied().or(self.knows_marks.then_some(0));
        self.tell(to, session, Message::Welcome { handled });
    }
}
