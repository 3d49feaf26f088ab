//! A node's claim of a room.

use crate::life::Life;
use crate::neighbours::Neighbours;
use crate::publication::{Answer, Publication};
use crate::room_record::{Act, RoomRecord};

/// The claim of a room by one node.
#[derive(Debug, Clone)]
pub struct Claim {
    life: Life,
    attempt: u64,
    expected: u64,
}

/// The meaning of a room's last record for a node that would own it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A living node owns the room.
    Owned {
        /// Its owner.
        owner: Life,
        /// Since this record.
        epoch: u64,
    },
    /// The node may claim the room with this publication.
    Publish(Publication<RoomRecord>),
    /// The node owns the room.
    Won {
        /// Since this record.
        epoch: u64,
    },
}

impl Claim {
    /// A claim. The node counts its claims, and each has another `attempt`.
    #[must_use]
    pub fn new(life: Life, attempt: u64) -> Self {
        Self { life, attempt, expected: 0 }
    }

    /// The last record of the room has been read from the stream's leader.
    pub fn looked(&mut self, last: Option<(u64, &RoomRecord)>, neighbours: &Neighbours) -> Verdict {
        let Some((sequence, RoomRecord { owner, act })) = last else { return self.publish(0) };
        let epoch = match act {
            Act::Release { .. } => return self.publish(sequence),
            Act::Claim { attempt } if (*owner, *attempt) == (self.life, self.attempt) => return Verdict::Won { epoch: sequence },
            Act::Claim { .. } => sequence,
            Act::Commit { entry, .. } => entry.epoch,
        };
        // A record of the node itself that it does not serve: a claim of before, which was stored late.
        if *owner == self.life || neighbours.is_gone(*owner) {
            return self.publish(sequence);
        }
        Verdict::Owned { owner: *owner, epoch }
    }

    /// The publication has been answered.
    pub fn answered(&mut self, answer: Answer<RoomRecord>, neighbours: &Neighbours) -> Verdict {
        match answer {
            Answer::Stored(sequence) => Verdict::Won { epoch: sequence },
            // Of several copies one at most is stored, since all expect the same record before them.
            Answer::Unknown => self.publish(self.expected),
            Answer::Refused { last } => self.looked(last.as_ref().map(|(sequence, record)| (*sequence, record)), neighbours),
        }
    }

    fn publish(&mut self, expected: u64) -> Verdict {
        self.expected = expected;
        let record = RoomRecord { owner: self.life, act: Act::Claim { attempt: self.attempt } };
        Verdict::Publish(Publication { expected, record })
    }
}
