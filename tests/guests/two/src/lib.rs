//! The second release of a counter.

use ws_guest::StartReason;

#[path = "../../shared/release.rs"]
mod release;

const RELEASE: &str = "two";
const EXTRA_STATE: usize = 0;

fn before_answer() {}

fn check(_: StartReason, _: &str) -> Result<(), String> {
    Ok(())
}
