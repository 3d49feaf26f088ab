//! The flags of the limits. A new flag needs a row in the guide's `reference/limits.md`: a test compares the two.

use std::time::Duration;

use clap::Args;
use ws_host::config::Limits;

use crate::units::{duration, number, per_second, rate, restarts, size};

const ADMISSION: &str = "Limits on admission";
const TRAFFIC: &str = "Limits on messages and connections";
const GUEST: &str = "Limits on the guest and its rooms";

/// The limits. The short help omits them.
#[derive(Debug, Clone, Args)]
pub struct LimitFlags {
    /// The most connections at a time [default: 90 % of the descriptors that `ulimit -n` allows]
    #[arg(long, value_parser = number::<usize>, value_name = "N", help_heading = ADMISSION, hide_short_help = true)]
    max_connections: Option<usize>,
    /// The most connections from one address, or from one /64 of IPv6 [default: unlimited]
    #[arg(long, value_parser = number::<usize>, value_name = "N", help_heading = ADMISSION, hide_short_help = true)]
    max_per_address: Option<usize>,
    /// The most connections accepted per second; the others wait in the kernel [default: unlimited]
    #[arg(long, value_name = "N/s", value_parser = per_second, help_heading = ADMISSION, hide_short_help = true)]
    accept_rate: Option<u32>,
    /// The time from a client's connection to the end of its upgrade request
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = ADMISSION, hide_short_help = true)]
    handshake_timeout: Duration,
    /// The largest upgrade request, at least 8KiB
    #[arg(long, default_value = "16KiB", value_parser = size, value_name = "SIZE", help_heading = ADMISSION, hide_short_help = true)]
    max_request: usize,
    /// The largest body of a plain HTTP request to the guest
    #[arg(long, default_value = "1MiB", value_parser = size, value_name = "SIZE", help_heading = ADMISSION, hide_short_help = true)]
    max_request_body: usize,
    /// The time for the body of a plain HTTP request to the guest, and then for the answer to begin
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = ADMISSION, hide_short_help = true)]
    request_timeout: Duration,
    /// The largest body of an answer of the guest, unless it comes in chunks
    #[arg(long, default_value = "4MiB", value_parser = size, value_name = "SIZE", help_heading = ADMISSION, hide_short_help = true)]
    max_response: usize,

    /// The largest message, in either direction
    #[arg(long, default_value = "1MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    max_message: usize,
    /// The size from which messages are compressed, if the client supports it
    #[arg(long, default_value = "128", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    compress_above: usize,
    /// The bytes queued for one client above which `send` returns backpressure
    #[arg(long, default_value = "64KiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    outbox_soft: usize,
    /// The bytes queued for one client above which it is closed
    #[arg(long, default_value = "1MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    outbox_hard: usize,
    /// The time that a client which asks for it has to come back and lose nothing, with `?_resume=new`; 0 turns it off
    #[arg(long, default_value = "2m", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    resume_for: Duration,
    /// The bytes kept for such a client until it confirms them
    #[arg(long, default_value = "256KiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    resume_bytes: usize,
    /// The most memory for all such clients that have not come back yet
    #[arg(long, default_value = "256MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    resume_max: usize,
    /// The most messages and other frames from one client within a time, as in 100/s [default: unlimited]
    #[arg(long, value_name = "N/TIME", value_parser = rate, help_heading = TRAFFIC, hide_short_help = true)]
    rate: Option<(usize, Duration)>,
    /// The longest time from the first byte of a client's message to its last
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    message_timeout: Duration,
    /// The most memory held for all clients: messages not yet finished or handled, and outboxes [default: a quarter of the memory]
    #[arg(long, value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    client_memory: Option<usize>,
    /// The number of inputs queued for a room from which its clients are not read
    #[arg(long, default_value_t = 1024, value_parser = number::<usize>, value_name = "N", help_heading = TRAFFIC, hide_short_help = true)]
    mailbox: usize,
    /// The size of the messages queued for a room from which its clients are not read
    #[arg(long, default_value = "16MiB", value_parser = size, value_name = "SIZE", help_heading = TRAFFIC, hide_short_help = true)]
    mailbox_bytes: usize,
    /// The silence after which a client is pinged
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    ping: Duration,
    /// The silence after a ping that closes the client
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    pong: Duration,
    /// The time that a client has to answer a close frame
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    close_timeout: Duration,
    /// The time after SIGTERM in which /readyz says 503 and connections are accepted as before, for balancers
    #[arg(long, default_value = "0s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    drain_delay: Duration,
    /// The time that a shutdown waits for the clients
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = TRAFFIC, hide_short_help = true)]
    drain: Duration,

    /// The longest running time of one call of the guest
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    call_timeout: Duration,
    /// The longest total wait of one call of the guest, for example in a sleep
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    call_wait: Duration,
    /// The most memory of one instance of the guest
    #[arg(long, default_value = "64MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    guest_memory: usize,
    /// The most restarts of a failing guest within a time
    #[arg(long, default_value = "5/10s", value_parser = restarts, value_name = "N/TIME", help_heading = GUEST, hide_short_help = true)]
    restarts: (usize, Duration),
    /// With several rooms: the most rooms at a time
    #[arg(long, default_value_t = 10_000, value_parser = number::<usize>, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    max_rooms: usize,
    /// The most clients in one room [default: unlimited]
    #[arg(long, value_parser = number::<usize>, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    max_room_clients: Option<usize>,
    /// With per-room instances: the time that an empty room is kept
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    room_linger: Duration,
    /// The largest state that a guest hands to its successor at a swap
    #[arg(long, default_value = "16MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    max_snapshot: usize,
    /// The most that the store of one room holds: keys and values, and 64 bytes for each entry [default: 64MiB; 8MiB in a cluster]
    #[arg(long, value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    store_room: Option<usize>,
    /// The most that the stores of all rooms hold [default: unlimited with --data, a quarter of the memory without]
    #[arg(long, value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    store_total: Option<usize>,
    /// With --data, which no cluster has: the time after which a room that nobody uses is deleted, with its store and its state, as in 90d [default: never]
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    store_expiry: Option<Duration>,
    /// The most HTTP requests of one room at a time
    #[arg(long, default_value_t = 32, value_parser = number::<usize>, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    fetch_room: usize,
    /// The most HTTP requests of all rooms together at a time
    #[arg(long, default_value_t = 1024, value_parser = number::<usize>, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    fetch_total: usize,
    /// The largest body of an HTTP request, and of an answer that is not streamed
    #[arg(long, default_value = "4MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    fetch_body: usize,
    /// The most memory of the bodies of all HTTP requests and answers together
    #[arg(long, default_value = "256MiB", value_parser = size, value_name = "SIZE", help_heading = GUEST, hide_short_help = true)]
    fetch_memory: usize,
    /// The longest time until the answer to an HTTP request, or the next piece of a streamed one
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    fetch_timeout: Duration,
    /// The time after a swap in which failures of the new release count
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = GUEST, hide_short_help = true)]
    pub(crate) probation: Duration,
    /// The failures within the probation that bring the previous release back
    #[arg(long, default_value_t = 3, value_parser = number::<u32>, value_name = "N", help_heading = GUEST, hide_short_help = true)]
    probation_traps: u32,
}

