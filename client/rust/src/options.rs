//! The options of a socket.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Address, Closed, Socket};

type Retry = dyn Fn(&Closed) -> bool + Send + Sync;

/// The options of a socket.
#[derive(Clone)]
pub struct Options {
    pub(crate) resume: bool,
    pub(crate) retry: Arc<Retry>,
    pub(crate) min_delay: Duration,
    pub(crate) max_delay: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) max_buffered: u32,
    pub(crate) max_message: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            resume: true,
            retry: Arc::new(comes_back),
            min_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            heartbeat: Some(Duration::from_secs(15)),
            max_buffered: 1 << 20,
            max_message: 64 << 20,
        }
    }
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to speak sessions, as ws-host does. Without, messages go out as they are, and those that were on their way when the line
    /// broke may be lost. Default: yes.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Decides whether the socket comes back after such an end. Default: not after the codes 1000, 1002, 1003, 1007 to 1010 and 4000 to
    /// 4999, and not after an HTTP refusal other than 408, 425, 429 and 500 to 599.
    #[must_use]
    pub fn retry(mut self, retry: impl Fn(&Closed) -> bool + Send + Sync + 'static) -> Self {
        self.retry = Arc::new(retry);
        self
    }

    /// The first wait before an attempt and the longest one. Each is twice the one before; half of it is random. Default: 500 ms and 30 s.
    #[must_use]
    pub fn delays(mut self, min: Duration, max: Duration) -> Self {
        (self.min_delay, self.max_delay) = (min, max);
        self
    }

    /// How long an attempt may take, with the address. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The silence after which the server is asked for a sign of life, or `None` for never. It has 10 s to answer. Default: 15 s.
    #[must_use]
    pub fn heartbeat(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.heartbeat = silence.into();
        self
    }

    /// The bytes of messages that may wait until the server has confirmed them, or without sessions until they are written. A larger
    /// message waits until no other does. Default: 1 MiB.
    #[must_use]
    pub fn max_buffered(mut self, bytes: u32) -> Self {
        self.max_buffered = bytes.max(1);
        self
    }

    /// The largest message that the socket takes, in bytes on the line: one more than the payload with sessions. A larger one ends the
    /// socket with 1009. Default: 64 MiB, above what servers send.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// A socket that connects to this address, and comes back to it. It runs in a task of its own.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn connect(self, address: Address) -> Socket {
        Socket::start(address, self)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("resume", &self.resume).field("max_buffered", &self.max_buffered).finish_non_exhaustive()
    }
}

/// After some codes another attempt would end the same way: the session is over, or one side refuses the other. 4000 to 4999 are the application's.
fn comes_back(closed: &Closed) -> bool {
    match closed.http_status {
        Some(status) => matches!(status, 408 | 425 | 429 | 500..),
        None => !matches!(closed.code, 1000 | 1002 | 1003 | 1007..=1010 | 4000..),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_ends_are_final() {
        let ends = |code, http_status| !comes_back(&Closed { code, reason: String::new(), http_status });
        let codes = [1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3001, 4000, 4999];
        let last: Vec<_> = codes.into_iter().filter(|code| ends(*code, None)).collect();
        assert_eq!(last, [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000, 4999]);
        let statuses = [200, 401, 403, 404, 408, 425, 429, 500, 503];
        let last: Vec<_> = statuses.into_iter().filter(|status| ends(1006, Some(*status))).collect();
        assert_eq!(last, [200, 401, 403, 404]);
    }
}
