//! The records that an owner adds to its room, one at a time.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::life::Life;
use crate::publication::{Answer, Publication, Stop};
use crate::room_record::{Act, Entry, RoomRecord};

/// The records of one owner. Turns that wait while one is on its way become one record together, up to a limit in bytes.
#[derive(Debug, Clone)]
pub struct Journal {
    life: Life,
    epoch: u64,
    /// The newest release of the app that has had a part in the room's state.
    release: u64,
    /// The sequence of the last stored record.
    last: u64,
    /// The entries of the epoch.
    entries: u64,
    waiting: VecDeque<Waiting>,
    record_bytes: usize,
    in_flight: Option<InFlight>,
    is_sent: bool,
    durable: u64,
    /// The sequence of the last stored whole record.
    whole: Option<u64>,
    end: End,
}

/// A turn that no record has yet.
#[derive(Debug, Clone)]
struct Waiting {
    turn: u64,
    marks: Vec<(Life, u64)>,
    data: Option<Bytes>,
    whole: bool,
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

impl Waiting {
    fn bytes(&self) -> usize {
        self.data.as_ref().map_or(0, Bytes::len)
    }
}

impl Journal {
    /// The journal of the owner whose claim has this sequence, and tells this release. See [`Limits::record_bytes`](crate::Limits::record_bytes).
    #[must_use]
    pub fn new(life: Life, (epoch, release): (u64, u64), record_bytes: usize) -> Self {
        Self {
            life,
            epoch,
            release,
            last: epoch,
            entries: 0,
            waiting: VecDeque::new(),
            record_bytes,
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
        self.waiting.push_back(Waiting { turn, marks: marks.into_iter().collect(), data: writes, whole: false });
    }

    /// The whole state after this turn replaces all records before. It names all marks.
    pub fn push_whole(&mut self, turn: u64, marks: impl IntoIterator<Item = (Life, u64)>, state: Bytes) {
        self.waiting.clear();
        self.waiting.push_back(Waiting { turn, marks: marks.into_iter().collect(), data: Some(state), whole: true });
    }

    /// The last record: the owner gives the room up. It names all marks; `state` is that of a room that has never written.
    pub fn release(&mut self, marks: impl IntoIterator<Item = (Life, u64)>, state: Option<Bytes>, is_empty: bool) {
        if self.end == End::No {
            self.end = End::Releasing(Box::new(Release { marks: marks.into_iter().collect(), state, is_empty }));
        }
    }

    /// The record to publish now, if there is one. `seen` is the sequence of the last node's record that the owner has acted upon, and the room may
    /// run this release. The record is answered by [`Journal::answered`].
    pub fn poll(&mut self, seen: u64, release: u64) -> Option<Publication<RoomRecord>> {
        if self.is_sent || matches!(self.end, End::Released | End::Stopped(_)) {
            return None;
        }
        self.release = self.release.max(release);
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
            _ if !self.waiting.is_empty() => {
                let (mut through, mut bytes) = (0, 0);
                let (mut whole, mut marks, mut data) = (false, BTreeMap::new(), Vec::new());
                while let Some(turn) = self.waiting.pop_front_if(|turn| through == 0 || bytes + turn.bytes() <= self.record_bytes)
                {
                    bytes += turn.bytes();
                    through = turn.turn;
                    whole |= turn.whole;
                    marks.extend(turn.marks);
                    data.extend(turn.data);
                }
                (Act::Commit { entry: entry(self.entries + 1, marks.into_iter().collect(), data), whole }, through)
            }
            End::Releasing(release) => {
                let entry = entry(self.entries + 1, release.marks.clone(), release.state.clone().into_iter().collect());
                (Act::Release { entry, is_empty: release.is_empty }, self.durable)
            }
            _ => return None,
        };
        self.entries += 1;
        Some(InFlight { record: RoomRecord { owner: self.life, release: self.release, act }, through })
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
        self.in_flight.is_none() && self.waiting.is_empty() && self.end == End::No
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
