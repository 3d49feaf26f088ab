//! The Wasm engine: the compiler's settings, its cache, and the ticks that interrupt a long call.

use std::io;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;

/// A guest that computes yields to its shard's other work once in this time. With shorter ticks the neighbours of a busy room
/// wait less, but each tick wakes a thread.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// A Wasm engine. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
}

impl Engine {
    /// An engine for one instance at a time. It caches compiled components in the user's cache folder.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly, or a thread cannot be made.
    pub fn new() -> Result<Self, Error> {
        Self::with(Config::new())
    }

    /// An engine whose instances start from a pool, which is reserved in advance: `instances` slots of `memory_bytes` each.
    ///
    /// # Errors
    /// As `new`, or the address space is too small for the pool.
    pub fn with_pool(instances: usize, memory_bytes: usize) -> Result<Self, Error> {
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances, memory_bytes)));
        Self::with(config)
    }

    fn with(mut config: Config) -> Result<Self, Error> {
        // Calls cost less than half without the machinery for asynchronous exports. The contract has no such export.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        let refused = |what| move |error: wasmtime::Error| Error::System { what, source: io::Error::other(format!("{error:#}")) };
        match Cache::new(cache()) {
            Ok(cache) => drop(config.cache(Some(cache))),
            // The host serves without a writable home too, for example in a container.
            Err(error) => tracing::warn!("there is no cache, so each start compiles components anew: {error:#}"),
        }
        let wasmtime = wasmtime::Engine::new(&config).map_err(refused("set up WebAssembly on this machine"))?;
        let ticking = wasmtime.weak();
        std::thread::Builder::new()
            .name("epoch-ticks".into())
            .spawn(move || {
                while let Some(engine) = ticking.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(|source| Error::System { what: "start a thread", source })?;
        Ok(Self { wasmtime })
    }
}

/// The settings for the user's cache folder. They turn off the better compression that wasmtime gives a component on its 256th
/// load: it runs in the process that loads, and takes 170 MB while that serves.
fn cache() -> CacheConfig {
    let mut cache = CacheConfig::new();
    cache.with_optimized_compression_usage_counter_threshold(u64::MAX);
    cache
}

/// Core instances and tables of one component: three or four for a Rust guest, more with adapters.
const CORE_PARTS: u32 = 8;
/// Slots for rooms that swap: they have two instances for a moment. One room of a shard swaps at a time, and no machine has
/// this many shards.
const SWAPPING: u32 = 256;
/// The part of a memory that stays mapped between two users of a slot. With less, each start and end changes the kernel's page
/// tables under a lock, which does not scale to two threads (measured: 25 us a start against 9).
const KEEP_RESIDENT_BYTES: usize = 2 << 20;

fn pool(instances: usize, memory_bytes: usize) -> PoolingAllocationConfig {
    let slots = u32::try_from(instances).unwrap_or(u32::MAX / CORE_PARTS).saturating_add(SWAPPING);
    let parts = slots.saturating_mul(CORE_PARTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(parts)
        .total_memories(slots)
        .total_tables(parts)
        .total_stacks(slots)
        .max_memory_size(memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
}
