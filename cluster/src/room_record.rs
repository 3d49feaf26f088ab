//! The records of a room: its subject has a chain of them, and each is stored behind the one before or not at all.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::codec::{Encode, Malformed, decoded, encoded, kind};
use crate::life::Life;

const VERSION: u8 = 1;

/// A record of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// The owner that wrote it.
    pub owner: Life,
    /// The newest release of the app that has had a part in the room's state, by its number. 0 without releases.
    pub release: u64,
    /// Its act.
    pub act: Act,
}

/// The act of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The node owns the room from now on. The record's sequence is its epoch.
    Claim {
        /// Counts the claims of the node, so that it knows its own.
        attempt: u64,
    },
    /// The owner has handled inputs.
    Commit {
        /// Their effect.
        entry: Entry,
        /// Whether the first item of the data is the whole state, and no earlier record counts.
        whole: bool,
    },
    /// The owner gives the room up.
    Release {
        /// Its state.
        entry: Entry,
        /// Whether the room has no members.
        is_empty: bool,
    },
}

/// The effect of handled inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The epoch of the owner.
    pub epoch: u64,
    /// Counts the entries of the epoch, from 1.
    pub number: u64,
    /// The sequence of the last node's record that the owner has acted upon.
    pub seen: u64,
    /// The number of the last handled input of each edge. Entry 1 of an epoch, a whole one and a release name all edges.
    pub marks: Vec<(Life, u64)>,
    /// The writes, one item for each turn that writes.
    pub data: Vec<Bytes>,
}

impl RoomRecord {
    /// The epoch of its owner. `sequence` is that of the record.
    #[must_use]
    pub fn epoch(&self, sequence: u64) -> u64 {
        match &self.act {
            Act::Claim { .. } => sequence,
            Act::Commit { entry, .. } | Act::Release { entry, .. } => entry.epoch,
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        encoded(VERSION, self)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are no record of this version.
    pub fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        decoded(VERSION, bytes)
    }
}

impl Encode for RoomRecord {
    fn write(&self, to: &mut BytesMut) {
        self.owner.write(to);
        self.release.write(to);
        match &self.act {
            Act::Claim { attempt } => {
                to.put_u8(b'c');
                attempt.write(to);
            }
            Act::Commit { entry, whole } => {
                to.put_u8(if *whole { b'w' } else { b'e' });
                entry.write(to);
            }
            Act::Release { entry, is_empty } => {
                to.put_u8(b'r');
                entry.write(to);
                is_empty.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (owner, release) = (Life::read(from)?, u64::read(from)?);
        let act = match kind(from)? {
            b'c' => Act::Claim { attempt: u64::read(from)? },
            b'w' => Act::Commit { entry: Entry::read(from)?, whole: true },
            b'e' => Act::Commit { entry: Entry::read(from)?, whole: false },
            b'r' => Act::Release { entry: Entry::read(from)?, is_empty: bool::read(from)? },
            _ => return Err(Malformed),
        };
        Ok(Self { owner, release, act })
    }
}

impl Encode for Entry {
    fn write(&self, to: &mut BytesMut) {
        [self.epoch, self.number, self.seen].iter().for_each(|number| number.write(to));
        self.marks.write(to);
        self.data.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self {
            epoch: u64::read(from)?,
            number: u64::read(from)?,
            seen: u64::read(from)?,
            marks: Vec::read(from)?,
            data: Vec::read(from)?,
        })
    }
}
