//! How long a client is silent, and what follows from that.

use std::cell::Cell;
use std::time::Duration;

use super::clock::Moment;
use crate::config::Limits;

/// When a client was heard last, and whether it was asked since.
#[derive(Debug)]
pub struct Keepalive {
    /// Since when it is silent or, if it was pinged, since when that is so. Coarse: the time of a sweep.
    since: Cell<Moment>,
    pinged: Cell<bool>,
}

/// What is to be done about a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// It has been silent for long: it is to be pinged.
    Ping,
    /// It has not answered.
    Gone,
}

impl Keepalive {
    /// For a client that has just come.
    pub fn new(now: Moment) -> Self {
        Self { since: Cell::new(now), pinged: Cell::new(false) }
    }

    /// Something has come from the client. An answer of any kind will do (RFC 6455 §5.5.3 asks for a pong).
    pub fn note_heard(&self, now: Moment) {
        self.since.set(now);
        self.pinged.set(false);
    }

    /// The shard has stood still for so long: nobody could be heard.
    pub fn excuse(&self, held_up: Duration) {
        self.since.set(self.since.get() + held_up);
    }

    /// For how long it has been silent.
    pub fn time(&self, now: Moment) -> Duration {
        now.since(self.since.get())
    }

    /// To be asked once per sweep. A ping that it asks for is taken for sent.
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
    fn who_is_silent_is_pinged_once_and_gone_if_it_stays_so() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        let verdicts = [19, 20, 21, 24, 25].map(|seconds| client.look(at(seconds), &limits()));
        assert_eq!(verdicts, [Verdict::Fine, Verdict::Ping, Verdict::Fine, Verdict::Fine, Verdict::Gone]);
    }

    #[test]
    fn who_answers_is_fine_and_pinged_again_later() {
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
    fn nobody_is_gone_who_was_not_pinged_and_given_the_time_to_answer() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        assert_eq!(client.look(at(100), &limits()), Verdict::Ping, "no sweep for long");
        client.excuse(Duration::from_secs(60));
        assert_eq!(client.look(at(164), &limits()), Verdict::Fine, "its answer could not be read");
        assert_eq!(client.look(at(165), &limits()), Verdict::Gone);
    }
}
