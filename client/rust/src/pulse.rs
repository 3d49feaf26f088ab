//! The times at which something is due on a line.

use std::time::Duration;

use tokio::time::Instant;

/// How long the server has for a sign of life.
const ANSWER: Duration = Duration::from_secs(10);
/// How long it may wait for a confirmation.
const CONFIRM: Duration = Duration::from_secs(1);
/// A line that lasted so long was a good one: the next attempt is the first again.
const GOOD: Duration = Duration::from_secs(5);

/// The times of one line.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// The silence after which the server is asked for a sign of life.
    silence: Option<Duration>,
    heard: Instant,
    asked: Option<Instant>,
    /// Until then, the line has to be ready, or the other side has to answer our close frame.
    limit: Option<Instant>,
    confirm: Option<Instant>,
    good: Option<Instant>,
}

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A confirmation.
    Confirm,
    /// A question for a sign of life.
    Ask,
    /// The line counts as a good one.
    Good,
    /// The line is dead.
    Dead,
}

impl Pulse {
    /// A line that has to be ready in time.
    pub(crate) fn new(now: Instant, limit: Instant, silence: Option<Duration>) -> Self {
        Self { silence, heard: now, asked: None, limit: Some(limit), confirm: None, good: None }
    }

    /// The line has to be ready earlier.
    pub(crate) fn ready_by(&mut self, limit: Instant) {
        self.limit = self.limit.map(|before| before.min(limit));
    }

    /// The line is ready.
    pub(crate) fn online(&mut self, now: Instant) {
        (self.limit, self.good) = (None, Some(now + GOOD));
    }

    /// The other side has sent something.
    pub(crate) fn heard(&mut self, now: Instant) {
        (self.heard, self.asked) = (now, None);
    }

    /// Sets the time of a confirmation, or takes it back.
    pub(crate) fn has_confirmation(&mut self, now: Instant, has: bool) {
        self.confirm = has.then(|| self.confirm.unwrap_or(now + CONFIRM));
    }

    /// Our close frame is on its way.
    pub(crate) fn closing(&mut self, now: Instant) {
        (self.limit, self.confirm, self.silence) = (Some(now + ANSWER), None, None);
    }

    /// The next time at which something is due. While the application does not read, silence means nothing.
    pub(crate) fn next(&self, reads: bool) -> Option<Instant> {
        [self.limit, self.confirm, self.good, self.life().filter(|_| reads)].into_iter().flatten().min()
    }

    /// Takes one thing that is due now.
    pub(crate) fn due(&mut self, now: Instant, reads: bool) -> Option<Due> {
        let is_due = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if is_due(self.limit) || (reads && self.asked.is_some() && is_due(self.life())) {
            return Some(Due::Dead);
        }
        if is_due(self.confirm) {
            self.confirm = None;
            return Some(Due::Confirm);
        }
        if is_due(self.good) {
            self.good = None;
            return Some(Due::Good);
        }
        if reads && is_due(self.life()) {
            self.asked = Some(now);
            return Some(Due::Ask);
        }
        None
    }

    /// When silence means something: a question, or the end. Only a line that is ready is asked.
    fn life(&self) -> Option<Instant> {
        let silence = self.silence.filter(|_| self.limit.is_none())?;
        Some(self.asked.map_or(self.heard + silence, |asked| asked + ANSWER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that was ready at the returned time.
    fn ready() -> (Pulse, Instant) {
        let now = Instant::now();
        let mut pulse = Pulse::new(now, now + ANSWER, Some(Duration::from_secs(15)));
        pulse.online(now);
        (pulse, now)
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_line_is_asked_and_given_up_within_25_seconds() {
        let (mut pulse, now) = ready();
        assert_eq!(pulse.due(now + s(5), true), Some(Due::Good));
        assert_eq!(pulse.next(true), Some(now + s(15)));
        assert_eq!(pulse.due(now + s(15), true), Some(Due::Ask));
        assert_eq!((pulse.due(now + s(24), true), pulse.due(now + s(25), true)), (None, Some(Due::Dead)));
    }

    #[test]
    fn anything_is_a_sign_of_life() {
        let (mut pulse, now) = ready();
        assert_eq!(pulse.due(now + s(5), true), Some(Due::Good));
        assert_eq!(pulse.due(now + s(15), true), Some(Due::Ask));
        pulse.heard(now + s(20));
        assert_eq!((pulse.due(now + s(25), true), pulse.next(true)), (None, Some(now + s(35))));
    }

    #[test]
    fn silence_means_nothing_while_the_application_does_not_read() {
        let (mut pulse, now) = ready();
        assert_eq!(pulse.due(now + s(5), false), Some(Due::Good));
        assert_eq!((pulse.due(now + s(60), false), pulse.next(false)), (None, None));
    }

    #[test]
    fn a_confirmation_is_due_a_second_after_the_first_message() {
        let (mut pulse, now) = ready();
        pulse.has_confirmation(now, true);
        pulse.has_confirmation(now + s(1) / 2, true);
        assert_eq!(pulse.due(now + s(1), true), Some(Due::Confirm));
        pulse.has_confirmation(now + s(1), true);
        pulse.has_confirmation(now + s(1), false);
        assert_eq!(pulse.next(true), Some(now + s(5)));
    }

    #[test]
    fn a_line_that_is_not_ready_in_time_or_does_not_answer_a_close_frame_is_dead() {
        let now = Instant::now();
        let mut pulse = Pulse::new(now, now + s(3), Some(s(1)));
        assert_eq!((pulse.due(now + s(2), true), pulse.due(now + s(3), true)), (None, Some(Due::Dead)));
        let (mut pulse, now) = ready();
        pulse.closing(now);
        pulse.due(now + s(5), true);
        assert_eq!((pulse.next(true), pulse.due(now + s(10), true)), (Some(now + s(10)), Some(Due::Dead)));
    }
}
