//! The flags of the limits. A new one needs a row in README.md's table: a test compares the two.

use std::time::Duration;

use clap::Args;
use ws_host::more::Limits;

use crate::limits::{duration, per_second, rate, restarts, size};

const ADMISSION: &str = "Limits on who comes in";
const TRAFFIC: &str = "Limits on messages and connections";
const GUEST: &str = "Limits on the guest and its rooms";

/// How much of everything. The short help leaves them out.
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// How many connections there can be at a time [default: 90 % of the descriptors that `ulimit -n` allows]
    #[arg(long, value_name = "N", help_heading = ADMISSION, hide_short_help = true)]
    max_connections: Option<usize>,
    /// How many of them may come from one address, or from one /64 of IPv6 [default: no limit of its own]
    #[arg(long, value_name = "N", help_heading = ADMISSION, hide_short_help = true)]
    max_per_address: Option<usize>,
    /// How many connections are accepted in a second; the others wait in the kernel [default: as many as come]
    #[arg(long, value_name = "N/s", value_parser = per_second, help_heading = ADMISSION, hide_short_help = true)]
    accept_rate: Option<u32>,
    /// How long a client may take from connecting to the end of its upgrade request
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = ADMISSION, hide_short_help = true)]
    handshake_timeout: Duration,
    /// What an upgrade request may measure, 8KiB at least
    #[arg(long, default_value = "16KiB", value_parser = size, value_name = "SIZE", help_heading = ADMISSION, hide_short_help = true)]
    max_request: usize,

    /// What one message may measure, in either direction
    #[arg(long, default_value = "1MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    max_message: usize,
    /// The size from which a message is compressed, for a client that can
    #[arg(long, default_value = "128", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    compress_above: usize,
    /// What may wait for one client before `send` answers backpressure
    #[arg(long, default_value = "64KiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    outbox_soft: usize,
    /// What may wait for one client before it is closed
    #[arg(long, default_value = "1MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    outbox_hard: usize,
    /// Messages and pings that one client may send within a time, as in 100/s [default: as many as it can]
    #[arg(long, value_name = "N/TIME", value_parser = rate, help_heading = TRAFFIC, hide_short_help = true)]
    rate: Option<(usize, Duration)>,
    /// How many events may wait for a room before its clients are not read
    #[arg(long, default_value_t = 1024, value_name = "N", help_heading = TRAFFIC, hide_short_help = true)]
    mailbox: usize,
    /// What the messages among them may measure together before its clients are not read
    #[arg(long, default_value = "16MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    mailbox_bytes: usize,
    /// How long a client may be silent before it is pinged
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    ping: Duration,
    /// How long it may be silent after that
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    pong: Duration,
    /// How long a client has to answer a close frame
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    close_timeout: Duration,
    /// How long a shutdown waits for the clients
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    drain: Duration,

    /// The running time that one call of the guest may take
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    call_timeout: Duration,
    /// How long one call of the guest may wait in all, on a clock say
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    call_wait: Duration,
    /// The memory that one instance of the guest may take
    #[arg(long, default_value = "64MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    guest_memory: usize,
    /// Restarts of a failing guest, and the time within which so many are too many
    #[arg(long, default_value = "5/10s", value_parser = restarts, value_name = "N/TIME", help_heading = GUEST, hide_short_help = true)]
    restarts: (usize, Duration),
    /// With several rooms: how many there can be at a time
    #[arg(long, default_value_t = 10_000, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    max_rooms: usize,
    /// How many clients one room takes [default: as many as there can be connections]
    #[arg(long, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    max_room_clients: Option<usize>,
    /// With several rooms: how long an empty one is kept
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    room_linger: Duration,
    /// What a guest may hand to its successor at a swap
    #[arg(long, default_value = "16MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    max_snapshot: usize,
    /// How long after a swap failures of the new release count against it
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    probation: Duration,
    /// Failures within the probation that bring the release before back
    #[arg(long, default_value_t = 3, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    probation_traps: u32,
}

impl From<LimitFlags> for Limits {
    fn from(flags: LimitFlags) -> Self {
        let (max_restarts, restart_window) = flags.restarts;
        Self {
            max_connections: flags.max_connections,
            max_per_address: flags.max_per_address,
            accepts_per_second: flags.accept_rate,
            handshake_timeout: flags.handshake_timeout,
            max_request_bytes: flags.max_request,
            max_message_bytes: flags.max_message,
            compress_above_bytes: flags.compress_above,
            outbox_soft_bytes: flags.outbox_soft,
            outbox_hard_bytes: flags.outbox_hard,
            rate: flags.rate,
            mailbox_events: flags.mailbox,
            mailbox_bytes: flags.mailbox_bytes,
            ping_interval: flags.ping,
            pong_timeout: flags.pong,
            close_timeout: flags.close_timeout,
            drain_timeout: flags.drain,
            call_timeout: flags.call_timeout,
            call_wait: flags.call_wait,
            guest_memory_bytes: flags.guest_memory,
            max_restarts,
            restart_window,
            max_rooms: flags.max_rooms,
            max_room_clients: flags.max_room_clients,
            room_linger: flags.room_linger,
            max_snapshot_bytes: flags.max_snapshot,
            probation: flags.probation,
            probation_traps: flags.probation_traps,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        limits: LimitFlags,
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_the_library() {
        let flags = Limits::from(Alone::parse_from(["ws-host"]).limits);
        assert_eq!(format!("{flags:?}"), format!("{:?}", Limits::default()));
    }
}
