//! How long a client has been silent.

use std::cell::Cell;
use std::time::Duration;

use super::clock::Moment;
use crate::config::Limits;

/// The time at which a client was last heard, and whether it was pinged since.
#[derive(Debug)]
pub struct Keepalive {
    /// The beginning of its silence or, if it was pinged, the time of the ping. Coarse: the time of a sweep.
    since: Cell<Moment>,
    pinged: Cell<bool>,
}

/// The verdict on a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was heard lately.
    Fine,
    /// It has been silent for too long, and is to be pinged.
    Ping,
    /// It has not answered the ping.
    Gone,
}

impl Keepalive {
    /// For a client that has just come.
    pub fn new(now: Moment) -> Self {
        Self { since: Cell::new(now), pinged: Cell::new(false) }
    }

    /// The client has sent something. Anything counts as an answer, though RFC 6455 §5.5.3 asks for a pong.
    pub fn note_heard(&self, now: Moment) {
        self.since.set(now);
        self.pinged.set(false);
    }

    /// The shard stood still for this long, and could hear nobody.
    pub fn excuse(&self, held_up: Duration) {
        self.since.set(self.since.get() + held_up);
    }

    /// Time since it was last heard or pinged.
    pub fn time(&self, now: Moment) -> Duration {
        now.since(self.since.get())
    }

    /// The verdict at a sweep. After `Ping`, the client counts as pinged.
    pub fn look(&self, now: Moment, limits: &Limits) -> Verdict {
        let time = self.time(now);
        match self.pinged.get() {
            true if time >= limits.pong_timeout => Verdict::Gone,
            false if time >= limits.ping_interval => {
                self.since.set(now);
                self.pinged.set(true);
                Verdict::Ping
            }
            _ => Verdict::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::clock::Clock;

    fn limits() -> Limits {
        Limits { ping_interval: Duration::from_secs(20), pong_timeout: Duration::from_secs(5), ..Limits::default() }
    }

    #[test]
    fn a_silent_client_is_pinged_once_and_gone_if_it_stays_silent() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        let verdicts = [19, 20, 21, 24, 25].map(|seconds| client.look(at(seconds), &limits()));
        assert_eq!(verdicts, [Verdict::Fine, Verdict::Ping, Verdict::Fine, Verdict::Fine, Verdict::Gone]);
    }

    #[test]
    fn a_client_that_answers_is_fine_and_pinged_again_later() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        for round in 0..3 {
            let silent_since = round * 24;
            assert_eq!(client.look(at(silent_since + 20), &limits()), Verdict::Ping);
            client.note_heard(at(silent_since + 24));
            assert_eq!(client.look(at(silent_since + 25), &limits()), Verdict::Fine);
        }
    }

    #[test]
    fn a_client_is_gone_only_after_a_ping_and_the_time_to_answer() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        assert_eq!(client.look(at(100), &limits()), Verdict::Ping, "no sweep for long");
        client.excuse(Duration::from_secs(60));
        assert_eq!(client.look(at(164), &limits()), Verdict::Fine, "its answer could not be read");
        assert_eq!(client.look(at(165), &limits()), Verdict::Gone);
    }
}
