//! How long a client has been silent.

use std::cell::Cell;
use std::time::Duration;

use super::clock::Moment;
use crate::config::Limits;

/// The time at which a client was last heard, and whether it owes an answer since: to a ping, or to our close frame.
#[derive(Debug)]
pub struct Keepalive {
    /// The beginning of its silence or, if it owes an answer, the time at which it was asked or last made progress. Coarse: the time of
    /// a sweep.
    since: Cell<Moment>,
    asked: Cell<Asked>,
}

/// Whether a client owes an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It owes none.
    No,
    /// It was asked since the last sweep.
    Just,
    /// It was asked before.
    Before,
    /// It was asked a second time.
    Again,
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
        Self { since: Cell::new(now), asked: Cell::new(Asked::No) }
    }

    /// The client has sent something. Anything counts as an answer, though RFC 6455 §5.5.3 asks for a pong.
    pub fn note_heard(&self, now: Moment) {
        self.since.set(now);
        self.asked.set(Asked::No);
    }

    /// A ping or our close frame is queued.
    pub fn ask(&self, now: Moment) {
        self.since.set(now);
        self.asked.set(Asked::Just);
    }

    /// Whether the client owes an answer, for a sweep.
    pub fn asked(&self) -> Asked {
        let asked = self.asked.get();
        if asked == Asked::Just {
            self.asked.set(Asked::Before);
        }
        asked
    }

    /// It has not answered, but made progress with all that was sent before.
    pub fn note_progress(&self, now: Moment) {
        self.since.set(now);
        self.asked.set(Asked::Before);
    }

    /// The shard stood still for this long, and could hear nobody.
    pub fn excuse(&self, held_up: Duration) {
        self.since.set(self.since.get() + held_up);
    }

    /// Time since it was last heard or asked, or made progress.
    pub fn time(&self, now: Moment) -> Duration {
        now.since(self.since.get())
    }

    /// The verdict at a sweep. After `Ping`, the client counts as pinged.
    ///
    /// A client that owes an answer is pinged a second time in the middle of its time: a machine tells how much of its buffer was read
    /// only when something arrives.
    pub fn look(&self, now: Moment, limits: &Limits) -> Verdict {
        let time = self.time(now);
        match self.asked.get() {
            Asked::No if time >= limits.ping_interval => {
                self.ask(now);
                Verdict::Ping
            }
            Asked::No => Verdict::Fine,
            _ if time >= limits.pong_timeout => Verdict::Gone,
            Asked::Just | Asked::Before if time >= limits.pong_timeout / 2 => {
                self.asked.set(Asked::Again);
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
    fn a_silent_client_is_pinged_twice_and_gone_if_it_stays_silent() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        let verdicts = [19, 20, 22, 23, 24, 25].map(|seconds| client.look(at(seconds), &limits()));
        use Verdict::{Fine, Gone, Ping};
        assert_eq!(verdicts, [Fine, Ping, Fine, Ping, Fine, Gone]);
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
        assert_eq!(client.look(at(162), &limits()), Verdict::Fine, "its answer could not be read");
        assert_eq!(client.look(at(164), &limits()), Verdict::Ping);
        assert_eq!(client.look(at(165), &limits()), Verdict::Gone);
    }

    #[test]
    fn progress_gives_a_client_more_time_to_answer() {
        let start = Clock::new().read();
        let at = |seconds| start + Duration::from_secs(seconds);
        let client = Keepalive::new(start);
        assert_eq!(client.look(at(20), &limits()), Verdict::Ping);
        assert_eq!([client.asked(), client.asked()], [Asked::Just, Asked::Before]);
        assert_eq!(client.look(at(23), &limits()), Verdict::Ping);
        client.note_progress(at(24));
        assert_eq!(client.look(at(26), &limits()), Verdict::Fine);
        assert_eq!(client.look(at(27), &limits()), Verdict::Ping, "it may have read more");
        assert_eq!(client.look(at(28), &limits()), Verdict::Fine);
        assert_eq!(client.look(at(29), &limits()), Verdict::Gone);
        client.note_heard(at(29));
        assert_eq!(client.asked(), Asked::No);
    }
}
