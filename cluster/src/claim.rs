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
    /// A room whose state is of this release of the app, or of an older one, may open here.
    opens: u64,
    /// The release of the room's state.
    release: u64,
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
    /// The room's state is of this release of the app, which the node does not run yet. It takes that one or a later one, calls [`Claim::opens`], and
    /// looks again.
    Behind {
        /// The number of the release.
        release: u64,
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
    /// A claim. The node counts its claims, and each has another `attempt`. See [`Claim::opens`].
    #[must_use]
    pub fn new(life: Life, attempt: u64, opens: u64) -> Self {
        Self { life, attempt, opens, release: 0, expected: 0 }
    }

    /// A room whose state is of this release, or of an older one, may open here: the node runs it, or cannot take it.
    pub fn opens(&mut self, release: u64) {
        self.opens = release;
    }

    /// The last record of the room has been read from the stream's leader.
    pub fn looked(&mut self, last: Option<(u64, &RoomRecord)>, neighbours: &Neighbours) -> Verdict {
        let Some((sequence, RoomRecord { owner, release, act })) = last else { return self.publish(0, 0) };
        let epoch = match act {
            Act::Release { .. } => return self.follow(sequence, *release),
            Act::Claim { attempt } if (*owner, *attempt) == (self.life, self.attempt) => return Verdict::Won { epoch: sequence },
            Act::Claim { .. } => sequence,
            Act::Commit { entry, .. } => entry.epoch,
        };
        // A record of the node itself that it does not serve: a claim of before, which was stored late.
        if *owner == self.life || neighbours.is_gone(*owner) {
            return self.follow(sequence, *release);
        }
        Verdict::Owned { owner: *owner, epoch }
    }

    /// The publication has been answered.
    pub fn answered(&mut self, answer: Answer<RoomRecord>, neighbours: &Neighbours) -> Verdict {
        match answer {
            Answer::Stored(sequence) => Verdict::Won { epoch: sequence },
            // Of several copies one at most is stored, since all expect the same record before them.
            Answer::Unknown => self.publish(self.expected, self.release),
            Answer::Refused { last } => self.looked(last.as_ref().map(|(sequence, record)| (*sequence, record)), neighbours),
        }
    }

    /// The room is free behind this record.
    fn follow(&mut self, sequence: u64, release: u64) -> Verdict {
        if release > self.opens { Verdict::Behind { release } } else { self.publish(sequence, release) }
    }

    fn publish(&mut self, expected: u64, release: u64) -> Verdict {
        (self.expected, self.release) = (expected, release);
        let record = RoomRecord { owner: self.life, release, act: Act::Claim { attempt: self.attempt } };
        Verdict::Publish(Publication { expected, record })
    }
}
