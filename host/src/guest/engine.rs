//! The Wasm engine: the compiler's settings, its cache, and the ticks that interrupt a long call.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, InstanceAllocationStrategy, WasmBacktraceDetails};

use super::memory::GuestMemory;
use super::pool::Pool;
use crate::config::{Config, Instances, Limits};
use crate::error::Error;

/// A guest that computes yields to its shard's other work once in this time. With shorter ticks the neighbours of a busy room
/// wait less, but each tick wakes a thread.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The stack of a guest. It is address space until the guest recurses: an idle room has the same pages with any size. CPython checks its
/// own stack, of 1 MiB in the guest's memory, and raises an exception that the app can catch. This one must not end first: JSON that is
/// nested as deep as CPython bears takes 29 MiB of it (x86-64, measured).
const GUEST_STACK_BYTES: usize = 32 << 20;
/// The part of a fiber's stack that is left for the host's functions which the guest calls: the default of wasmtime.
const HOST_STACK_BYTES: usize = 3 << 19;

/// A Wasm engine. A clone costs a reference count.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
    /// Where its instances start, unless each is allocated by itself.
    pub(super) pool: Option<Arc<Pool>>,
    /// The memory of its instances.
    memory: Arc<GuestMemory>,
}

impl Engine {
    /// An engine for one instance at a time. It caches compiled components in the user's cache folder.
    ///
    /// # Errors
    /// The machine cannot run WebAssembly, or a thread cannot be made.
    pub fn new() -> Result<Self, Error> {
        Self::with(wasmtime::Config::new(), None, false)
    }

    /// The engine of a server. With several rooms, instances start from a pool, which is reserved in advance: a slot for each room.
    ///
    /// # Errors
    /// As `new`, or the memory mappings or the address space of a process are too few for the pool.
    pub(crate) fn of_server(server: &Config, limits: &Limits) -> Result<Self, Error> {
        let mut config = wasmtime::Config::new();
        let pool = match server.instances {
            Instances::Shared => None,
            Instances::PerRoom | Instances::PerClient => {
                let pool = Pool::new(limits.max_rooms).map_err(Error::Limits)?;
                config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool.config(limits.guest_memory_bytes)));
                Some(pool)
            }
        };
        Self::with(config, pool, server.trace_lines)
    }

    /// The memory of its instances.
    pub(crate) fn memory(&self) -> &Arc<GuestMemory> {
        &self.memory
    }

    fn with(mut config: wasmtime::Config, pool: Option<Arc<Pool>>, trace_lines: bool) -> Result<Self, Error> {
        // Calls cost less than half without the machinery for asynchronous exports. The contract has no such export.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        config.max_wasm_stack(GUEST_STACK_BYTES).async_stack_size(GUEST_STACK_BYTES + HOST_STACK_BYTES);
        // Said in any case: the default is for an environment variable to decide.
        config.wasm_backtrace_details(if trace_lines { WasmBacktraceDetails::Enable } else { WasmBacktraceDetails::Disable });
        // Without this, the next guest in a pool's slot would keep what the one before has touched.
        config.async_stack_zeroing(true);
        let refused = |what| move |error: wasmtime::Error| Error::System { what, source: io::Error::other(format!("{error:#}")) };
        match Cache::new(cache()) {
            Ok(cache) => drop(config.cache(Some(cache))),
            // The host serves without a writable home too, for example in a container.
            Err(error) => tracing::warn!("there is no cache, so each start compiles components anew: {error:#}"),
        }
        let wasmtime = wasmtime::Engine::new(&config).map_err(refused("set up WebAssembly on this machine"))?;
        pool.iter().for_each(|pool| pool.reserved());
        if let Some(pool) = pool.clone() {
            // Not on the thread of the ticks: a count of many mappings takes longer than a tick.
            let engine = wasmtime.weak();
            let count = move || {
                for tick in 0_u64.. {
                    if engine.upgrade().is_none() {
                        break;
                    }
                    pool.tick(tick % 100 == 0);
                    std::thread::sleep(TICK);
                }
            };
            let thread = std::thread::Builder::new().name("mappings".into()).spawn(count);
            thread.map_err(|source| Error::System { what: "start a thread", source })?;
        }
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
        Ok(Self { wasmtime, pool, memory: Arc::default() })
    }
}

/// The settings for the user's cache folder. They turn off the better compression that wasmtime gives a component on its 256th
/// load: it runs in the process that loads, and takes 170 MB while that serves.
fn cache() -> CacheConfig {
    let mut cache = CacheConfig::new();
    cache.with_optimized_compression_usage_counter_threshold(u64::MAX);
    cache
}
