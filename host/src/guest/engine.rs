//! The Wasm engine: the compiler's settings, its cache, and the ticks that interrupt a long call.

use std::io;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config};

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
    /// An engine that caches what it compiles in the user's cache folder.
    ///
    /// # Errors
    /// The cache folder or a thread cannot be made.
    pub fn new() -> Result<Self, Error> {
        let mut config = Config::new();
        // Calls cost less than half without the machinery for asynchronous exports, which the contract has none of.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        let refused = |what| move |error: wasmtime::Error| Error::System { what, source: io::Error::other(format!("{error:#}")) };
        match Cache::new(CacheConfig::new()) {
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
