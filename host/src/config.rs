//! What a server can be told: plain data, units in the names.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;

/// Every limit of one server. Each queue has a size and a verdict for when it is full: README.md has the table.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; further ones get 503. `None` means 90 % of the file-descriptor limit.
    pub max_connections: Option<usize>,
    /// Connections at a time from one address (IPv6: from one /64); further ones get 429. `None` means no limit of its own.
    pub max_per_address: Option<usize>,
    /// Connections that are accepted in a second; further ones wait in the kernel's backlog. `None` means as many as come.
    pub accepts_per_second: Option<u32>,
    /// What an upgrade request may measure, its header fields included; a larger one gets 431. At least 8 KiB.
    pub max_request_bytes: usize,
    /// Payload bytes of one message, in either direction. A larger one from a client ends it with 1009.
    pub max_message_bytes: usize,
    /// Payload bytes from which a message to a client that has agreed on it is compressed. It is sent as it is, if
    /// that does not make it smaller.
    pub compress_above_bytes: usize,
    /// Bytes waiting for one client from which `send` answers `backpressure`.
    pub outbox_soft_bytes: usize,
    /// Bytes waiting for one client above which it is closed with 1013.
    pub outbox_hard_bytes: usize,
    /// Events waiting for a room above which its connections are not read.
    pub mailbox_events: usize,
    /// Payload bytes waiting for a room above which its connections are not read.
    pub mailbox_bytes: usize,
    /// Messages and pings that a client may send within a time, all at once if it likes. Above that it is closed with 1008.
    /// `None` means as many as it can.
    pub rate: Option<(usize, Duration)>,
    /// Linear memory of one guest instance.
    pub guest_memory_bytes: usize,
    /// Running time of one guest call; waiting does not count.
    pub call_timeout: Duration,
    /// How long one guest call may wait in all, on a clock say.
    pub call_wait: Duration,
    /// From the connection to the end of the upgrade request.
    pub handshake_timeout: Duration,
    /// Silence after which a client is pinged.
    pub ping_interval: Duration,
    /// Silence after a ping after which the client counts as gone.
    pub pong_timeout: Duration,
    /// From our close frame to the cut, for a client that does not answer it.
    pub close_timeout: Duration,
    /// How long a shutdown waits for the clients' close frames and the guest.
    pub drain_timeout: Duration,
    /// Restarts within `restart_window` after which a room's circuit opens.
    pub max_restarts: usize,
    /// The window in which restarts are counted, and how long an open circuit stays open.
    pub restart_window: Duration,
    /// Rooms at a time on the whole server; who asks for a further one gets 503. The kernel's limit on memory
    /// mappings (65,530 by default, 4 to 6 for each instance) allows hardly more.
    pub max_rooms: usize,
    /// Clients of one room; further ones get 503. `None` means as many as there can be connections.
    pub max_room_clients: Option<usize>,
    /// How long a room other than the shared one is kept after its last client has left.
    pub room_linger: Duration,
    /// What a guest may hand to its successor.
    pub max_snapshot_bytes: usize,
    /// How long after a swap traps count against the new release.
    pub probation: Duration,
    /// Traps of all rooms within the probation that bring the release before back.
    pub probation_traps: u32,
}

/// The HTTP library reads at least so much before it judges a request.
const LEAST_REQUEST_BYTES: usize = 8 << 10;

/// Clocks end somewhere: no time of a server is longer than this, about a year.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

impl Limits {
    /// Refuses limits that contradict each other, or with which nobody could be served.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |text: String| Err(Error::Limits(text));
        let counts = [
            ("connections (--max-connections)", self.max_connections),
            ("connections from one address (--max-per-address)", self.max_per_address),
            ("accepted connections in a second (--accept-rate)", self.accepts_per_second.map(|rate| rate as usize)),
            ("clients of a room (--max-room-clients)", self.max_room_clients),
            ("rooms (--max-rooms)", Some(self.max_rooms)),
            ("events that wait for a room (--mailbox)", Some(self.mailbox_events)),
            ("bytes of a message (--max-message)", Some(self.max_message_bytes)),
            ("bytes that wait for a client (--outbox-soft)", Some(self.outbox_soft_bytes)),
        ];
        if let Some((what, _)) = counts.iter().find(|(_, count)| *count == Some(0)) {
            return refuse(format!("the number of {what} must be 1 at least, not 0"));
        }
        let times = [
            ("for a handshake (--handshake-timeout)", self.handshake_timeout),
            ("of one call (--call-timeout)", self.call_timeout),
            ("until a ping (--ping)", self.ping_interval),
            ("until the pong (--pong)", self.pong_timeout),
            ("for a close frame's answer (--close-timeout)", self.close_timeout),
        ];
        if let Some((what, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return refuse(format!("the time {what} must not be 0"));
        }
        if self.max_request_bytes < LEAST_REQUEST_BYTES {
            let least = LEAST_REQUEST_BYTES >> 10;
            return refuse(format!(
                "an upgrade request of {} bytes (--max-request) is too small: {least}KiB is the least",
                self.max_request_bytes
            ));
        }
        let (soft, hard, message) = (self.outbox_soft_bytes, self.outbox_hard_bytes, self.max_message_bytes);
        if soft > hard {
            return refuse(format!(
                "the soft limit of a client's outbox (--outbox-soft, {soft} bytes) is above the hard one (--outbox-hard, {hard} bytes)"
            ));
        }
        if message > hard {
            return refuse(format!(
                "one message (--max-message, {message} bytes) is larger than what may wait for a client (--outbox-hard, {hard} bytes): raise --outbox-hard, or a client is closed while it is sent one"
            ));
        }
        Ok(())
    }

