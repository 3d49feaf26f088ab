//! The memory mappings of a process, which bound the number of its instances.
//!
//! Linux allows a process `vm.max_map_count` mappings, 65,530 by default. Past that, `mmap` fails; and when the allocator's fails, the
//! process aborts. So the number of instances is bounded such that the limit is not reached. An instance of a pool takes:
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
//!
//! A memory that is used again after a swap takes one or two more, if the images of the two releases differ in size: zeros over the rest
//! of the old image do not become one mapping with the heap. So a gauge counts the mappings themselves while the number of instances
//! grows, and past the limit there is no new room and no swap.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The mappings of a stack.
const STACK: usize = 2;
/// The mappings of a linear memory.
const MEMORY: usize = 4;
/// The most mappings by which the start of an instance grows the process, for each memory of the instance.
const GROWTH: usize = MEMORY + 2;
/// Mappings for everything else in the process.
const RESERVE: usize = 4_000;
/// Mappings that new rooms and swaps leave to restarts, to the way back from a swap and to the rest of the process.
const MARGIN: usize = 1_500;
/// With fewer mappings left, the process is near its limit.
const FEW: usize = 64 * GROWTH;

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

/// Knows how many mappings the process has, at most. Counting them takes some 50 ms for 60,000, so it is done after many starts of
/// instances, and not on a shard's thread.
#[derive(Debug)]
pub(super) struct Gauge {
    limit: usize,
    count: fn() -> usize,
    counted: AtomicUsize,
    /// The memories of the instances that have started since.
    started: AtomicUsize,
}

impl Gauge {
    /// A gauge for this limit. It has not counted yet.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, count, counted: AtomicUsize::new(0), started: AtomicUsize::new(0) }
    }

    /// An instance with this many memories starts.
    pub(super) fn note_start(&self, memories: usize) {
        self.started.fetch_add(memories, Relaxed);
    }

    /// Whether the process can take instances for new rooms, and for swaps.
    pub(super) fn has_room(&self) -> bool {
        self.grown() < self.left()
    }

    /// Whether to count anew now. Near the limit, this is done `once_in_a_while` only: each start could ask for it.
    pub(super) fn is_stale(&self, once_in_a_while: bool) -> bool {
        let half_is_used_up = 2 * self.grown() > self.left();
        if once_in_a_while { half_is_used_up || !self.has_room() } else { half_is_used_up && self.left() >= FEW }
    }

    /// Counts the mappings.
    pub(super) fn refresh(&self) {
        let started = self.started.load(Relaxed);
        self.counted.store((self.count)(), Relaxed);
        self.started.fetch_sub(started, Relaxed);
    }

    /// The rest at the last count.
    fn left(&self) -> usize {
        self.limit.saturating_sub(MARGIN + self.counted.load(Relaxed))
    }

    /// The mappings that have come since then, at most.
    fn grown(&self) -> usize {
        self.started.load(Relaxed).saturating_mul(GROWTH)
    }
}

/// The mappings of this process: one a line. 0 if they cannot be read.
fn count() -> usize {
    let Ok(mut maps) = File::open("/proc/self/maps") else { return 0 };
    let (mut buffer, mut lines) = (vec![0; 64 << 10], 0);
    while let Ok(read @ 1..) = maps.read(&mut buffer) {
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
    }
    lines
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

    /// A gauge of a process whose mappings are counted so.
    fn gauge(count: fn() -> usize) -> Gauge {
        let gauge = Gauge { count, ..Gauge::new(DEFAULT) };
        gauge.refresh();
        gauge
    }

    #[test]
    fn starts_use_up_the_rest_until_the_mappings_are_counted_anew() {
        let gauge = gauge(|| DEFAULT - MARGIN - 100 * GROWTH);
        gauge.note_start(50);
        assert!(gauge.has_room() && !gauge.is_stale(false));
        gauge.note_start(1);
        assert!(gauge.has_room() && gauge.is_stale(false));
        gauge.note_start(49);
        assert!(!gauge.has_room() && gauge.is_stale(false));
        gauge.refresh();
        assert!(gauge.has_room() && !gauge.is_stale(true), "they had been counted too high");
    }

    #[test]
    fn a_process_at_its_limit_has_no_room_and_is_counted_once_in_a_while() {
        let gauge = gauge(|| DEFAULT - MARGIN);
        assert!(!gauge.has_room() && gauge.is_stale(true) && !gauge.is_stale(false));
        gauge.note_start(1);
        assert!(!gauge.is_stale(false));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_mappings() {
        assert!(count() > 10);
    }
}
