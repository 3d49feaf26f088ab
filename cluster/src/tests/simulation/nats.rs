//! A model of JetStream: two streams, one of nodes and one of rooms.

use std::collections::BTreeMap;

use crate::{Act, NodeRecord, Publication, RoomRecord};

/// A request of a node.
#[derive(Debug, Clone)]
pub(super) enum Request {
    PublishNode(u16, Publication<NodeRecord>),
    PublishRoom(usize, Publication<RoomRecord>),
    ReadNode(u16),
    ReadRoom(usize),
    LoadRoom(usize),
    /// Removes the records of a room up to this sequence.
    Purge(usize, u64),
}

/// An answer of the server.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Stored(u64),
    Refused,
    Node(Option<(u64, NodeRecord)>),
    Room(Option<(u64, RoomRecord)>),
    Records(Vec<(u64, RoomRecord)>),
    /// Nothing has come within the time.
    Nothing,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Nats {
    pub(super) nodes: Vec<(u64, u16, NodeRecord)>,
    pub(super) rooms: BTreeMap<usize, Vec<(u64, RoomRecord)>>,
    pub(super) last_node: u64,
    pub(super) last_room: u64,
    pub(super) is_away: bool,
}

impl Nats {
    pub(super) fn serve(&mut self, request: &Request) -> Reply {
        match request {
            Request::PublishNode(number, Publication { expected, record }) => {
                if self.node(*number).map_or(0, |(sequence, _)| sequence) != *expected {
                    return Reply::Refused;
                }
                self.last_node += 1;
                self.nodes.retain(|(_, other, _)| other != number);
                self.nodes.push((self.last_node, *number, *record));
                Reply::Stored(self.last_node)
            }
            Request::PublishRoom(room, Publication { expected, record }) => {
                if self.room(*room).map_or(0, |(sequence, _)| *sequence) != *expected {
                    return Reply::Refused;
                }
                self.last_room += 1;
                self.rooms.entry(*room).or_default().push((self.last_room, record.clone()));
                Reply::Stored(self.last_room)
            }
            Request::ReadNode(number) => Reply::Node(self.node(*number)),
            Request::ReadRoom(room) => Reply::Room(self.room(*room).cloned()),
            Request::LoadRoom(room) => Reply::Records(self.rooms.get(room).cloned().unwrap_or_default()),
            Request::Purge(room, through) => {
                self.rooms.entry(*room).or_default().retain(|(sequence, _)| sequence > through);
                Reply::Nothing
            }
        }
    }

    pub(super) fn node(&self, number: u16) -> Option<(u64, NodeRecord)> {
        self.nodes.iter().find(|(_, other, _)| *other == number).map(|(sequence, _, record)| (*sequence, *record))
    }

    pub(super) fn room(&self, room: usize) -> Option<&(u64, RoomRecord)> {
        self.rooms.get(&room)?.last()
    }

    /// The epoch in which a room is owned, by the records.
    pub(super) fn epoch(&self, room: usize) -> Option<u64> {
        let (sequence, record) = self.room(room)?;
        (!matches!(record.act, Act::Release { .. })).then(|| record.epoch(*sequence))
    }
}