impl From<LimitFlags> for Limits {
    fn from(flags: LimitFlags) -> Self {
        Self::with(|limits| {
            limits.max_connections = flags.max_connections;
            limits.max_per_address = flags.max_per_address;
            limits.accepts_per_second = flags.accept_rate;
            limits.handshake_timeout = flags.handshake_timeout;
            limits.max_request_bytes = flags.max_request;
            limits.max_request_body_bytes = flags.max_request_body;
            limits.max_response_bytes = flags.max_response;
            limits.request_timeout = flags.request_timeout;
            limits.max_message_bytes = flags.max_message;
            limits.compress_above_bytes = flags.compress_above;
            limits.outbox_soft_bytes = flags.outbox_soft;
            limits.outbox_hard_bytes = flags.outbox_hard;
            limits.resume_for = flags.resume_for;
            limits.resume_bytes = flags.resume_bytes;
            limits.resume_max_bytes = flags.resume_max;
            limits.rate = flags.rate;
            limits.message_timeout = flags.message_timeout;
            limits.client_memory_bytes = flags.client_memory;
            limits.mailbox_events = flags.mailbox;
            limits.mailbox_bytes = flags.mailbox_bytes;
            limits.ping_interval = flags.ping;
            limits.pong_timeout = flags.pong;
            limits.close_timeout = flags.close_timeout;
            limits.drain_delay = flags.drain_delay;
            limits.drain_timeout = flags.drain;
            limits.call_timeout = flags.call_timeout;
            limits.call_wait = flags.call_wait;
            limits.guest_memory_bytes = flags.guest_memory;
            (limits.max_restarts, limits.restart_window) = flags.restarts;
            limits.max_rooms = flags.max_rooms;
            limits.max_room_clients = flags.max_room_clients;
            limits.room_linger = flags.room_linger;
            limits.max_snapshot_bytes = flags.max_snapshot;
            limits.store_room_bytes = flags.store_room.map(|size| size as u64);
            limits.store_total_bytes = flags.store_total.map(|size| size as u64);
            limits.store_expiry = flags.store_expiry;
            limits.fetch_room = flags.fetch_room;
            limits.fetch_total = flags.fetch_total;
            limits.fetch_body_bytes = flags.fetch_body;
            limits.fetch_memory_bytes = flags.fetch_memory;
            limits.fetch_timeout = flags.fetch_timeout;
            limits.probation = flags.probation;
            limits.probation_traps = flags.probation_traps;
        })
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
    fn the_flags_have_the_defaults_of_the_library() {
        let flags = Limits::from(Alone::parse_from(["ws-host"]).limits);
        assert_eq!(format!("{flags:?}"), format!("{:?}", Limits::default()));
    }
}
