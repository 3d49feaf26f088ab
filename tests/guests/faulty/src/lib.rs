//! A release that traps on each message.

use ws_guest::StartReason;

#[path = "../../shared/release.rs"]
mod release;

const RELEASE: &str = "faulty";
const EXTRA_STATE: usize = 0;

fn before_answer() {
    panic!("this release is faulty");
}

fn check(_: StartReason, _: &str) -> Result<(), String> {
    Ok(())
}
