//! The application of a room: it counts the numbered messages of its members, and answers each.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use crate::codec::Encode;
use crate::{Event, Input, Life, Member, Output, Owner, Turn};

/// The room's knowledge of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The number of its last message.
    pub(super) last: u64,
    pub(super) is_here: bool,
    pub(super) has_left: bool,
}

/// An item of the room's writes.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Whole(u64, BTreeMap<u64, Known>),
    Input { turn: u64, member: u64, event: Event, number: u64 },
}

/// An output's payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) epoch: u64,
    pub(super) turn: u64,
    pub(super) is_durable: bool,
}

#[derive(Debug, Clone)]
pub(super) struct App {
    epoch: u64,
    /// The number of messages after which the room writes. `None`: it never does.
    writes_after: Option<u64>,
    pub(super) turn: u64,
    pub(super) is_durable: bool,
    pub(super) known: BTreeMap<u64, Known>,
}

impl App {
    pub(super) fn new(epoch: u64, writes_after: Option<u64>) -> Self {
        Self { epoch, writes_after, turn: 0, is_durable: false, known: BTreeMap::new() }
    }

    pub(super) fn start(&mut self, data: Vec<Bytes>, survivors: &[Member], is_durable: bool) {
        for item in data {
            self.apply(Item::read(item));
        }
        (self.is_durable, self.turn) = (is_durable, 0);
        self.known.values_mut().for_each(|known| known.is_here = false);
        for member in survivors {
            self.known.entry(member.id).or_default().is_here = true;
        }
    }

    fn apply(&mut self, item: Item) {
        match item {
            Item::Whole(turn, known) => (self.turn, self.known) = (turn, known),
            Item::Input { turn, member, event, number } => {
                self.turn = turn;
                let known = self.known.entry(member).or_default();
                match event {
                    Event::Joined => known.is_here = true,
                    Event::Message => known.last = number,
                    Event::Left => (known.is_here, known.has_left) = (false, true),
                    Event::Asked => {}
                }
            }
        }
    }

    /// Handles an input. Returns its turn, and the receivers of the answer.
    pub(super) fn handle(&mut self, input: &Input, owner: &Owner) -> (Turn, Vec<u64>) {
        self.turn += 1;
        let number = if input.event == Event::Message { number_of(&input.payload) } else { 0 };
        let item = Item::Input { turn: self.turn, member: input.member, event: input.event, number };
        self.apply(item.clone());
        let writes = if self.is_durable {
            Some(item.write())
        } else if self.writes_after.is_some_and(|after| self.turn > after) {
            self.is_durable = true;
            Some(self.state())
        } else {
            None
        };
        let here = self.known.iter().filter(|(_, known)| known.is_here).map(|(id, _)| *id);
        let receivers: Vec<u64> = match input.event {
            Event::Message if number.is_multiple_of(2) => here.collect(),
            Event::Message => vec![input.member],
            Event::Joined | Event::Left | Event::Asked => here.collect(),
        };
        let mut edges: BTreeMap<Life, Vec<u64>> = BTreeMap::new();
        for member in &receivers {
            edges.entry(owner.edge_of(*member).expect("the app's members are the room's")).or_default().push(*member);
        }
        let payload = Answer { epoch: self.epoch, turn: self.turn, is_durable: self.is_durable }.write();
        let outputs = edges.into_iter().map(|(edge, to)| (edge, Output { to, payload: payload.clone() })).collect();
        (Turn { writes, outputs, members: Vec::new() }, receivers)
    }

    pub(super) fn state(&self) -> Bytes {
        Item::Whole(self.turn, self.known.clone()).write()
    }
}

pub(super) fn payload(number: u64) -> Bytes {
    let mut to = BytesMut::new();
    number.write(&mut to);
    to.freeze()
}

pub(super) fn number_of(payload: &Bytes) -> u64 {
    u64::read(&mut payload.clone()).expect("the world writes it")
}

impl Answer {
    fn write(self) -> Bytes {
        let mut to = BytesMut::new();
        self.epoch.write(&mut to);
        self.turn.write(&mut to);
        self.is_durable.write(&mut to);
        to.freeze()
    }

    pub(super) fn read(mut from: Bytes) -> Self {
        let mut number = || u64::read(&mut from).expect("the app writes it");
        let (epoch, turn) = (number(), number());
        Self { epoch, turn, is_durable: number() == 1 }
    }
}

impl Item {
    fn write(&self) -> Bytes {
        let mut to = BytesMut::new();
        match self {
            Self::Whole(turn, known) => {
                true.write(&mut to);
                turn.write(&mut to);
                let flags = |known: &Known| u64::from(known.is_here) + 2 * u64::from(known.has_left);
                known.iter().map(|(id, known)| (*id, (known.last, flags(known)))).collect::<Vec<_>>().write(&mut to);
            }
            Self::Input { turn, member, event, number } => {
                false.write(&mut to);
                let event = u64::from(*event == Event::Joined) + 2 * u64::from(*event == Event::Left);
                [*turn, *member, event, *number].iter().for_each(|field| field.write(&mut to));
            }
        }
        to.freeze()
    }

    pub(super) fn read(mut from: Bytes) -> Self {
        if bool::read(&mut from).expect("the app writes it") {
            let turn = u64::read(&mut from).expect("the app writes it");
            let known: Vec<(u64, (u64, u64))> = Vec::read(&mut from).expect("the app writes it");
            let of = |(last, flags): (u64, u64)| Known { last, is_here: flags & 1 != 0, has_left: flags & 2 != 0 };
            return Self::Whole(turn, known.into_iter().map(|(id, known)| (id, of(known))).collect());
        }
        let mut field = || u64::read(&mut from).expect("the app writes it");
        let (turn, member) = (field(), field());
        let event = [Event::Message, Event::Joined, Event::Left][usize::try_from(field()).expect("one of three")];
        Self::Input { turn, member, event, number: field() }
    }
}
