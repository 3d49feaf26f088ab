//! When closed rooms are to be opened for a durable timer.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The pause between two rooms that are opened for their timers: a shard opens 200 of them a second at most, however many are overdue.
pub(super) const PACE: Duration = Duration::from_millis(5);
/// The time after which a room is tried again that cannot be opened: there are too many rooms, or its circuit is open.
const AGAIN_US: u64 = 1_000_000;
/// The longest time for which nobody looks at the wall clock, which may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// The next durable timer of each closed room that has one, in microseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    by_name: HashMap<Arc<str>, u64>,
    by_due: BTreeSet<(u64, Arc<str>)>,
}

impl Alarms {
    /// Sets a room's alarm, in place of an earlier one.
    pub(super) fn set(&mut self, room: Arc<str>, due_us: u64) {
        self.remove(&room);
        self.by_due.insert((due_us, Arc::clone(&room)));
        self.by_name.insert(room, due_us);
    }

    /// Removes a room's alarm: the room is open, or gone.
    pub(super) fn remove(&mut self, room: &str) {
        if let Some((room, due_us)) = self.by_name.remove_entry(room) {
            self.by_due.remove(&(due_us, room));
        }
    }

    /// Takes the room whose alarm has been due for the longest time.
    pub(super) fn take_due(&mut self, now_us: u64) -> Option<Arc<str>> {
        let (_, room) = self.by_due.first().filter(|(due_us, _)| *due_us <= now_us)?;
        let room = Arc::clone(room);
        self.remove(&room);
        Some(room)
    }

    /// Has a room that cannot be opened now be tried again.
    pub(super) fn postpone(&mut self, room: Arc<str>, now_us: u64) {
        self.set(room, now_us.saturating_add(AGAIN_US));
    }

    /// The time until something is due, or until the clock is to be looked at; `None` without an alarm.
    pub(super) fn pause(&self, now_us: u64) -> Option<Duration> {
        let (due_us, _) = self.by_due.first()?;
        Some(Duration::from_micros(due_us.saturating_sub(now_us)).min(LONGEST_SLEEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarms(rooms: &[(&str, u64)]) -> Alarms {
        let mut alarms = Alarms::default();
        rooms.iter().for_each(|(room, due_us)| alarms.set((*room).into(), *due_us));
        alarms
    }

    #[test]
    fn rooms_are_opened_when_their_time_has_come_and_the_most_overdue_first() {
        let mut alarms = alarms(&[("late", 20), ("soon", 30), ("first", 10)]);
        assert_eq!(alarms.take_due(9), None);
        let due: Vec<_> = std::iter::from_fn(|| alarms.take_due(29)).collect();
        assert_eq!(due, [Arc::from("first"), Arc::from("late")]);
        assert_eq!(alarms.pause(25), Some(Duration::from_micros(5)));
    }

    #[test]
    fn a_room_that_is_open_has_no_alarm() {
        let mut alarms = alarms(&[("a", 10)]);
        alarms.remove("a");
        alarms.remove("unknown");
        assert_eq!((alarms.take_due(99), alarms.pause(0)), (None, None));
    }

    #[test]
    fn a_room_has_one_alarm() {
        let mut alarms = alarms(&[("a", 10), ("a", 20)]);
        assert_eq!((alarms.take_due(19), alarms.take_due(20)), (None, Some("a".into())));
        assert_eq!(alarms.take_due(99), None);
    }

    #[test]
    fn a_room_that_cannot_be_opened_is_tried_again_and_holds_up_no_other() {
        let mut alarms = alarms(&[("full", 10), ("b", 11)]);
        let full = alarms.take_due(50).expect("it is due");
        alarms.postpone(full, 50);
        assert_eq!(alarms.take_due(50), Some("b".into()));
        assert_eq!((alarms.take_due(50 + AGAIN_US - 1), alarms.take_due(50 + AGAIN_US)), (None, Some("full".into())));
    }

    #[test]
    fn a_clock_that_is_set_is_noticed_within_ten_seconds() {
        assert_eq!(alarms(&[("a", u64::MAX)]).pause(0), Some(LONGEST_SLEEP));
    }
}
