//! The limits on a shard's log lines: clients can cause each of them as often as they like.

use crate::log::LogThrottle;

/// A failure of one room says nothing of another's, so several are logged.
const LINES_ABOUT_ROOMS: u32 = 20;

/// The limits on one shard's log lines, a throttle for each kind.
#[derive(Debug)]
pub struct LogLimits {
    /// There are too many rooms.
    pub refused_rooms: LogThrottle,
    /// Too much of the owner's waits for a room.
    pub dropped_orders: LogThrottle,
    /// A new connection cannot be used.
    pub lost_connections: LogThrottle,
    /// Clients are closed because they make the host hold too much.
    pub evictions: LogThrottle,
    /// An application or a journal has failed.
    pub faults: LogThrottle,
    /// A circuit has opened.
    pub open_circuits: LogThrottle,
    /// A circuit has closed again.
    pub recoveries: LogThrottle,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            refused_rooms: LogThrottle::one("refused rooms"),
            dropped_orders: LogThrottle::one("dropped messages of the server's owner"),
            lost_connections: LogThrottle::one("lost connections"),
            evictions: LogThrottle::one("clients that hold too much memory"),
            faults: LogThrottle::new(LINES_ABOUT_ROOMS, "failures"),
            open_circuits: LogThrottle::new(LINES_ABOUT_ROOMS, "applications that fail too often"),
            recoveries: LogThrottle::new(LINES_ABOUT_ROOMS, "applications that run again"),
        }
    }
}
