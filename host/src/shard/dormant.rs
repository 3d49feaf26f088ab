//! The states and timers of closed rooms, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::app::{Saved, StartReason};
use crate::room::Dormant;
use crate::store::{DurableTimer, Snapshot};

/// The most that a shard keeps of its closed rooms, in bytes. The room that closed first goes first.
const MAX_BYTES: usize = 64 << 20;
/// The memory of a closed room beside its name and states, about.
const ROOM_BYTES: usize = 256;

/// The state for the instance that opens a room again, and why that starts. A state that a rejected release has saved is passed over.
pub(super) fn restored(dormant: &Dormant, is_rejected: impl Fn(&Snapshot) -> bool) -> (Option<Saved>, StartReason) {
    let chosen = dormant.snapshots.iter().position(|snapshot| !is_rejected(snapshot));
    let is_newest = chosen.unwrap_or(dormant.snapshots.len()) == 0;
    let saved = chosen.and_then(|chosen| dormant.snapshots.get(chosen));
    let saved = saved.map(|Snapshot { version, data, .. }| Saved { version: version.clone(), data: data.clone() });
    (saved, if dormant.is_clean && is_newest { StartReason::Restored } else { StartReason::Recovered })
}

/// The memory that a closed room takes beside its name, about.
fn bytes(dormant: &Dormant) -> usize {
    let snapshots: usize = dormant.snapshots.iter().map(Snapshot::bytes).sum();
    let timers: usize = dormant.timers.iter().map(|timer| timer.payload.len() + size_of::<DurableTimer>()).sum();
    snapshots + timers + ROOM_BYTES
}

/// The closed rooms of a shard.
#[derive(Debug)]
pub(super) struct Dormants {
    by_name: HashMap<Arc<str>, (u64, Dormant)>,
    by_age: BTreeMap<u64, Arc<str>>,
    next: u64,
    bytes: usize,
    most_bytes: usize,
}

impl Default for Dormants {
    fn default() -> Self {
        Self { by_name: HashMap::new(), by_age: BTreeMap::new(), next: 0, bytes: 0, most_bytes: MAX_BYTES }
    }
}

impl Dormants {
    /// Takes what is kept of a room that opens.
    pub(super) fn take(&mut self, room: &str) -> Option<Dormant> {
        let (age, dormant) = self.by_name.remove(room)?;
        self.by_age.remove(&age);
        self.bytes -= room.len() + bytes(&dormant);
        Some(dormant)
    }

    /// Keeps a room that closes. Returns the rooms for which no memory is left, which can be this one.
    pub(super) fn keep(&mut self, room: &Arc<str>, dormant: Dormant) -> Vec<Arc<str>> {
        self.take(room);
        self.bytes += room.len() + bytes(&dormant);
        self.by_name.insert(Arc::clone(room), (self.next, dormant));
        self.by_age.insert(self.next, Arc::clone(room));
        self.next += 1;
        let mut dropped = Vec::new();
        while self.bytes > self.most_bytes
            && let Some((_, oldest)) = self.by_age.first_key_value()
        {
            let oldest = Arc::clone(oldest);
            self.take(&oldest);
            dropped.push(oldest);
        }
        dropped
    }

    /// Whether a room is kept.
    pub(super) fn has(&self, room: &str) -> bool {
        self.by_name.contains_key(room)
    }

    /// How many rooms are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.by_name.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(release: &str, data: &'static str) -> Snapshot {
        Snapshot { release: release.into(), sha256: release.into(), version: "1".into(), data: data.into(), saved_us: 0 }
    }

    fn given(dormant: &Dormant, rejected: &str) -> (Option<&'static str>, StartReason) {
        let (saved, reason) = restored(dormant, |snapshot| &*snapshot.sha256 == rejected);
        (saved.map(|saved| if saved.data == "new" { "new" } else { "old" }), reason)
    }

    #[test]
    fn a_room_gets_the_newest_state_and_hears_whether_anything_has_happened_since() {
        let mut dormant =
            Dormant { snapshots: vec![snapshot("b", "new"), snapshot("a", "old")], is_clean: true, ..Dormant::default() };
        assert_eq!(given(&dormant, ""), (Some("new"), StartReason::Restored));
        dormant.is_clean = false;
        assert_eq!(given(&dormant, ""), (Some("new"), StartReason::Recovered));
    }

    #[test]
    fn a_room_gets_no_state_of_a_release_that_has_failed_its_probation() {
        let mut dormant =
            Dormant { snapshots: vec![snapshot("b", "new"), snapshot("a", "old")], is_clean: true, ..Dormant::default() };
        assert_eq!(given(&dormant, "b"), (Some("old"), StartReason::Recovered));
        dormant.snapshots.pop();
        assert_eq!(given(&dormant, "b"), (None, StartReason::Recovered));
    }

    #[test]
    fn a_room_without_a_state_is_restored_too() {
        let dormant = Dormant { is_clean: true, ..Dormant::default() };
        assert_eq!(given(&dormant, ""), (None, StartReason::Restored));
    }

    #[test]
    fn the_room_that_closed_first_is_dropped_first() {
        let mut dormants = Dormants { most_bytes: 3 * ROOM_BYTES, ..Dormants::default() };
        let [a, b, c] = ["a", "b", "c"].map(Arc::from);
        assert!(dormants.keep(&a, Dormant::default()).is_empty() && dormants.keep(&b, Dormant::default()).is_empty());
        let a_again = dormants.take("a").expect("it is kept");
        assert!(dormants.keep(&a, a_again).is_empty());
        assert_eq!(dormants.keep(&c, Dormant::default()), [Arc::clone(&b)]);
        assert_eq!((dormants.len(), dormants.take("b")), (2, None));
        let large = Dormant {
            snapshots: vec![Snapshot { data: vec![0; 3 * ROOM_BYTES].into(), ..snapshot("a", "") }],
            ..Dormant::default()
        };
        assert_eq!(dormants.keep(&b, large), [a, c, b]);
        assert_eq!((dormants.len(), dormants.bytes), (0, 0));
    }
}
