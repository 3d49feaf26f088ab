//! The Wasm engine: the compiler's settings, its cache, and the ticks that interrupt a long call.

use std::io;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;

/// How often a guest that computes lets its shard's other work go on. Shorter ticks make neighbours of a busy room
/// wait less; each costs a wake-up of one thread.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// A Wasm engine. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
}

impl Engine {
    /// An engine for one instance at a time, which caches what it compiles in the user's cache folder.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly, or a thread cannot be made.
    pub fn new() -> Result<Self, Error> {
        Self::with(Config::new())
    }

    /// An engine for so many instances of so much memory each, which start from a pool that is reserved in advance.
    ///
    /// # Errors
    /// As `new`, or the address space is too small for the pool.
    pub fn with_pool(instances: usize, memory_bytes: usize) -> Result<Self, Error> {
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances, memory_bytes)));
        Self::with(config)
    }

    fn with(mut config: Config) -> Result<Self, Error> {
        // Calls cost less than half without the machinery for asynchronous exports, which the contract has none of.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        let refused = |what| move |error: wasmtime::Error| Error::System { what, source: io::Error::other(format!("{error:#}")) };
        match Cache::new(cache()) {
            Ok(cache) => drop(config.cache(Some(cache))),
            // A home without a writable folder, in a container say, is no reason not to serve.
            Err(error) => tracing::warn!("components are compiled anew at each start, there is no cache: {error:#}"),
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

/// The user's cache folder, and nothing packed anew: wasmtime does that with what was loaded 256 times, in the process that does so next, and
/// takes 170 MB for it while that serves.
fn cache() -> CacheConfig {
    let mut cache = CacheConfig::new();
    cache.with_optimized_compression_usage_counter_threshold(u64::MAX);
    cache
}

/// A component is made of a few core instances and tables (three or four for a Rust guest, more with adapters).
const CORE_PARTS: u32 = 8;
/// While rooms swap, some have two instances for a moment: one for each shard, and nobody has so many shards.
const SWAPPING: u32 = 256;
/// What of a memory stays mapped between two users of a slot. With less, the kernel's page tables are changed under a
/// lock at each start and end, which does not scale to two threads (measured: 25 us a start against 9).
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
