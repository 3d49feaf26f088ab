//! What a server can be told: plain data, units in the names.

use std::path::PathBuf;
use std::time::Duration;

/// Every limit of one server. Each queue has a size and a verdict for when it is full: README.md has the table.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; further ones get 503. `None` means 90 % of the file-descriptor limit.
    pub max_connections: Option<usize>,
    /// Payload bytes of one message, in either direction. A larger one from a client ends it with 1009.
    pub max_message_bytes: usize,
    /// Bytes waiting for one client from which `send` answers `backpressure`.
    pub outbox_soft_bytes: usize,
    /// Bytes waiting for one client above which it is closed with 1013.
    pub outbox_hard_bytes: usize,
    /// Events waiting for a room above which its connections are not read.
    pub mailbox_events: usize,
    /// Payload bytes waiting for a room above which its connections are not read.
    pub mailbox_bytes: usize,
    /// Linear memory of one guest instance.
    pub guest_memory_bytes: usize,
    /// Running time of one guest call; waiting does not count.
    pub call_timeout: Duration,
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

/// Clocks end somewhere: no time of a server is longer than this, about a year.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

impl Limits {
    /// The same limits, with times that can be added to any time of the clock.
    pub(crate) fn within_reach(mut self) -> Self {
        for time in [
            &mut self.call_timeout,
            &mut self.handshake_timeout,
            &mut self.ping_interval,
            &mut self.pong_timeout,
            &mut self.close_timeout,
            &mut self.drain_timeout,
            &mut self.restart_window,
            &mut self.room_linger,
            &mut self.probation,
        ] {
            *time = LONGEST.min(*time);
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: None,
            max_message_bytes: 1 << 20,
            outbox_soft_bytes: 64 << 10,
            outbox_hard_bytes: 1 << 20,
            mailbox_events: 1024,
            mailbox_bytes: 16 << 20,
            guest_memory_bytes: 64 << 20,
            call_timeout: Duration::from_secs(1),
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
            tls: None,
            limits: Limits::default(),
        }
    }
}
