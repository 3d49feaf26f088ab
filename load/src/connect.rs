//! The mode `connect`: connections open and close.

use std::collections::VecDeque;
use std::time::Duration;

use super::drive::Driver;
use super::options::Options;
use super::pool::{Happenings, Pool};
use super::tally::Tally;

/// Each connection is closed in order as soon as it is open. After its end its slot is used again.
#[derive(Debug)]
pub struct Connect {
    tally: Tally,
    /// The time at which each connection began or, at a fixed rate, should have begun.
    begun: Vec<Option<Duration>>,
    /// The free slots, and the connections that wait for one.
    free: Vec<usize>,
    waiting: VecDeque<Duration>,
    on_its_way: usize,
    keeps_on: bool,
    is_over: bool,
}

impl Connect {
    /// No connection yet.
    pub fn new(options: &Options) -> Self {
        Self {
            tally: Tally::new(),
            begun: vec![None; options.connections],
            free: (0..options.connections).rev().collect(),
            waiting: VecDeque::new(),
            on_its_way: 0,
            keeps_on: options.rate.is_none(),
            is_over: false,
        }
    }

    fn connect(&mut self, pool: &mut Pool, time: Duration) {
        let Some(client) = self.free.pop() else { return self.waiting.push_back(time) };
        self.tally.sent += 1;
        self.tally.expected += 1;
        self.begun[client] = Some(time);
        self.on_its_way += 1;
        if let Err(error) = pool.connect(client) {
            pool.failed += 1;
            *pool.reasons.entry(error.to_string()).or_default() += 1;
            self.on_its_way -= 1;
            self.free.push(client);
        }
    }
}

impl Driver for Connect {
    const CONNECTS_FIRST: bool = false;

    fn begin(&mut self, pool: &mut Pool) {
        for _ in 0..if self.keeps_on { pool.len() } else { 0 } {
            self.connect(pool, pool.now());
        }
    }

    fn due(&mut self, pool: &mut Pool, intended: Duration) {
        self.connect(pool, intended);
    }

    fn stop(&mut self) {
        self.is_over = true;
        self.waiting.clear();
    }

    fn waits(&self) -> bool {
        self.on_its_way > 0
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

impl Happenings for Connect {
    fn opened(&mut self, pool: &mut Pool, client: usize) {
        if let Some(begun) = self.begun[client].take() {
            self.tally.note(pool.now().saturating_sub(begun));
        }
        pool.close(client);
    }

    fn received(&mut self, _: &mut Pool, _: usize, messages: u32) {
        self.tally.stray += u64::from(messages);
    }

    fn gone(&mut self, pool: &mut Pool, client: usize) {
        self.on_its_way -= 1;
        self.free.push(client);
        if self.is_over {
            return;
        }
        if self.keeps_on {
            self.connect(pool, pool.now());
        } else if let Some(intended) = self.waiting.pop_front() {
            self.connect(pool, intended);
        }
    }
}
