//! Wasm guests: a component's bytes become a program, a program makes instances, an instance is an `App`.
//!
//! | file | owns |
//! | --- | --- |
//! | `engine` | the compiler's settings, its cache, the ticks that interrupt a long call |
//! | `program` | bytes to a component that is checked and linked |
//! | `instance` | one instance as an `App` |
//! | `call` | one call: enter, wait, leave |
//! | `state` | the contents of an instance's store: the room during a call, WASI, memory limits |
//! | `tick_count` | how many ticks a call has computed for |
//! | `wait_limit` | how long a call may wait |
//! | `bindings` | the typed calls that are generated from `wit/` |
//! | `exports` | the interfaces that a guest exports |
//! | `capabilities` | the interfaces that a guest may import, a row each |
//! | `imports` | the functions of the contract's interfaces among them |
//! | `fault` | the text of a trap |
//! | `output` | the guest's stdout and stderr, as log lines |
//! | `quota` | the quota of those log lines |
//! | `inspect` | a report on a component |
//!
//! Nothing outside this folder names wasmtime.

mod bindings;
mod call;
mod capabilities;
mod engine;
mod exports;
mod fault;
mod imports;
mod inspect;
mod instance;
mod output;
mod program;
mod quota;
mod state;
#[cfg(test)]
mod tests;
mod tick_count;
mod wait_limit;

pub use engine::Engine;
pub use inspect::Report;
pub(crate) use program::Program;
pub use program::sha256;
