//! The limits of a server.

use std::time::Duration;

use crate::limit_error::{LimitError, LimitProblem};
use crate::memory;

/// Every limit of one server. `Limits::with` changes the defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time; further ones get 503. `None` means 90 % of the file-descriptor limit.
    pub max_connections: Option<usize>,
    /// Connections at a time from one address (IPv6: from one /64); further ones get 429. `None` means no limit of its own.
    pub max_per_address: Option<usize>,
    /// Connections accepted in a second; further ones wait in the kernel's backlog. `None` means no limit.
    pub accepts_per_second: Option<u32>,
    /// Bytes of an upgrade request with its header fields; a larger one gets 431. At least 8 KiB.
    pub max_request_bytes: usize,
    /// Payload bytes of one message, in either direction. A larger one from a client ends it with 1009.
    pub max_message_bytes: usize,
    /// Payload bytes from which a message is compressed, for a client that has agreed to it. A message that does not become
    /// smaller is sent as it is.
    pub compress_above_bytes: usize,
    /// Bytes waiting for one client from which `send` answers `backpressure`.
    pub outbox_soft_bytes: usize,
    /// Bytes waiting for one client above which it is closed with 1013.
    pub outbox_hard_bytes: usize,
    /// How long the session of a client that has asked for one waits for its next connection (`docs/resume.md`). With zero, none does.
    pub resume_for: Duration,
    /// Bytes kept for each such client that it has not confirmed, or `outbox_hard_bytes` if that is less.
    pub resume_bytes: usize,
    /// Bytes kept in all for clients that wait for their next connection: 2 KiB for each, and its messages. Beyond it, those that have
    /// waited longest are given up. Each shard has an equal share.
    pub resume_max_bytes: usize,
    /// Inputs waiting for a room from which its connections are not read.
    pub mailbox_events: usize,
    /// Payload bytes waiting for a room from which its connections are not read.
    pub mailbox_bytes: usize,
    /// Messages, pings, fragments below 1 KiB and pongs without a ping that a client may send within a time, also all at once. A client
    /// that sends more is closed with 1008. `None` means no limit.
    pub rate: Option<(usize, Duration)>,
    /// How long a message of a client may take from its first byte to its last. A client that is slower is cut.
    pub message_timeout: Duration,
    /// Bytes that the host holds for all clients together: unfinished messages, outboxes, and messages that wait for their rooms. When
    /// it is more, the largest holders are closed with 1013. Each shard has an equal share. `None` means a quarter of the memory.
    pub client_memory_bytes: Option<usize>,
    /// Linear memory of one guest instance.
    pub guest_memory_bytes: usize,
    /// Running time of one guest call; waiting does not count.
    pub call_timeout: Duration,
    /// How long one guest call may wait in all, for example on a clock.
    pub call_wait: Duration,
    /// From the connection to the end of the upgrade request.
    pub handshake_timeout: Duration,
    /// Silence after which a client is pinged.
    pub ping_interval: Duration,
    /// Silence after a ping, or a lack of progress with all that was sent before it, after which the client counts as gone.
    pub pong_timeout: Duration,
    /// From the arrival of our close frame to the cut, for a client that does not answer it. Before that, the time without progress.
    pub close_timeout: Duration,
    /// How long connections are accepted and served after a shutdown was asked for, while the server says that it is not ready: the time in which
    /// balancers take it out. Then the shutdown begins.
    pub drain_delay: Duration,
    /// How long a shutdown waits for the clients' close frames and the guest.
    pub drain_timeout: Duration,
    /// Restarts within `restart_window` for one cause, after which an address is held off or a room's circuit opens. One connection
    /// counts once.
    pub max_restarts: usize,
    /// The window in which restarts are counted, and how long an open circuit stays open.
    pub restart_window: Duration,
    /// Rooms at a time on the whole server; a request for a further one gets 503. The kernel's limit on memory mappings (65,530 by
    /// default) allows 10,127 rooms of a component.
    pub max_rooms: usize,
    /// Clients of one room; further ones get 503. `None` means no limit of its own.
    pub max_room_clients: Option<usize>,
    /// How long a room of `Instances::PerRoom` is kept after its last client has left. The shared room never ends; a room of one client
    /// ends with it.
    pub room_linger: Duration,
    /// Bytes of the state that a guest hands to its successor.
    pub max_snapshot_bytes: usize,
    /// The most that the store of one room may hold, in bytes: keys and values, and 64 for each entry. `None` means 64 MiB, and 8 MiB in a
    /// cluster, where a room is in memory whole.
    pub store_room_bytes: Option<u64>,
    /// The same for the stores of all rooms together. `None` means a quarter of the memory, and no limit with a data folder.
    pub store_total_bytes: Option<u64>,
    /// How long the data folder keeps a room that nobody uses: its store, its saved state. A room that is open, or has
    /// a durable timer or a request without an answer, stays. `None` means for ever.
    pub store_expiry: Option<Duration>,
    /// HTTP requests of one room at a time.
    pub fetch_room: usize,
    /// HTTP requests of all rooms together at a time.
    pub fetch_total: usize,
    /// Bytes of the body of an HTTP request, and of an answer that is not streamed.
    pub fetch_body_bytes: usize,
    /// Bytes of the bodies of all HTTP requests and answers at a time. A request that does not fit is refused, an answer that is not streamed
    /// fails, and a streamed one waits.
    pub fetch_memory_bytes: usize,
    /// The time for the answer to an HTTP request; for each piece of one that is streamed.
    pub fetch_timeout: Duration,
    /// Bytes of the body of a plain HTTP request to the app; a larger one gets 413.
    pub max_request_body_bytes: usize,
    /// Bytes of the body of the app's answer, unless it is sent in chunks.
    pub max_response_bytes: usize,
    /// The time for the body of a plain HTTP request to come, and then for its answer to begin; later it gets 504.
    pub request_timeout: Duration,
    /// How long after a swap traps count against the new release.
    pub probation: Duration,
    /// Traps of all rooms within the probation after which the server goes back to the previous release.
    pub probation_traps: u32,
}

