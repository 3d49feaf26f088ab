//! `--mode idle`: connections stay and are silent.

use std::time::Duration;

use super::drive::Driver;
use super::pool::{Happenings, Pool};
use super::tally::Tally;

/// Nothing happens, but for pings and their pongs.
#[derive(Debug)]
pub struct Hold {
    tally: Tally,
}

impl Default for Hold {
    fn default() -> Self {
        Self { tally: Tally::new() }
    }
}

impl Driver for Hold {
    fn begin(&mut self, _: &mut Pool) {}

    fn due(&mut self, _: &mut Pool, _: Duration) {}

    fn stop(&mut self) {}

    fn waits(&self) -> bool {
        false
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

impl Happenings for Hold {
    fn opened(&mut self, _: &mut Pool, _: usize) {}

    fn received(&mut self, _: &mut Pool, _: usize, messages: u32) {
        self.tally.stray += u64::from(messages);
    }

    fn gone(&mut self, _: &mut Pool, _: usize) {}
}
