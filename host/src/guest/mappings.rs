//! The memory mappings of a process, which bound the number of its instances.
//!
//! Linux allows a process `vm.max_map_count` mappings, 65,530 by default. Past that, `mmap` fails; and when the allocator's fails, the
//! process aborts. So the number of instances is bounded such that the limit is never reached. An instance of a pool takes, at most:
//!
//! | part | mappings | |
//! | --- | --- | --- |
//! | stack | 2 | the stack and its guard page, both from the start of the pool on |
//! | each linear memory | 4 | zeros (the guest's stack), its copy-on-write image, the heap behind that, and the inaccessible rest |
//! | tables | 0 | all are one mapping of the pool |
//!
//! Most components have one memory, and so 6 mappings an instance. Measured with `wc -l /proc/PID/maps` for the example `echo` and a
//! pool of 10,255 slots: 20,608 mappings before the first room, and 61,116 with 10,127 rooms and their connections. These are 2 a slot, 4
//! a room, and 98 for all else. `RESERVE` is more than that: threads, releases, and the buffers of an embedder's allocator.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The mappings of a stack.
pub(super) const STACK: usize = 2;
/// The most mappings of a linear memory.
pub(super) const MEMORY: usize = 4;
/// Mappings for everything else in the process.
const RESERVE: usize = 4_000;

/// The mappings that the pools of this process have taken, in all.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The kernel's limit on the mappings of a process; `None` on systems without one.
pub(super) fn limit() -> Option<usize> {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

/// How many slots of a stack and a memory fit into this many mappings.
pub(super) fn slots_within(limit: usize) -> usize {
    limit.saturating_sub(RESERVE) / (STACK + MEMORY)
}

/// How many mappings a process needs for this many slots.
pub(super) fn needed(slots: usize) -> usize {
    slots.saturating_mul(STACK + MEMORY).saturating_add(RESERVE)
}

/// Whether the pools of this process can take this number of further mappings, if this is the kernel's limit.
pub(super) fn have_room_for(mappings: usize, limit: Option<usize>) -> bool {
    limit.is_none_or(|limit| TAKEN.load(Relaxed).saturating_add(mappings) <= limit.saturating_sub(RESERVE))
}

/// Mappings that a pool has taken. Dropped, they are free again.
#[derive(Debug)]
pub(super) struct Mappings(usize);

impl Mappings {
    /// Takes this number of them, whether there is room for them or not.
    pub(super) fn take(count: usize) -> Self {
        TAKEN.fetch_add(count, Relaxed);
        Self(count)
    }
}

impl Drop for Mappings {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: usize = 65_530;

    #[test]
    fn slots_fit_into_the_mappings_that_they_need() {
        for slots in [0, 1, 10_255, 1_000_000] {
            assert_eq!(slots_within(needed(slots)), slots);
        }
        assert_eq!(slots_within(DEFAULT), 10_255);
        assert_eq!(slots_within(100), 0);
        assert!(needed(usize::MAX) > DEFAULT);
    }

    #[test]
    fn the_pools_of_a_process_share_its_mappings() {
        let _all = Mappings::take(needed(10) - RESERVE);
        assert!(have_room_for(0, None) && have_room_for(0, Some(usize::MAX)));
        assert!(!have_room_for(6, Some(needed(10))));
        assert!(have_room_for(usize::MAX, None));
    }
}
