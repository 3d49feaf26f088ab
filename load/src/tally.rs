//! The counts of a run.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency of the histogram. Longer ones count as this one.
const LONGEST: Duration = Duration::from_secs(120);

/// The counts of a run.
#[derive(Debug)]
pub struct Tally {
    /// Messages sent in the whole run. In the mode `connect`: connections begun.
    pub sent: u64,
    /// Expected messages: one per message in an echo, one per member in a fan-out.
    pub expected: u64,
    /// Received messages.
    pub received: u64,
    /// Received messages that no connection had sent, for example greetings.
    pub stray: u64,
    /// Messages received in the measured time.
    pub measured: u64,
    /// Their latencies in nanoseconds.
    pub latency: Histogram<u64>,
    measuring: bool,
}

impl Tally {
    /// All zero.
    pub fn new() -> Self {
        let longest = LONGEST.as_nanos() as u64;
        let latency = Histogram::new_with_bounds(1, longest, 3).expect("the bounds are in order, and 3 digits are possible");
        Self { sent: 0, expected: 0, received: 0, stray: 0, measured: 0, latency, measuring: false }
    }

    /// Begins or ends the measurement.
    pub fn measure(&mut self, measuring: bool) {
        self.measuring = measuring;
    }

    /// Counts a received message.
    pub fn note(&mut self, latency: Duration) {
        self.received += 1;
        if self.measuring {
            self.measured += 1;
            self.latency.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}
