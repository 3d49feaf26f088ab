//! The state of a room by its records.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::life::Life;
use crate::room_record::{Act, Entry, RoomRecord};

/// A record does not follow from the ones before: some are missing, or were written by a node that did not own the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// A room as its records leave it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The sequence of the last record.
    pub last: u64,
    /// The owner and its epoch, unless the room was released.
    pub owner: Option<(Life, u64)>,
    /// The beginning of the last epoch.
    pub start: Start,
    /// Whether the room has ever written.
    pub is_durable: bool,
    /// The number of the last handled input of each edge.
    pub marks: BTreeMap<Life, u64>,
    /// Whether an edge without a mark has had no input handled. Otherwise nobody knows.
    pub knows_marks: bool,
    /// The sequence of the last node's record that owners of the room have acted upon.
    pub seen: u64,
    /// The newest release of the app that has had a part in the state.
    pub release: u64,
    /// The state: the last whole one, and the writes since.
    pub data: Vec<Bytes>,
    number: u64,
}

/// How an owner comes by a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The room has no members anywhere.
    #[default]
    New,
    /// The owner before has handed it over.
    Handover,
    /// The owner before is dead. The room's marks are known.
    Recovery,
    /// The owner before is dead, and the room has never written. Nobody knows which inputs it has handled.
    Takeover,
}

impl Standing {
    /// Follows all records of a room, from the last whole one on.
    ///
    /// # Errors
    /// One does not follow from those before it.
    pub fn of(records: impl IntoIterator<Item = (u64, RoomRecord)>) -> Result<Self, Broken> {
        let mut standing = Self::default();
        for (sequence, record) in records {
            standing.follow(sequence, record)?;
        }
        Ok(standing)
    }

    fn follow(&mut self, sequence: u64, record: RoomRecord) -> Result<(), Broken> {
        let is_first = self.last == 0;
        match record.act {
            Act::Claim { .. } => self.claim(sequence, record.owner, is_first),
            Act::Commit { entry, whole } => {
                let may_begin = is_first && whole;
                self.enter(&entry, record.owner, may_begin)?;
                if whole {
                    self.data.clear();
                }
                self.data.extend(entry.data);
                (self.is_durable, self.knows_marks) = (true, true);
            }
            Act::Release { entry, is_empty } => {
                self.enter(&entry, record.owner, is_first)?;
                (self.owner, self.knows_marks) = (None, true);
                self.start = if is_empty { Start::New } else { Start::Handover };
                // The state of a room that has written is in its commits.
                if !self.is_durable {
                    self.data = entry.data;
                }
            }
        }
        (self.last, self.release) = (sequence, record.release);
        Ok(())
    }

    fn claim(&mut self, sequence: u64, owner: Life, is_first: bool) {
        let was_owned = self.owner.is_some();
        if is_first {
            self.start = Start::New;
        } else if was_owned {
            // The owner before may have served without a record.
            self.start = if self.is_durable { Start::Recovery } else { Start::Takeover };
        }
        if self.start == Start::Takeover {
            self.knows_marks = false;
            self.marks.clear();
            self.data.clear();
        }
        self.owner = Some((owner, sequence));
        self.number = 0;
    }

    fn enter(&mut self, entry: &Entry, owner: Life, may_begin: bool) -> Result<(), Broken> {
        if may_begin {
            self.owner = Some((owner, entry.epoch));
            self.number = entry.number.saturating_sub(1);
        }
        if self.owner != Some((owner, entry.epoch)) || entry.number != self.number + 1 {
            return Err(Broken);
        }
        // The first entry of an epoch names all marks.
        if entry.number == 1 {
            self.marks.clear();
        }
        self.number = entry.number;
        self.seen = self.seen.max(entry.seen);
        self.marks.extend(entry.marks.iter().copied());
        Ok(())
    }
}