/// The HTTP library reads this many bytes before it checks the size of a request.
const MIN_REQUEST_BYTES: usize = 8 << 10;

/// The longest time of a server, about a year: times are added to clock readings, which can overflow.
const MAX_TIME: Duration = Duration::from_secs(8760 * 3600);

impl Limits {
    /// The defaults with changes. All fields are public; new versions of this library add some.
    ///
    /// ```
    /// use ws_host::config::Limits;
    ///
    /// let limits = Limits::with(|limits| limits.max_connections = Some(100));
    /// assert_eq!(limits.max_rooms, Limits::default().max_rooms);
    /// ```
    #[must_use]
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut limits = Self::default();
        change(&mut limits);
        limits
    }

    /// Refuses limits that contradict each other, or with which nobody could be served.
    pub(crate) fn check(&self) -> Result<(), LimitError> {
        let counts = [
            ("the number of connections", "max_connections", self.max_connections),
            ("the number of connections from one address", "max_per_address", self.max_per_address),
            (
                "the number of accepted connections in a second",
                "accepts_per_second",
                self.accepts_per_second.map(|rate| rate as usize),
            ),
            ("the number of clients of a room", "max_room_clients", self.max_room_clients),
            ("the number of rooms", "max_rooms", Some(self.max_rooms)),
            ("the number of inputs that wait for a room", "mailbox_events", Some(self.mailbox_events)),
            ("the number of bytes of a message", "max_message_bytes", Some(self.max_message_bytes)),
            ("the number of bytes that wait for a client", "outbox_soft_bytes", Some(self.outbox_soft_bytes)),
            ("the memory held for clients", "client_memory_bytes", self.client_memory_bytes),
            ("the number of HTTP requests of a room", "fetch_room", Some(self.fetch_room)),
            ("the number of HTTP requests", "fetch_total", Some(self.fetch_total)),
            ("the memory of HTTP requests", "fetch_memory_bytes", Some(self.fetch_memory_bytes)),
            (
                "the size of a room's store",
                "store_room_bytes",
                self.store_room_bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
            ),
        ];
        let zero = counts.iter().find(|(.., count)| *count == Some(0));
        if let Some((noun, setting, _)) = zero {
            return Err(LimitError::new(noun, setting, LimitProblem::ZeroCount));
        }
        let times = [
            ("the time for a handshake", "handshake_timeout", self.handshake_timeout),
            ("the time of one call", "call_timeout", self.call_timeout),
            ("the time until a ping", "ping_interval", self.ping_interval),
            ("the time until the pong", "pong_timeout", self.pong_timeout),
            ("the time for a close frame's answer", "close_timeout", self.close_timeout),
            ("the time for a message", "message_timeout", self.message_timeout),
            ("the time after which a room expires", "store_expiry", self.store_expiry.unwrap_or(MAX_TIME)),
            ("the time for the answer to an HTTP request", "fetch_timeout", self.fetch_timeout),
            ("the time for the answer to a plain request", "request_timeout", self.request_timeout),
        ];
        let zero = times.iter().find(|(.., time)| time.is_zero());
        if let Some((noun, setting, _)) = zero {
            return Err(LimitError::new(noun, setting, LimitProblem::ZeroTime));
        }
        if self.max_request_bytes < MIN_REQUEST_BYTES {
            let problem = LimitProblem::TooSmall { bytes: self.max_request_bytes, least: MIN_REQUEST_BYTES };
            return Err(LimitError::new("an upgrade request", "max_request_bytes", problem));
        }
        self.check_outbox("the soft limit of an outbox", "outbox_soft_bytes", self.outbox_soft_bytes)?;
        // A client would be closed while it is sent one such message.
        self.check_outbox("the size of a message", "max_message_bytes", self.max_message_bytes)
    }

    fn check_outbox(&self, noun: &'static str, setting: &'static str, bytes: usize) -> Result<(), LimitError> {
        let hard = self.outbox_hard_bytes;
        let problem = LimitProblem::Above { bytes, other: "outbox_hard_bytes", other_bytes: hard };
        if bytes > hard { Err(LimitError::new(noun, setting, problem)) } else { Ok(()) }
    }

    /// The most that the store of one room may hold, in a cluster or elsewhere.
    pub(crate) fn store_of_room(&self, in_cluster: bool) -> u64 {
        self.store_room_bytes.unwrap_or(if in_cluster { 8 << 20 } else { 64 << 20 })
    }

    /// The memory that may be held for clients.
    pub(crate) fn memory_for_clients(&self) -> usize {
        self.client_memory_bytes.unwrap_or_else(|| memory::available() / 4)
    }

    /// The same limits for each of this number of shards: they share the memory for clients, and for those that are away.
    pub(crate) fn for_each_of(&self, shards: usize) -> Self {
        let all = self.memory_for_clients();
        // One client may have a full outbox and an unfinished message.
        let least = self.outbox_hard_bytes.saturating_add(self.max_message_bytes);
        Self {
            client_memory_bytes: Some((all / shards.max(1)).max(least)),
            resume_max_bytes: self.resume_max_bytes / shards.max(1),
            ..self.clone()
        }
    }

    /// The shortest time between two pings of ours.
    pub(crate) fn shortest_ping(&self) -> Duration {
        self.ping_interval.min(self.pong_timeout / 2)
    }

    /// The same limits, with each time short enough to be added to any reading of the clock.
    pub(crate) fn within_reach(mut self) -> Self {
        for time in [
            &mut self.call_timeout,
            &mut self.call_wait,
            &mut self.handshake_timeout,
            &mut self.ping_interval,
            &mut self.pong_timeout,
            &mut self.close_timeout,
            &mut self.message_timeout,
            &mut self.fetch_timeout,
            &mut self.request_timeout,
            &mut self.drain_timeout,
            &mut self.drain_delay,
            &mut self.restart_window,
            &mut self.room_linger,
            &mut self.resume_for,
            &mut self.probation,
        ]
        .into_iter()
        .chain(self.rate.as_mut().map(|(_, time)| time))
        {
            *time = MAX_TIME.min(*time);
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
            resume_for: Duration::from_secs(120),
            resume_bytes: 256 << 10,
            resume_max_bytes: 256 << 20,
            mailbox_events: 1024,
            mailbox_bytes: 16 << 20,
            rate: None,
            message_timeout: Duration::from_secs(60),
            client_memory_bytes: None,
            guest_memory_bytes: 64 << 20,
            call_timeout: Duration::from_secs(1),
            call_wait: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(10),
            max_restarts: 5,
            restart_window: Duration::from_secs(10),
            max_rooms: 10_000,
            max_room_clients: None,
            room_linger: Duration::from_secs(30),
            max_snapshot_bytes: 16 << 20,
            store_room_bytes: None,
            store_total_bytes: None,
            store_expiry: None,
            fetch_room: 32,
            fetch_total: 1024,
            fetch_body_bytes: 4 << 20,
            fetch_memory_bytes: 256 << 20,
            fetch_timeout: Duration::from_secs(30),
            max_request_body_bytes: 1 << 20,
            max_response_bytes: 4 << 20,
            request_timeout: Duration::from_secs(30),
            probation: Duration::from_secs(10),
            probation_traps: 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Limits)) -> LimitError {
        Limits::with(change).check().expect_err("these limits are refused")
    }

    #[test]
    fn the_defaults_do_not_contradict_each_other() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_contradiction_names_both_settings_and_their_values() {
        let line = refusal(|limits| limits.outbox_soft_bytes = 2 << 20).to_string();
        assert!(line.contains("outbox_soft_bytes, 2097152 bytes") && line.contains("outbox_hard_bytes, 1048576 bytes"), "{line}");
        let line = refusal(|limits| limits.max_message_bytes = 2 << 20).to_string();
        assert!(line.contains("max_message_bytes, 2097152 bytes") && line.contains("raise outbox_hard_bytes"), "{line}");
    }

    #[test]
    fn a_caller_can_give_settings_its_own_names() {
        let line = refusal(|limits| limits.outbox_soft_bytes = 2 << 20).describe(|setting| format!("--{setting}"));
        assert!(line.contains("--outbox_soft_bytes, ") && line.contains("raise --outbox_hard_bytes"), "{line}");
    }

    #[test]
    fn a_limit_that_lets_nothing_through_is_refused() {
        let setting = |change: fn(&mut Limits)| refusal(change).setting;
        assert_eq!(setting(|limits| limits.max_connections = Some(0)), "max_connections");
        assert_eq!(setting(|limits| limits.max_per_address = Some(0)), "max_per_address");
        assert_eq!(setting(|limits| limits.accepts_per_second = Some(0)), "accepts_per_second");
        assert_eq!(setting(|limits| limits.mailbox_events = 0), "mailbox_events");
        assert_eq!(setting(|limits| limits.ping_interval = Duration::ZERO), "ping_interval");
        assert_eq!(setting(|limits| limits.message_timeout = Duration::ZERO), "message_timeout");
        assert_eq!(setting(|limits| limits.client_memory_bytes = Some(0)), "client_memory_bytes");
        assert_eq!(setting(|limits| limits.store_expiry = Some(Duration::ZERO)), "store_expiry");
        assert_eq!(setting(|limits| limits.store_room_bytes = Some(0)), "store_room_bytes");
        assert!(refusal(|limits| limits.max_request_bytes = 100).to_string().contains("8KiB is the least"));
    }

    #[test]
    fn a_room_of_a_cluster_has_a_smaller_store_unless_its_size_is_set() {
        let sizes = |limits: &Limits| [false, true].map(|in_cluster| limits.store_of_room(in_cluster));
        assert_eq!(sizes(&Limits::default()), [64 << 20, 8 << 20]);
        assert_eq!(sizes(&Limits::with(|limits| limits.store_room_bytes = Some(9))), [9, 9]);
    }

    #[test]
    fn shards_share_the_memory_for_clients() {
        let share = |bytes, shards| {
            Limits::with(|limits| limits.client_memory_bytes = Some(bytes)).for_each_of(shards).client_memory_bytes
        };
        assert_eq!(share(64 << 20, 4), Some(16 << 20));
        assert_eq!(share(4 << 20, 4), Some(2 << 20), "a full outbox and a message fit in");
        assert!(Limits::default().for_each_of(1).client_memory_bytes.is_some_and(|bytes| bytes < memory::available()));
    }
}
