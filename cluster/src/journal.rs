//! The records that an owner adds to its room, one at a time.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::life::Life;
use crate::publication::{Answer, Publication, Stop};
use crate::room_record::{Act, Entry, RoomRecord};

/// The records of one owner. Turns that wait while one is on its way become one record together.
#[derive(Debug, Clone)]
pub struct Journal {
    life: Life,
    epoch: u64,
    /// The sequence of the last stored record.
    last: u64,
    /// The entries of the epoch.
    entries: u64,
    waiting: Waiting,
    in_flight: Option<InFlight>,
    is_sent: bool,
    durable: u64,
    /// The sequence of the last stored whole record.
    whole: Option<u64>,
    end: End,
}

/// Turns that no record has yet.
#[derive(Debug, Clone, Default)]
struct Waiting {
    through: u64,
    whole: bool,
    marks: BTreeMap<Life, u64>,
    data: Vec<Bytes>,
    is_empty: bool,
}

#[derive(Debug, Clone)]
struct InFlight {
    record: RoomRecord,
    through: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    No,
    /// The last record follows when no turn waits.
    Releasing(Box<Release>),
    Released,
    Stopped(Stop),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Release {
    marks: Vec<(Life, u64)>,
    state: Option<Bytes>,
    is_empty: bool,
}

impl Journal {
    /// The journal of the owner whose claim has this sequence.
    #[must_use]
    pub fn new(life: Life, epoch: u64) -> Self {
        let waiting = Waiting { is_empty: true, ..Waiting::default() };
        Self {
            life,
            epoch,
            last: epoch,
            entries: 0,
            waiting,
            in_flight: None,
            is_sent: false,
            durable: 0,
            whole: None,
            end: End::No,
        }
    }

    /// A turn waits for its record: the number of the turn, marks that have changed, and its writes if it has some. The first turn of an
    /// epoch names all marks.
    pub fn push(&mut self, turn: u64, marks: impl IntoIterator<Item = (Life, u64)>, writes: Option<Bytes>) {
        self.waiting.is_empty = false;
        self.waiting.through = turn;
        self.waiting.marks.extend(marks);
        self.waiting.data.extend(writes);
    }

    /// The whole state after this turn replaces all records before. It names all marks.
    pub fn push_whole(&mut self, turn: u64, marks: impl IntoIterator<Item = (Life, u64)>, state: Bytes) {
        let marks = marks.into_iter().collect();
        self.waiting = Waiting { through: turn, whole: true, marks, data: vec![state], is_empty: false };
    }

    /// The last record: the owner gives the room up. It names all marks; `state` is that of a room that has never written.
    pub fn release(&mut self, marks: impl IntoIterator<Item = (Life, u64)>, state: Option<Bytes>, is_empty: bool) {
        if self.end == End::No {
            self.end = End::Releasing(Box::new(Release { marks: marks.into_iter().collect(), state, is_empty }));
        }
    }

    /// The record to publish now, if there is one. `seen` is the sequence of the last node's record that the owner has acted upon. The record
    /// is answered by [`Journal::answered`].
    pub fn poll(&mut self, seen: u64) -> Option<Publication<RoomRecord>> {
        if self.is_sent || matches!(self.end, End::Released | End::Stopped(_)) {
            return None;
        }
        if self.in_flight.is_none() {
            self.in_flight = self.next(seen);
        }
        let record = self.in_flight.as_ref()?.record.clone();
        self.is_sent = true;
        Some(Publication { expected: self.last, record })
    }

    fn next(&mut self, seen: u64) -> Option<InFlight> {
        let entry = |number, marks, data| Entry { epoch: self.epoch, number, seen, marks, data };
        let (act, through) = match &self.end {
            _ if !self.waiting.is_empty => {
                let waiting = std::mem::replace(&mut self.waiting, Waiting { is_empty: true, ..Waiting::default() });
                let entry = entry(self.entries + 1, waiting.marks.into_iter().collect(), waiting.data);
                (Act::Commit { entry, whole: waiting.whole }, waiting.through)
            }
            End::Releasing(release) => {
                let entry = entry(self.entries + 1, release.marks.clone(), release.state.clone().into_iter().collect());
                (Act::Release { entry, is_empty: release.is_empty }, self.durable)
            }
            _ => return None,
        };
        self.entries += 1;
        Some(InFlight { record: RoomRecord { owner: self.life, act }, through })
    }

    /// The record has been answered.
    pub fn answered(&mut self, answer: Answer<RoomRecord>) {
        self.is_sent = false;
        let Some(in_flight) = &self.in_flight else { return };
        match answer {
            Answer::Unknown => {}
            Answer::Stored(sequence) if sequence <= self.last => self.stop(Stop::Restored),
            Answer::Stored(sequence) => self.stored(sequence),
            Answer::Refused { last: Some((sequence, record)) } if sequence >= self.last => {
                if record == in_flight.record {
                    self.stored(sequence);
                } else if sequence > self.last {
                    self.stop(Stop::Replaced);
                }
                // Otherwise the read came before a copy on its way. The next answer tells more.
            }
            Answer::Refused { .. } => self.stop(Stop::Restored),
        }
    }

    fn stored(&mut self, sequence: u64) {
        self.last = sequence;
        let Some(in_flight) = self.in_flight.take() else { return };
        self.durable = in_flight.through;
        match in_flight.record.act {
            Act::Release { .. } => self.end = End::Released,
            Act::Commit { whole: true, .. } => self.whole = Some(sequence),
            Act::Commit { .. } | Act::Claim { .. } => {}
        }
    }

    pub(crate) fn stop(&mut self, why: Stop) {
        self.end = End::Stopped(why);
    }

    /// The number of the last turn that is stored.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// The sequence up to which the room's records count no longer, once for each whole record.
    pub fn purgeable(&mut self) -> Option<u64> {
        self.whole.take().map(|sequence| sequence - 1)
    }

    /// Whether no record is on its way or due.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.waiting.is_empty && self.end == End::No
    }

    /// Whether the last record has been asked for.
    #[must_use]
    pub fn is_releasing(&self) -> bool {
        matches!(self.end, End::Releasing(_) | End::Released)
    }

    /// Whether the room is given up.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.end == End::Released
    }

    /// Why the owner has to stop, if it has.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        if let End::Stopped(why) = self.end { Some(why) } else { None }
    }
}
