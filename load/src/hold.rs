//! The mode `idle`: connections stay open and silent.

use std::time::Duration;

use super::drive::Driver;
use super::pool::{Happenings, Pool};
use super::tally::Tally;

/// Only pings and their pongs are sent.
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