    /// The same limits, with times that can be added to any time of the clock.
    pub(crate) fn within_reach(mut self) -> Self {
        for time in [
            &mut self.call_timeout,
            &mut self.call_wait,
            &mut self.handshake_timeout,
            &mut self.ping_interval,
            &mut self.pong_timeout,
            &mut self.close_timeout,
            &mut self.drain_timeout,
            &mut self.restart_window,
            &mut self.room_linger,
            &mut self.probation,
        ]
        .into_iter()
        .chain(self.rate.as_mut().map(|(_, time)| time))
        {
            *time = LONGEST.min(*time);
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: None,
            max_per_address: None,
            accepts_per_second: None,
            max_request_bytes: 16 << 10,
            max_message_bytes: 1 << 20,
            compress_above_bytes: 128,
            outbox_soft_bytes: 64 << 10,
            outbox_hard_bytes: 1 << 20,
            mailbox_events: 1024,
            mailbox_bytes: 16 << 20,
            rate: None,
            guest_memory_bytes: 64 << 20,
            call_timeout: Duration::from_secs(1),
            call_wait: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(10),
            max_restarts: 5,
            restart_window: Duration::from_secs(10),
            max_rooms: 10_000,
            max_room_clients: None,
            room_linger: Duration::from_secs(30),
            max_snapshot_bytes: 16 << 20,
            probation: Duration::from_secs(10),
            probation_traps: 3,
        }
    }
}

/// What a guest is given beyond clocks, random numbers and the two output streams: nothing by default.
#[derive(Clone, Default)]
pub struct Grants {
    /// Environment variables, each name once.
    env: Vec<(String, String)>,
}

impl Grants {
    /// Gives a variable, in place of one that had this name.
    pub(crate) fn set_env(&mut self, name: String, value: String) {
        self.env.retain(|(given, _)| *given != name);
        self.env.push((name, value));
    }

    /// The environment variables.
    pub(crate) fn env(&self) -> &[(String, String)] {
        &self.env
    }
}

/// Names alone: a value may be a secret.
impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Grants").field("env", &names).finish()
    }
}

/// Which clients share an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instances {
    /// Everybody: one room.
    #[default]
    Shared,
    /// Those whose upgrade requests name the same room by their path.
    PerRoom,
    /// Nobody: every connection has a room of its own.
    PerClient,
}

/// How messages are compressed with clients that can (permessage-deflate, RFC 7692).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Off,
    /// Each message by itself, by streams that all clients of a shard share.
    #[default]
    Shared,
    /// With the messages before as context, by streams of each client's own: smaller messages, for up to 340 kB of memory
    /// for each client. What goes to several clients is compressed by itself all the same, and once.
    Dedicated,
}

/// Where a server's certificate comes from.
#[derive(Debug, Clone)]
pub enum TlsSource {
    /// Two PEM files, which can be loaded again while the server runs.
    Files {
        /// The certificate, and behind it the chain to its root.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made at the start, for `localhost`, `127.0.0.1` and `::1`: clients have no reason to trust it.
    #[cfg(feature = "self-signed")]
    SelfSigned,
}

/// Everything else that a server can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The name or address to listen on. The default, `127.0.0.1`, is reachable from this machine alone.
    pub host: String,
    /// The TCP port; 0 has the system choose a free one.
    pub port: u16,
    /// Whether a plain `GET /` answers with the chat page.
    pub page: bool,
    /// Whether the page shows the owner's notices.
    pub notices: bool,
    /// Which clients share an instance.
    pub instances: Instances,
    /// How a path names a room: `/chat/{room}`. `None` means that the whole path is the name.
    pub room_path: Option<String>,
    /// Threads that run rooms; 0 means one for each core. Sharing one instance, only one of them works.
    pub shards: usize,
    /// Origins that may connect besides the one that equals `Host`; `*` admits every one.
    pub allow_origins: Vec<String>,
    /// How messages are compressed.
    pub compression: Compression,
    /// What a guest is given.
    pub grants: Grants,
    /// Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Whether their connections begin with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// The certificate of a server with TLS.
    pub tls: Option<TlsSource>,
    /// The limits.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 13254,
            page: true,
            notices: false,
            instances: Instances::Shared,
            room_path: None,
            shards: 0,
            allow_origins: Vec::new(),
            compression: Compression::default(),
            grants: Grants::default(),
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            tls: None,
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Limits)) -> String {
        let mut limits = Limits::default();
        change(&mut limits);
        limits.check().expect_err("these limits are refused").to_string()
    }

    #[test]
    fn the_defaults_do_not_contradict_each_other() {
        assert!(Limits::default().check().is_ok());
    }

    #[test]
    fn a_contradiction_is_told_by_the_names_of_the_flags() {
        let line = refusal(|limits| limits.outbox_soft_bytes = 2 << 20);
        assert!(line.contains("--outbox-soft, 2097152 bytes") && line.contains("--outbox-hard, 1048576 bytes"), "{line}");
        let line = refusal(|limits| limits.max_message_bytes = 2 << 20);
        assert!(line.contains("--max-message, 2097152 bytes") && line.contains("raise --outbox-hard"), "{line}");
    }

    #[test]
    fn nothing_can_be_served_with_nothing() {
        assert!(refusal(|limits| limits.max_connections = Some(0)).contains("--max-connections"));
        assert!(refusal(|limits| limits.max_per_address = Some(0)).contains("--max-per-address"));
        assert!(refusal(|limits| limits.accepts_per_second = Some(0)).contains("--accept-rate"));
        assert!(refusal(|limits| limits.mailbox_events = 0).contains("--mailbox"));
        assert!(refusal(|limits| limits.ping_interval = Duration::ZERO).contains("--ping"));
        assert!(refusal(|limits| limits.max_request_bytes = 100).contains("8KiB is the least"));
    }
}
