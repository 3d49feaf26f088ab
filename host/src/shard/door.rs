//! Whether a room lets newcomers in, for the front door to ask without a thread hop.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The state of a room's door. The shard sets it, the front door reads it.
#[derive(Debug)]
pub struct Door {
    /// False from the app's or the owner's `deny_new_clients` to `allow_new_clients`.
    pub admitting: AtomicBool,
    /// True while the app fails too often to be started again.
    pub circuit_open: AtomicBool,
    /// Whether requests are put to the app's gate.
    pub has_gate: bool,
}

impl Door {
    /// An open door.
    pub fn new(has_gate: bool) -> Self {
        Self { admitting: AtomicBool::new(true), circuit_open: AtomicBool::new(false), has_gate }
    }

    /// Why newcomers are refused, if they are.
    pub fn refusal(&self) -> Option<&'static str> {
        if self.circuit_open.load(Relaxed) {
            return Some("the application keeps failing and is being held back");
        }
        if self.admitting.load(Relaxed) { None } else { Some("no new clients are admitted for now") }
    }
}
