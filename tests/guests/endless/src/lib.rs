//! A guest whose start never ends.

use ws_guest::{App, Lifecycle, Saved, StartReason};

#[derive(Default)]
struct Endless;

ws_guest::export!(Endless: Lifecycle);

impl App for Endless {}

impl Lifecycle for Endless {
    fn on_start(&mut self, _reason: StartReason, _saved: Option<Saved>) -> Result<(), String> {
        loop {
            std::hint::black_box(());
        }
    }

    fn snapshot(&self) -> Saved {
        Saved { version: String::new(), data: Vec::new() }
    }
}
