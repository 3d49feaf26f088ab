//! All nodes, as one of them sees their records.

use std::collections::{BTreeMap, BTreeSet};

use crate::life::Life;
use crate::node_record::NodeRecord;
use crate::publication::{Publication, Stop};
use crate::timing::{Time, Timing};

/// A node's knowledge of all nodes, itself included.
///
/// A watch tells it the last record of each number, then [`Neighbours::reconnected`] follows, then come new records in the order of the
/// stream. A watch that may have missed one begins anew, with [`Neighbours::disconnected`].
#[derive(Debug, Clone)]
pub struct Neighbours {
    timing: Timing,
    /// All records up to this sequence have been seen, or later ones of the same numbers.
    view: u64,
    is_connected: bool,
    /// Counts the watches.
    watch: u64,
    /// Whether a watch has told an older record than one before.
    is_restored: bool,
    /// When the last record came before the watch was given up, if there was one.
    heard: Option<Time>,
    /// Until when no node is taken for dead, since NATS was away.
    excused_until: Time,
    nodes: BTreeMap<u16, Seen>,
}

/// The last record of a number.
#[derive(Debug, Clone)]
struct Seen {
    sequence: u64,
    /// `None` if this version cannot read it. Then a life of this number is over if it began before `since`; of others nobody knows.
    record: Option<NodeRecord>,
    since: u64,
    /// Whether the life is over, even if it has renewed its lease since.
    is_gone: bool,
    /// When it was seen, or when this node tried to bury the life, or came back to NATS.
    at: Time,
    /// The last watch that has told a record of this number.
    watch: u64,
}

impl Seen {
    /// Whether the last record says that its life is over.
    fn is_buried(&self) -> bool {
        matches!(self.record, Some(NodeRecord::Gone { .. }))
    }
}

