//! The pool of a server with many instances, and their seats in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use wasmtime::{Enabled, PoolingAllocationConfig};

use super::mappings::{self, Gauge};
use crate::limit_error::LimitError;

/// Core instances and tables of one component: three or four for a Rust guest, more with adapters.
const CORE_PARTS: u32 = 8;
/// Slots beyond the limit on rooms. A room that swaps has two instances for a moment, and one room of a server swaps at a time. A few
/// shards can each open one room too many.
const SPARE: usize = 128;
/// The part of a memory that stays mapped between two users of a slot. With less, each start and end changes the kernel's page
/// tables under a lock, which does not scale to two threads (measured: 25 us a start against 9).
const KEEP_RESIDENT_BYTES: usize = 2 << 20;

/// The part of a stack that stays mapped between two users of a slot: more than most guests touch.
const KEEP_RESIDENT_STACK_BYTES: usize = 32 << 10;

/// A pool: slots that are reserved in advance.
#[derive(Debug)]
pub(super) struct Pool {
    slots: usize,
    /// The linear memories in use.
    memories: AtomicUsize,
    /// The mappings of the process, where the kernel limits them.
    gauge: Option<Gauge>,
}

/// The place of an instance in its pool. Dropped, it is free again.
#[derive(Debug)]
pub(super) struct Seat {
    pool: Arc<Pool>,
    memories: usize,
}

impl Pool {
    /// A pool for this many instances with one memory each.
    ///
    /// # Errors
    /// Their number does not fit into the memory mappings of a process.
    pub(super) fn new(instances: usize) -> Result<Arc<Self>, LimitError> {
        let (slots, limit) = (instances.saturating_add(SPARE), mappings::limit());
        if let Some(limit) = limit
            && slots > mappings::slots_within(limit)
        {
            let most = mappings::slots_within(limit).saturating_sub(SPARE);
            return Err(LimitError::too_many_rooms(instances, most, (limit, mappings::needed(slots))));
        }
        Ok(Arc::new(Self { slots, memories: AtomicUsize::new(0), gauge: limit.map(Gauge::new) }))
    }

    /// Wasmtime's settings for it, with this size of a memory.
    pub(super) fn config(&self, memory_bytes: usize) -> PoolingAllocationConfig {
        let slots = u32::try_from(self.slots).unwrap_or(u32::MAX / CORE_PARTS);
        let parts = slots.saturating_mul(CORE_PARTS);
        let mut config = PoolingAllocationConfig::new();
        config
            .total_component_instances(slots)
            .total_core_instances(parts)
            .total_memories(slots)
            .total_tables(parts)
            .total_stacks(slots)
            .max_memory_size(memory_bytes)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .async_stack_keep_resident(KEEP_RESIDENT_STACK_BYTES)
            .pagemap_scan(Enabled::Auto);
        config
    }

    /// Counts the mappings of the process, if the last count says too little by now.
    pub(super) fn tick(&self, once_in_a_while: bool) {
        if let Some(gauge) = &self.gauge
            && gauge.is_stale(once_in_a_while)
        {
            gauge.refresh();
        }
    }

    /// Counts the mappings of the process: its stacks are reserved now.
    pub(super) fn reserved(&self) {
        self.gauge.iter().for_each(Gauge::refresh);
    }

    /// Checks that an instance with this many memories fits, for a new room or a swap. Restarts may take the spare slots too.
    ///
    /// # Errors
    /// Why not, in one line.
    pub(super) fn check_room(&self, memories: usize) -> Result<(), String> {
        let in_use = self.memories.load(Relaxed);
        if in_use + memories > self.slots - SPARE / 2 {
            return Err(format!("the guest's instances have {in_use} linear memories already, {memories} each"));
        }
        if self.gauge.as_ref().is_some_and(|gauge| !gauge.has_room()) {
            return Err("the process has nearly all memory mappings that the kernel allows it: raise vm.max_map_count".into());
        }
        Ok(())
    }

    /// Seats an instance with this many memories.
    pub(super) fn seat(self: &Arc<Self>, memories: usize) -> Seat {
        self.memories.fetch_add(memories, Relaxed);
        self.gauge.iter().for_each(|gauge| gauge.note_start(memories));
        Seat { pool: Arc::clone(self), memories }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.memories.fetch_sub(self.memories, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;

    #[test]
    fn the_default_number_of_rooms_fits_into_the_default_number_of_mappings() {
        assert!(Limits::default().max_rooms + SPARE <= mappings::slots_within(65_530));
    }

    #[test]
    fn a_pool_that_the_kernel_does_not_allow_is_refused_with_the_number_that_fits() {
        let Some(limit) = mappings::limit() else { return };
        let line = Pool::new(limit).expect_err("a room has more than one mapping").to_string();
        let most = mappings::slots_within(limit) - SPARE;
        assert!(line.contains(&format!("{most} fit into the {limit} memory mappings")), "{line}");
        assert!(line.contains(&format!("sysctl vm.max_map_count={}", mappings::needed(limit + SPARE))), "{line}");
        assert!(Pool::new(most).is_ok() && Pool::new(most + 1).is_err());
    }

    #[test]
    fn a_pool_seats_as_many_instances_as_have_memories() {
        let pool = Pool::new(10).expect("few fit");
        let mut seats: Vec<_> = (0..5 + SPARE / 4).map(|_| pool.seat(2)).collect();
        let line = pool.check_room(2).expect_err("each has two memories");
        assert!(line.contains("2 each"), "{line}");
        seats.pop();
        assert_eq!(pool.check_room(2), Ok(()));
    }
}
