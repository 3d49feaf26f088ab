//! When a room ends because nobody is in it.

use std::time::{Duration, Instant};

/// Whether a room is in use, and until when it is kept otherwise.
#[derive(Debug)]
pub struct Occupancy {
    /// How long an empty room is kept; `None` means for ever.
    linger: Option<Duration>,
    /// The time within which a client that was let in joins, or never does.
    handshake: Duration,
    /// How many clients were let in and have not joined yet.
    awaited: u32,
    /// Whether a client has ever joined, or a message come.
    ever_joined: bool,
    retires_at: Option<Instant>,
    /// Whether the room has been given its time once more since the last client came or went.
    excused: bool,
}

/// A room whose end comes later than this stood still at its time: the machine, the process or its shard did. A client could not come.
const LATE: Duration = Duration::from_secs(2);

impl Occupancy {
    /// A room that nobody has joined yet.
    pub fn new(linger: Option<Duration>, handshake: Duration) -> Self {
        Self { linger, handshake, awaited: 0, ever_joined: false, retires_at: None, excused: false }
    }

    /// A client was let in: it may take as long as a handshake until it joins.
    pub fn note_admitted(&mut self) {
        self.awaited = self.awaited.saturating_add(1);
        self.begin_anew();
    }

    /// A client that was let in does not come.
    pub fn note_withdrawn(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
        self.begin_anew();
    }

    /// A client has joined.
    pub fn note_joined(&mut self) {
        (self.awaited, self.ever_joined) = (self.awaited.saturating_sub(1), true);
        self.begin_anew();
    }

    /// A message of another room has come. It keeps the room open as a client does that has left.
    pub fn note_event(&mut self) {
        self.ever_joined = true;
        self.begin_anew();
    }

    /// A plain HTTP request was answered, and not with an error: the room is kept as for a client that has gone.
    pub fn note_served(&mut self) {
        self.ever_joined = true;
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        (self.retires_at, self.excused) = (None, false);
    }

    /// How long an empty room is kept.
    pub fn linger(&self) -> Option<Duration> {
        self.linger
    }

    /// When the room ends, given that it is empty. `now` is read when its time begins.
    pub fn retires_at(&mut self, now: impl FnOnce() -> Instant) -> Option<Instant> {
        if self.retires_at.is_none() {
            self.retires_at = self.grace_period().map(|period| now() + period);
        }
        self.retires_at
    }

    /// The room cannot end now, and tries again at this time.
    pub fn postpone(&mut self, until: Instant) {
        self.retires_at = Some(until);
    }

    /// Whether the room ends now, given that it is empty. A room that stood still gets its time once more.
    pub fn is_over(&mut self, now: Instant) -> bool {
        let Some(at) = self.retires_at(|| now).filter(|at| *at <= now) else { return false };
        let excuses = !self.excused && now - at > LATE;
        if excuses {
            (self.retires_at, self.excused) = (None, true);
        }
        !excuses
    }

    /// A room that nobody has ever joined is not kept any longer.
    fn grace_period(&self) -> Option<Duration> {
        let linger = if self.ever_joined { self.linger? } else { self.linger.map(|_| Duration::ZERO)? };
        Some(if self.awaited > 0 { linger.max(self.handshake) } else { linger })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(30);
    const HANDSHAKE: Duration = Duration::from_secs(10);

    /// How long the room is kept from now on.
    fn kept(occupancy: &mut Occupancy) -> Option<Duration> {
        let now = Instant::now();
        occupancy.retires_at(|| now).map(|at| at - now)
    }

    #[test]
    fn a_room_that_nobody_joined_ends_at_once() {
        assert_eq!(kept(&mut Occupancy::new(Some(LINGER), HANDSHAKE)), Some(Duration::ZERO));
    }

    #[test]
    fn a_room_waits_for_a_client_that_was_let_in_as_long_as_a_handshake_takes() {
        let mut occupancy = Occupancy::new(Some(LINGER), HANDSHAKE);
        occupancy.note_admitted();
        assert_eq!(kept(&mut occupancy), Some(HANDSHAKE));
    }

    #[test]
    fn a_room_does_not_wait_for_a_client_that_does_not_come() {
        let mut occupancy = Occupancy::new(Some(LINGER), HANDSHAKE);
        occupancy.note_admitted();
        assert_eq!(kept(&mut occupancy), Some(HANDSHAKE));
        occupancy.note_withdrawn();
        assert_eq!(kept(&mut occupancy), Some(Duration::ZERO));
    }

    #[test]
    fn a_room_that_had_clients_is_kept_for_its_grace_period() {
        let mut occupancy = Occupancy::new(Some(LINGER), HANDSHAKE);
        occupancy.note_admitted();
        occupancy.note_joined();
        assert_eq!(kept(&mut occupancy), Some(LINGER));
    }

    #[test]
    fn a_room_that_has_answered_a_request_is_kept_for_its_grace_period() {
        let mut occupancy = Occupancy::new(Some(LINGER), HANDSHAKE);
        occupancy.note_served();
        assert_eq!(kept(&mut occupancy), Some(LINGER));
    }

    #[test]
    fn a_room_waits_for_each_client_that_was_let_in() {
        let mut occupancy = Occupancy::new(Some(Duration::ZERO), HANDSHAKE);
        occupancy.note_admitted();
        occupancy.note_admitted();
        occupancy.note_joined();
        assert_eq!(kept(&mut occupancy), Some(HANDSHAKE));
        occupancy.note_joined();
        assert_eq!(kept(&mut occupancy), Some(Duration::ZERO));
    }

    #[test]
    fn a_room_that_has_got_a_message_is_kept_for_its_grace_period() {
        let mut occupancy = Occupancy::new(Some(LINGER), HANDSHAKE);
        occupancy.note_event();
        assert_eq!(kept(&mut occupancy), Some(LINGER));
    }

    #[test]
    fn the_grace_period_begins_once() {
        let (mut occupancy, start) = (Occupancy::new(Some(LINGER), HANDSHAKE), Instant::now());
        occupancy.note_joined();
        assert_eq!(occupancy.retires_at(|| start), Some(start + LINGER));
        assert_eq!(occupancy.retires_at(|| unreachable!("the clock was read before")), Some(start + LINGER));
    }

    #[test]
    fn a_room_that_stood_still_at_its_time_is_kept_once_more() {
        let (mut occupancy, start) = (Occupancy::new(Some(LINGER), HANDSHAKE), Instant::now());
        occupancy.note_joined();
        assert!(!occupancy.is_over(start) && !occupancy.is_over(start + LINGER - LATE));
        let thawed = start + 100 * LINGER;
        assert!(!occupancy.is_over(thawed));
        assert_eq!(occupancy.retires_at(|| thawed), Some(thawed + LINGER));
        assert!(occupancy.is_over(thawed + 100 * LINGER), "a shard that is always late keeps no room for ever");
    }

    #[test]
    fn a_room_ends_at_its_time() {
        let (mut occupancy, start) = (Occupancy::new(Some(LINGER), HANDSHAKE), Instant::now());
        occupancy.note_joined();
        assert!(!occupancy.is_over(start));
        assert!(occupancy.is_over(start + LINGER + LATE));
        assert!(Occupancy::new(Some(Duration::ZERO), HANDSHAKE).is_over(start));
    }

    #[test]
    fn the_shared_room_never_ends() {
        let mut occupancy = Occupancy::new(None, HANDSHAKE);
        occupancy.note_admitted();
        assert_eq!(kept(&mut occupancy), None);
    }
}
