//! What is counted.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(120);

/// What is counted.
#[derive(Debug)]
pub struct Tally {
    /// Messages sent in the whole run (with --mode connect: connections begun).
    pub sent: u64,
    /// Messages that should come for these: in an echo one, in a fan-out one for each member.
    pub expected: u64,
    /// Messages that came for these.
    pub received: u64,
    /// Messages that nobody had sent: greetings, say.
    pub stray: u64,
    /// What came while it was measured.
    pub measured: u64,
    /// How long it took, in nanoseconds.
    pub latency: Histogram<u64>,
    measuring: bool,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        let longest = LONGEST.as_nanos() as u64;
        let latency = Histogram::new_with_bounds(1, longest, 3).expect("the bounds are in order, and 3 digits are possible");
        Self { sent: 0, expected: 0, received: 0, stray: 0, measured: 0, latency, measuring: false }
    }

    /// Begins or ends the measurement.
    pub fn measure(&mut self, measuring: bool) {
        self.measuring = measuring;
    }

    /// Notes that a message has come.
    pub fn note(&mut self, latency: Duration) {
        self.received += 1;
        if self.measuring {
            self.measured += 1;
            self.latency.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}
