//! How often the handlers of durable timers have failed.

use std::collections::HashMap;
use std::sync::Arc;

/// The failure with which a timer is dropped.
const MAX_FAULTS: u8 = 3;
/// The most timers that a shard remembers. It forgets them all then: each gets its three calls anew.
const MAX_TIMERS: usize = 1024;

/// Counts the failures in a row of each timer, over the openings of its room. The process's end forgets them.
#[derive(Debug, Default)]
pub(super) struct TimerFaults {
    by_timer: HashMap<(Arc<str>, u64), u8>,
}

impl TimerFaults {
    /// The handler of a timer has failed. Returns whether the timer is to be dropped.
    pub(super) fn count(&mut self, room: Arc<str>, timer: u64) -> bool {
        let key = (room, timer);
        let faults = self.by_timer.remove(&key).unwrap_or(0) + 1;
        if faults >= MAX_FAULTS {
            return true;
        }
        if self.by_timer.len() >= MAX_TIMERS {
            self.by_timer.clear();
        }
        self.by_timer.insert(key, faults);
        false
    }

    /// The handler of a timer has returned.
    pub(super) fn forget(&mut self, room: &Arc<str>, timer: u64) {
        if !self.by_timer.is_empty() {
            self.by_timer.remove(&(Arc::clone(room), timer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_dropped_with_its_third_failure_in_a_row() {
        let (mut faults, room) = (TimerFaults::default(), Arc::<str>::from("a"));
        let count = |faults: &mut TimerFaults, timer| faults.count(Arc::clone(&room), timer);
        assert_eq!([1, 1, 2].map(|timer| count(&mut faults, timer)), [false; 3]);
        faults.forget(&"a".into(), 1);
        assert_eq!([1, 1, 2, 1, 1].map(|timer| count(&mut faults, timer)), [false, false, false, true, false]);
    }

    #[test]
    fn it_remembers_a_bounded_number_of_timers() {
        let mut faults = TimerFaults::default();
        assert!(!(0..10_000).any(|timer| faults.count("a".into(), timer)));
        assert!(faults.by_timer.len() <= MAX_TIMERS);
    }
}
