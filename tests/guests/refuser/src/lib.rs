//! A release that refuses the state of its predecessor.

use ws_guest::StartReason;

#[path = "../../shared/release.rs"]
mod release;

const RELEASE: &str = "refuser";
const EXTRA_STATE: usize = 0;

fn before_answer() {}

fn check(reason: StartReason, version: &str) -> Result<(), String> {
    Err(format!("state of version {version:?} is not mine ({reason:?})"))
}
