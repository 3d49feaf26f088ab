//! The inputs of a room and the turns of its handlers.

use bytes::Bytes;

use crate::life::Life;
use crate::message::{Input, Member, Output};
use crate::standing::Start;

/// Something for the room's handlers. [`Owner::commit`](crate::Owner::commit) follows before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The room starts at this node.
    Start {
        /// How the node has come by it.
        start: Start,
        /// Its state, as in [`Standing::data`](crate::Standing::data).
        data: Vec<Bytes>,
        /// The members that it has, by their joins.
        survivors: Vec<Member>,
    },
    /// An input.
    Input(Input),
}

/// The effects of one handler.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// Its writes to the store. From the first ones on, the room is durable.
    pub writes: Option<Bytes>,
    /// Its outputs, for the edge of each receiver.
    pub outputs: Vec<(Life, Output)>,
    /// Members whose state it has changed, with their edges.
    pub members: Vec<(Life, Member)>,
}

/// A turn whose outputs wait for its record.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) turn: Turn,
    /// The input that it handled.
    pub(super) handled: Option<(Life, u64)>,
}

/// An input that waits for its turn.
#[derive(Debug, Clone)]
pub(super) enum Queued {
    Input {
        edge: Life,
        number: u64,
        input: Input,
    },
    /// The life of an edge is over: its members leave.
    EdgeGone(Life),
    Left {
        member: u64,
    },
}
