//! The times of the rules.

use std::time::Duration;

/// The time by a node's own clock, since any fixed moment. The clock goes on while the machine is suspended (`CLOCK_BOOTTIME`).
pub type Time = Duration;

/// The times that all nodes of a cluster agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A node renews its lease this long after it has sent the last renewal.
    pub renew: Duration,
    /// A node counts on its lease for this long after it has sent a renewal that was stored.
    pub hold: Duration,
    /// A node is taken for dead if no renewal has been seen for this long. It is longer than `hold` by more than clocks differ in that time.
    pub bury: Duration,
    /// After an outage of NATS, nodes have as much more time as it has lasted to renew their leases, and this at most.
    pub excuse: Duration,
    /// A message without an answer is sent again after this time.
    pub resend: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self { renew: millis(500), hold: millis(1500), bury: millis(2000), excuse: millis(5000), resend: millis(250) }
    }
}
