//! Whether the lease is held, for other threads.

use std::sync::atomic::{AtomicU64, Ordering};

use ws_cluster::Time;

/// The times between which the lease is held. The thread of the node writes them, all others read.
#[derive(Debug, Default)]
pub(super) struct Hold {
    from: AtomicU64,
    until: AtomicU64,
}

impl Hold {
    pub(super) fn set(&self, held: Option<(Time, Time)>) {
        let (from, until) = held.map_or((0, 0), |(from, until)| (nanos(from), nanos(until)));
        // A reader between the two lines sees the later beginning with the earlier end, which is the shorter time.
        self.from.store(from, Ordering::SeqCst);
        self.until.store(until, Ordering::SeqCst);
    }

    /// A clock that went backwards beyond the last renewal does not tell how long ago it was.
    pub(super) fn is_held(&self, now: Time) -> bool {
        let now = nanos(now);
        now < self.until.load(Ordering::SeqCst) && now >= self.from.load(Ordering::SeqCst)
    }
}

fn nanos(time: Time) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_is_held_between_a_renewal_and_the_end_of_its_time() {
        let (hold, at) = (Hold::default(), Time::from_millis);
        assert!(!hold.is_held(at(0)) && !hold.is_held(at(5)));
        hold.set(Some((at(10), at(20))));
        assert_eq!([9, 10, 19, 20].map(|millis| hold.is_held(at(millis))), [false, true, true, false]);
        hold.set(None);
        assert!(!hold.is_held(at(15)));
    }
}
