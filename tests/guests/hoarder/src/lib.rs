//! A release whose state is too large for a snapshot.

use ws_guest::StartReason;

#[path = "../../shared/release.rs"]
mod release;

const RELEASE: &str = "hoarder";
const EXTRA_STATE: usize = 16 << 20;

fn before_answer() {}

fn check(_: StartReason, _: &str) -> Result<(), String> {
    Ok(())
}
