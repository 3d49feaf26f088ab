//! Wasm guests: a component's bytes become a program, a program makes instances, an instance is an `App`.
//!
//! | file | owns |
//! | --- | --- |
//! | `engine` | the compiler's settings, its cache, the ticks that interrupt a long call |
//! | `pool` | the pool of a server with many instances |
//! | `mappings` | how many instances fit into the memory mappings of a process |
//! | `memory` | the linear memory of all instances together |
//! | `origin` | where a component comes from |
//! | `program` | bytes to a component that is checked and linked |
//! | `instance` | one instance as an `App` |
//! | `call` | one call: enter, wait, leave |
//! | `batch` | the call with a batch of messages |
//! | `splice` | the loop that a component gets for it |
//! | `stdin` | the standard input that a component's file carries |
//! | `state` | the contents of an instance's store: the room during a call, WASI, memory limits |
//! | `tick_count` | how many ticks a call has computed for |
//! | `wait_limit` | how long a call may wait |
//! | `bindings` | the typed calls that are generated from `wit/` |
//! | `exports` | the interfaces that a guest exports |
//! | `capabilities` | the interfaces that a guest may import, a row each |
//! | `imports` | the functions of the contract's interfaces among them |
//! | `store` | the functions of the contract's interface `store` |
//! | `http` | the functions of the contract's interface `http` |
//! | `rooms` | the functions of the contract's interface `rooms` |
//! | `wasi_http` | WASI's `outgoing-handler`, over the same client |
//! | `fault` | the text of a trap |
//! | `backtrace` | the text of its Wasm backtrace |
//! | `output` | the guest's stdout and stderr, as log lines |
//! | `last_words` | the end of its stderr, which says why it fails |
//! | `quota` | a quota of those log lines |
//! | `total_output` | the quota of all instances together |
//! | `inspect` | a report on a component |
//!
//! Nothing outside this folder names wasmtime.
//!
//! `Program::load` reads the file, names its kind if it is not a component, checks exports and imports, compiles it (or takes the
//! result from wasmtime's cache) and links it. `Instance::new` makes a store and an instance. One store has one instance: a trap
//! poisons the store, and nothing else may be in it.
//!
//! - **Engine.** `concurrency_support(false)` more than halves the cost of a call. One thread ticks every 10 ms.
//! - **Calls.** Exports are called with `call_async`, on a fiber, so that a call can yield. At each tick the running call yields to
//!   the shard, or is interrupted after as many ticks as `call_timeout` has. Only a running call sees ticks, so the time for which
//!   it is suspended does not count. `WaitLimit` counts the time that a call waits, on a WASI clock for example. It does not count
//!   the time until a suspended call gets its turn, which depends on other rooms. A call's future is dropped only when the call is
//!   overdue, since that ends the instance.
//! - **The room.** While a call runs, the store holds the room: entering and leaving swap one pointer. A room outside its store is
//!   empty for that time, and nobody asks it.
//! - **Imports** are wrapped by hand over `WasmStr` and `WasmList`: generated ones would copy each payload into a `String` or `Vec`
//!   first.
//! - **Limits.** All linear memories of an instance together have `guest_memory_bytes`, all tables 100,000 elements.
//! - **Output.** A line of stdout or stderr becomes a log line with the target `guest` and the room's name, up to 1,000 a second
//!   for each stream. Without that limit a flood would fill the disk.
//! - **Faults.** A trap becomes words, with the Wasm backtrace. An exit, by which a guest in Python ends after an exception, has
//!   none. A native handler's panic becomes the same `Fault`, so both kinds are contained alike.
//! - **Pool.** With many rooms, instances start from wasmtime's pool, which keeps 2 MiB of each memory resident between two users.
//!   A server with one shared room allocates on demand: it needs one instance, and reserving the pool takes time at the start.

mod backtrace;
mod batch;
mod bindings;
mod call;
mod capabilities;
mod engine;
mod exports;
mod fault;
mod http;
mod imports;
mod inspect;
mod instance;
mod last_words;
mod mappings;
mod memory;
mod origin;
mod output;
mod pool;
mod program;
mod quota;
mod replies;
mod rooms;
mod splice;
mod state;
mod stdin;
mod store;
#[cfg(test)]
mod tests;
mod tick_count;
mod total_output;
mod wait_limit;
mod wasi_http;

pub use engine::Engine;
pub use inspect::Report;
pub(crate) use memory::GuestMemory;
pub use origin::{Bytecode, Origin};
pub(crate) use program::Program;
pub use program::sha256;
