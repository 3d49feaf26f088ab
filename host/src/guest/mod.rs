//! Wasm guests: a component's bytes become a program, a program makes instances, an instance is an `App`.
//!
//! | file | owns |
//! | --- | --- |
//! | `engine` | the compiler's settings, its cache, the ticks that interrupt a long call |
//! | `program` | bytes to a component that is checked and linked |
//! | `instance` | one instance and its calls |
//! | `state` | what an instance's store holds: the room during a call, WASI, memory limits |
//! | `pace` | how many ticks a call has computed for |
//! | `patience` | how long a call may wait |
//! | `imports` | the contract's imports on the host's side |
//! | `fault` | a trap, in words |
//! | `output` | the guest's stdout and stderr, as log lines |
//! | `quota` | how much of that becomes log lines |
//! | `inspect` | what a component asks for and gives |
//!
//! Nothing outside this folder names wasmtime.

mod bindings;
mod engine;
mod fault;
mod imports;
mod inspect;
mod instance;
mod output;
mod pace;
mod patience;
mod program;
mod quota;
mod state;

pub use engine::Engine;
pub use inspect::Report;
pub(crate) use program::Program;
pub use program::sha256;
