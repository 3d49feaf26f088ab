//! A node's own lease.

use crate::life::Life;
use crate::node_record::NodeRecord;
use crate::publication::{Answer, Publication, Stop};
use crate::timing::{Time, Timing};

/// The lease of one life of a node. It is held while renewals are stored, and only by the node's own clock.
///
/// A lease that is not held any more is not over: a later renewal is stored if no other node has buried the life meanwhile. Then
/// the node goes on, with the same rooms.
#[derive(Debug, Clone)]
pub struct Lease {
    number: u16,
    nonce: u64,
    timing: Timing,
    /// The sequence of the last stored record, or of another's before the first one.
    last: u64,
    life: Option<Life>,
    beats: u64,
    /// When the last stored record was sent for the first time.
    held_since: Option<Time>,
    /// When the record that is not yet known to be stored was sent for the first time.
    pending_since: Option<Time>,
    is_in_flight: bool,
    /// The latest time that this has been told.
    latest: Time,
    stopped: Option<Stop>,
}

impl Lease {
    /// A new life under this number. `last` is the sequence of the number's last record, which is [`NodeRecord::Gone`], or 0. `nonce` is
    /// random.
    #[must_use]
    pub fn new(number: u16, last: u64, nonce: u64, timing: Timing) -> Self {
        Self {
            number,
            nonce,
            timing,
            last,
            life: None,
            beats: 0,
            held_since: None,
            pending_since: None,
            is_in_flight: false,
            latest: Time::ZERO,
            stopped: None,
        }
    }

    /// The renewal to publish now, if one is due. It is answered by [`Lease::answered`].
    pub fn poll(&mut self, now: Time) -> Option<Publication<NodeRecord>> {
        self.notice(now);
        let is_due = match (self.pending_since, self.held_since) {
            (Some(_), _) | (None, None) => true,
            (None, Some(since)) => now >= since + self.timing.renew,
        };
        if !is_due || self.is_in_flight || self.stopped.is_some() {
            return None;
        }
        self.is_in_flight = true;
        // A record that is sent again may be stored by its first copy. So it counts from that one's time.
        self.pending_since.get_or_insert(now);
        let since = self.life.map_or(0, |life| life.since);
        let record = NodeRecord::Alive { nonce: self.nonce, since, beat: self.beats };
        Some(Publication { expected: self.last, record })
    }

    /// The renewal has been answered.
    pub fn answered(&mut self, now: Time, answer: &Answer<NodeRecord>) {
        self.notice(now);
        self.is_in_flight = false;
        match *answer {
            Answer::Unknown => {}
            Answer::Stored(sequence) if sequence <= self.last => self.stop(Stop::Restored),
            Answer::Stored(sequence) => self.renewed(sequence),
            Answer::Refused { last: None } => self.stop(if self.last == 0 { Stop::Replaced } else { Stop::Restored }),
            Answer::Refused { last: Some((sequence, record)) } => match record {
                _ if sequence < self.last => self.stop(Stop::Restored),
                // The record before this one: the read came before a copy on its way. The next answer tells more.
                _ if sequence == self.last && (self.life.is_none() || self.is_last(Some((sequence, record)))) => {}
                // A restored stream has come to the same sequence by another record.
                _ if sequence == self.last => self.stop(Stop::Restored),
                NodeRecord::Alive { nonce, beat, .. } if nonce == self.nonce && beat == self.beats => self.renewed(sequence),
                _ => self.stop(Stop::Replaced),
            },
        }
    }

    /// Whether the node counts on its lease: it may take inputs for its rooms.
    pub fn is_held(&mut self, now: Time) -> bool {
        self.notice(now);
        self.stopped.is_none() && self.held_since.is_some_and(|since| now < since + self.timing.hold)
    }

    /// The times between which [`Lease::is_held`] is true, for those who cannot ask. The end is not among them.
    #[must_use]
    pub fn held(&self) -> Option<(Time, Time)> {
        self.held_since.filter(|_| self.stopped.is_none()).map(|since| (since, since + self.timing.hold))
    }

    /// The sequence of the last record of this life that is known to be stored.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Whether the number's last record is the last one of this life that is known to be stored. NATS may have been restored while it was away, and
    /// then have another record at the sequence that the next renewal expects. So a node reads the last record before it renews its lease by
    /// another connection, and tells a record that is not the last one by [`Answer::Refused`].
    #[must_use]
    pub fn is_last(&self, last: Option<(u64, NodeRecord)>) -> bool {
        let Some((sequence, NodeRecord::Alive { nonce, beat, .. })) = last else { return false };
        sequence == self.last && nonce == self.nonce && beat + 1 == self.beats
    }

    /// The record by which a node that ends in good order buries itself, unless a renewal is on its way.
    #[must_use]
    pub fn farewell(&self) -> Option<Publication<NodeRecord>> {
        let life = self.life.filter(|_| !self.is_in_flight && self.pending_since.is_none() && self.stopped.is_none())?;
        Some(Publication { expected: self.last, record: NodeRecord::Gone { since: life.since } })
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The life, once its first record is stored.
    #[must_use]
    pub fn life(&self) -> Option<Life> {
        self.life
    }

    /// Why the life is over, if it is.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    fn renewed(&mut self, sequence: u64) {
        self.life.get_or_insert(Life { since: sequence, number: self.number });
        self.last = sequence;
        self.beats += 1;
        self.held_since = self.pending_since.take();
    }

    fn stop(&mut self, why: Stop) {
        self.stopped.get_or_insert(why);
    }

    /// A clock that goes backwards does not tell how long ago anything was. The lease is not held until a renewal that is sent from now on.
    fn notice(&mut self, now: Time) {
        if now < self.latest {
            self.held_since = None;
            self.pending_since = None;
        }
        self.latest = now;
    }
}
