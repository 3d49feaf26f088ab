//! A guest that traps while it starts.

use ws_guest::{App, Lifecycle, Saved, StartReason};

#[derive(Default)]
struct Stillborn;

ws_guest::export!(Stillborn: Lifecycle);

impl App for Stillborn {}

impl Lifecycle for Stillborn {
    fn on_start(&mut self, _reason: StartReason, _saved: Option<Saved>) -> Result<(), String> {
        panic!("born to fail");
    }

    fn snapshot(&self) -> Saved {
        Saved { version: String::new(), data: Vec::new() }
    }
}
