//! The mode `echo`: each message comes back to its sender.

use std::collections::VecDeque;
use std::time::Duration;

use super::drive::Driver;
use super::options::Options;
use super::pool::{Happenings, Pool};
use super::tally::Tally;

/// Messages and their answers, which arrive in order.
#[derive(Debug)]
pub struct Echo {
    tally: Tally,
    /// For each connection, the times at which its unanswered messages were sent or, at a fixed rate, should have been.
    sent: Vec<VecDeque<Duration>>,
    in_flight: usize,
    keeps_on: bool,
    next: usize,
}

impl Echo {
    /// Before the first message.
    pub fn new(options: &Options) -> Self {
        Self {
            tally: Tally::new(),
            sent: (0..options.connections).map(|_| VecDeque::new()).collect(),
            in_flight: options.in_flight,
            // At a fixed rate an answer triggers no further message.
            keeps_on: options.rate.is_none(),
            next: 0,
        }
    }

    fn send(&mut self, pool: &mut Pool, client: usize, messages: usize, time: Duration) {
        self.sent[client].extend(std::iter::repeat_n(time, messages));
        self.tally.sent += messages as u64;
        self.tally.expected += messages as u64;
        pool.send(client, messages);
    }
}

impl Driver for Echo {
    fn begin(&mut self, pool: &mut Pool) {
        if !self.keeps_on {
            return;
        }
        for client in 0..pool.len() {
            if pool.is_open(client) {
                self.send(pool, client, self.in_flight, pool.now());
            }
        }
    }

    fn due(&mut self, pool: &mut Pool, intended: Duration) {
        for _ in 0..pool.len() {
            let client = self.next;
            self.next = (self.next + 1) % pool.len();
            if pool.is_open(client) {
                return self.send(pool, client, 1, intended);
            }
        }
    }

    fn stop(&mut self) {
        self.keeps_on = false;
    }

    fn waits(&self) -> bool {
        self.tally.received < self.tally.expected
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

impl Happenings for Echo {
    fn opened(&mut self, _: &mut Pool, _: usize) {}

    fn received(&mut self, pool: &mut Pool, client: usize, messages: u32) {
        let now = pool.now();
        let mut answered = 0;
        for _ in 0..messages {
            match self.sent[client].pop_front() {
                Some(sent) => {
                    self.tally.note(now.saturating_sub(sent));
                    answered += 1;
                }
                None => self.tally.stray += 1,
            }
        }
        if self.keeps_on && answered > 0 {
            self.send(pool, client, answered, now);
        }
    }

    fn gone(&mut self, _: &mut Pool, client: usize) {
        // Its unanswered messages are missing in the report, and are not waited for.
        self.sent[client].clear();
    }
}