impl Neighbours {
    /// A view without records.
    #[must_use]
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            view: 0,
            is_connected: false,
            watch: 0,
            is_restored: false,
            heard: None,
            excused_until: Time::ZERO,
            nodes: BTreeMap::new(),
        }
    }

    /// A record of the node of this number. Older ones than the last are ignored.
    ///
    /// Returns the life that is over since this record, if there is one.
    pub fn record(&mut self, now: Time, sequence: u64, number: u16, record: NodeRecord) -> Option<Life> {
        if !self.is_new(sequence, number, Some(record)) {
            return None;
        }
        let since = record.since(sequence);
        // A restored stream may store a renewal behind the end of its life, by the chance of an equal sequence. The life stays over.
        let is_over = self.nodes.get(&number).is_some_and(|before| before.is_gone && before.since == since);
        let is_gone = is_over || matches!(record, NodeRecord::Gone { .. });
        // It is to be buried again at once.
        let at = if is_over { now.saturating_sub(self.timing.bury) } else { now };
        let seen = Seen { sequence, record: Some(record), since, is_gone, at, watch: self.watch };
        let before = self.nodes.insert(number, seen).filter(|before| !before.is_gone && before.record.is_some())?;
        (before.since != since || is_gone).then_some(Life { since: before.since, number })
    }

    /// A record of the node of this number that this version cannot read. That node lives, or not: this one knows no better than it did. It neither
    /// buries it nor takes its number.
    pub fn unreadable(&mut self, now: Time, sequence: u64, number: u16) {
        if self.is_new(sequence, number, None) {
            let before = self.nodes.get(&number);
            let since = before.map_or(0, |before| before.since + u64::from(before.is_gone));
            self.nodes.insert(number, Seen { sequence, record: None, since, is_gone: false, at: now, watch: self.watch });
        }
    }

    /// Notes a record of the watch. Returns whether it is later than the last one of its number.
    fn is_new(&mut self, sequence: u64, number: u16, record: Option<NodeRecord>) -> bool {
        if let Some(seen) = self.nodes.get_mut(&number).filter(|seen| sequence <= seen.sequence) {
            // A watch begins with the last record, which is this one or a later one.
            let is_other = sequence < seen.sequence || record != seen.record;
            self.is_restored |= !self.is_connected && is_other;
            seen.watch = self.watch;
            return false;
        }
        if self.is_connected {
            self.view = self.view.max(sequence);
        }
        true
    }

    /// The watch begins anew.
    pub fn disconnected(&mut self) {
        if self.is_connected {
            self.heard = self.nodes.values().map(|seen| seen.at).max();
        }
        self.is_connected = false;
        self.is_restored = false;
        self.watch += 1;
    }

    /// The watch has told all last records, and the stream's last sequence is this one. Nodes that were away with this one get the time to
    /// renew their leases, and more of it after a longer outage: NATS itself is slow at first. The result is [`Stop::Restored`] if the stream has
    /// lost records.
    pub fn reconnected(&mut self, now: Time, last: u64) -> Option<Stop> {
        let away = self.heard.map_or(Time::ZERO, |heard| now.saturating_sub(heard));
        self.excused_until = self.excused_until(now).max(now + away.min(self.timing.excuse));
        self.nodes.values_mut().for_each(|seen| seen.at = now);
        let is_restored = self.misses(last);
        (self.is_connected, self.view) = (true, last);
        is_restored.then_some(Stop::Restored)
    }

    /// Whether [`Neighbours::reconnected`] with this last sequence would find that the stream has lost records. A watch that begins while a node renews
    /// its lease may lack the record that the renewal replaces, so its caller looks once more.
    #[must_use]
    pub fn misses(&self, last: u64) -> bool {
        let is_missing = self.nodes.values().any(|seen| seen.watch != self.watch);
        self.is_restored || is_missing || last < self.view
    }

    /// Until when no node is taken for dead. A clock that went backwards gives no longer excuse.
    fn excused_until(&self, now: Time) -> Time {
        if self.excused_until <= now + self.timing.excuse { self.excused_until } else { now }
    }

    /// The record that ends the life of a node whose renewals have not been seen for too long, one at a time. It is stored only if that
    /// node has not renewed its lease meanwhile. The answer needs no attention: records tell.
    pub fn bury(&mut self, now: Time) -> Option<(u16, Publication<NodeRecord>)> {
        let bury = self.timing.bury;
        if now < self.excused_until(now) {
            return None;
        }
        // A clock that went backwards begins anew.
        self.nodes.values_mut().filter(|seen| now < seen.at).for_each(|seen| seen.at = now);
        let is_due = |seen: &Seen| seen.record.is_some() && !seen.is_buried() && now >= seen.at + bury;
        let (number, seen) = self.nodes.iter_mut().find(|(_, seen)| is_due(seen))?;
        seen.at = now;
        Some((*number, Publication { expected: seen.sequence, record: NodeRecord::Gone { since: seen.since } }))
    }

    /// Whether records say that this life is over: its number has a later record, or has none of it though it would be in view.
    #[must_use]
    pub fn is_gone(&self, life: Life) -> bool {
        match self.nodes.get(&life.number) {
            Some(seen) if seen.since > life.since => true,
            Some(seen) if seen.record.is_none() => false,
            Some(seen) if seen.since == life.since => seen.is_gone,
            _ => life.since <= self.view,
        }
    }

    /// The lowest number that no life has, with the sequence of its last record for [`Lease::new`](crate::Lease::new). `None` if lives have
    /// all 1024.
    #[must_use]
    pub fn free(&self) -> Option<(u16, u64)> {
        (0..1024).find_map(|number| match self.nodes.get(&number) {
            None => Some((number, 0)),
            Some(seen) => seen.is_buried().then_some((number, seen.sequence)),
        })
    }

    /// The lives that are not over, as far as this version can read their records.
    #[must_use]
    pub fn alive(&self) -> BTreeSet<Life> {
        let alive = self.nodes.iter().filter(|(_, seen)| !seen.is_gone && seen.record.is_some());
        alive.map(|(number, seen)| Life { since: seen.since, number: *number }).collect()
    }

    /// All records up to this sequence are in view.
    #[must_use]
    pub fn view(&self) -> u64 {
        self.view
    }
}
