//! The fuzz targets: functions over arbitrary bytes that panic when a promise is broken. cargo-fuzz runs them with inputs
//! that it finds. A test on stable Rust runs them with a corpus and inputs made from it.

// Modules of the host, compiled from their sources. Some of their exports are not used here.
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/close.rs"]
mod close;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/cluster_settings.rs"]
mod cluster_settings;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/config.rs"]
mod config;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/error.rs"]
mod error;
#[allow(dead_code, unused_imports)]
mod front;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/limit_error.rs"]
mod limit_error;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/limits.rs"]
mod limits;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/listen.rs"]
mod listen;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/memory.rs"]
mod memory;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/refusal.rs"]
mod refusal;
#[allow(dead_code, unused_imports)]
#[path = "../../host/src/types.rs"]
mod types;

use ws_protocol as protocol;

pub mod frames;
mod oracle;
mod reads;
pub mod script;
pub mod targets;
mod wire;
