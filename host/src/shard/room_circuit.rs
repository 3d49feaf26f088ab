//! The circuit of one room, and those of the addresses whose clients its app fails on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::breaker::Breaker;
use crate::types::network;

/// The most addresses that a room counts at a time. Another one counts as one too many.
const MAX_ADDRESSES: usize = 1024;

/// The cause of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No client: a start, a timer, a snapshot.
    App,
    /// An input of a client with this address.
    Client(IpAddr),
    /// A message of another room.
    Room,
}

/// The consequence of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A fresh instance starts.
    Restart,
    /// The same, and the clients of this address are held off for one window.
    HoldOff(IpAddr),
    /// The same, and the room takes no messages of other rooms for one window.
    HoldOffRooms,
    /// No instance starts for one window.
    Open,
}

/// Counts the failures of one room by their cause: those without a client by themselves, those on messages of other rooms, and those of each address. So the clients of
/// one address, whatever they send, can hold off only each other. Failures on clients of too many addresses are the app's own.
#[derive(Debug)]
pub struct RoomCircuit {
    max: usize,
    window: Duration,
    /// Failures without a client. While it is open, no instance runs.
    app: Breaker,
    /// Failures on messages of other rooms. While it is open, the room takes none.
    rooms: Breaker,
    /// Addresses on whose clients the app has failed, each once while it is counted below.
    addresses: Breaker,
    by_address: HashMap<IpAddr, Breaker>,
}

impl RoomCircuit {
    /// Allows `max` restarts within any `window` for each cause.
    pub fn new(max: usize, window: Duration) -> Self {
        let breaker = || Breaker::new(max, window);
        Self { max, window, app: breaker(), rooms: breaker(), addresses: breaker(), by_address: HashMap::new() }
    }

    /// Judges a failure at this time.
    pub fn judge(&mut self, cause: Cause, now: Instant) -> Verdict {
        match cause {
            Cause::App if self.app.allow(now) => Verdict::Restart,
            Cause::App => Verdict::Open,
            Cause::Room if self.rooms.allow(now) => Verdict::Restart,
            Cause::Room => {
                self.rooms.open(now);
                Verdict::HoldOffRooms
            }
            Cause::Client(address) => self.judge_address(network(address), now),
        }
    }

    fn judge_address(&mut self, network: IpAddr, now: Instant) -> Verdict {
        self.by_address.retain(|_, breaker| breaker.remembers_at(now));
        if !self.by_address.contains_key(&network) && (self.by_address.len() >= MAX_ADDRESSES || !self.addresses.allow(now)) {
            return Verdict::Open;
        }
        let breaker = self.by_address.entry(network).or_insert_with(|| Breaker::new(self.max, self.window));
        if breaker.allow(now) {
            return Verdict::Restart;
        }
        breaker.open(now);
        Verdict::HoldOff(network)
    }

    /// Whether clients of this address are held off. The clock is read if any are.
    pub fn holds_off(&self, address: IpAddr, now: impl FnOnce() -> Instant) -> bool {
        !self.by_address.is_empty() && self.by_address.get(&network(address)).is_some_and(|breaker| breaker.is_open(now()))
    }

    /// The app has handled a message of another room.
    pub fn note_event(&mut self) {
        self.rooms.close();
    }

    /// Opens the circuit for one window.
    pub fn open(&mut self, now: Instant) {
        self.app.open(now);
    }

    /// Makes the next start a trial.
    pub fn put_on_trial(&mut self, now: Instant) {
        self.app.put_on_trial(now);
    }

    /// A start has succeeded. Returns whether that closes the circuit.
    pub fn close(&mut self) -> bool {
        self.app.close()
    }

    /// Another release runs: no address is to blame for the failures of the one before.
    pub fn forgive(&mut self) {
        self.rooms = Breaker::new(self.max, self.window);
        self.addresses = Breaker::new(self.max, self.window);
        self.by_address.clear();
    }

    /// Until when the circuit is open. When that has passed, the next start is a trial.
    pub fn open_until(&self) -> Option<Instant> {
        self.app.open_until()
    }

    /// Whether the circuit is open.
    pub fn is_open(&self, now: Instant) -> bool {
        self.app.is_open(now)
    }

    /// When it has nothing to remember any more.
    pub fn forgets_at(&self) -> Option<Instant> {
        self.by_address.values().chain([&self.app, &self.rooms, &self.addresses]).filter_map(Breaker::forgets_at).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn circuit() -> (RoomCircuit, Instant) {
        (RoomCircuit::new(5, WINDOW), Instant::now())
    }

    fn client(address: &str) -> Cause {
        Cause::Client(address.parse().expect("an address"))
    }

    fn holds_off(circuit: &RoomCircuit, address: &str, now: Instant) -> bool {
        circuit.holds_off(address.parse().expect("an address"), || now)
    }

    #[test]
    fn the_sixth_failure_on_clients_of_one_address_holds_off_that_address_and_leaves_the_circuit_closed() {
        let (mut circuit, now) = circuit();
        assert!((0..5).all(|_| circuit.judge(client("192.0.2.7"), now) == Verdict::Restart));
        assert!(!holds_off(&circuit, "192.0.2.7", now));
        let held_off = Verdict::HoldOff([192, 0, 2, 7].into());
        assert_eq!(circuit.judge(client("192.0.2.7"), now), held_off);
        assert_eq!(circuit.judge(client("192.0.2.7"), now), held_off, "another of its connections");
        assert!(holds_off(&circuit, "192.0.2.7", now) && !holds_off(&circuit, "192.0.2.8", now));
        assert!(!circuit.is_open(now));
        let later = now + WINDOW;
        assert!(!holds_off(&circuit, "192.0.2.7", later), "the window is over");
        assert_eq!(circuit.judge(client("192.0.2.7"), later), held_off, "it was on trial");
    }

    #[test]
    fn a_subscriber_of_ipv6_has_one_address() {
        let (mut circuit, now) = circuit();
        for n in 0..5 {
            assert_eq!(circuit.judge(client(&format!("2001:db8::{n}")), now), Verdict::Restart);
        }
        assert_eq!(circuit.judge(client("2001:db8::ffff"), now), Verdict::HoldOff("2001:db8::".parse().expect("an address")));
        assert!(holds_off(&circuit, "2001:db8::1234", now) && !holds_off(&circuit, "2001:db8:0:1::1", now));
    }

    #[test]
    fn failures_on_clients_of_six_addresses_open_the_circuit() {
        let (mut circuit, now) = circuit();
        for n in 0..5 {
            let cause = client(&format!("192.0.2.{n}"));
            assert!((0..3).all(|_| circuit.judge(cause, now) == Verdict::Restart), "an address counts once");
        }
        assert_eq!(circuit.judge(client("192.0.2.5"), now), Verdict::Open);
    }

    #[test]
    fn failures_without_a_client_count_by_themselves() {
        let (mut circuit, now) = circuit();
        assert!((0..5).all(|_| circuit.judge(Cause::App, now) == Verdict::Restart));
        assert!((0..5).all(|_| circuit.judge(client("192.0.2.7"), now) == Verdict::Restart));
        assert_eq!(circuit.judge(Cause::App, now), Verdict::Open);
    }

    #[test]
    fn failures_on_messages_of_other_rooms_hold_off_those_rooms_alone() {
        let (mut circuit, now) = circuit();
        assert!((0..5).all(|_| circuit.judge(Cause::Room, now) == Verdict::Restart));
        assert_eq!(circuit.judge(Cause::Room, now), Verdict::HoldOffRooms);
        assert!(!circuit.is_open(now) && circuit.judge(client("192.0.2.7"), now) == Verdict::Restart);
        assert_eq!(circuit.judge(Cause::Room, now + WINDOW), Verdict::HoldOffRooms, "it was on trial");
        circuit.note_event();
        assert_eq!(circuit.judge(Cause::Room, now + WINDOW), Verdict::Restart);
    }

    #[test]
    fn an_address_that_stays_away_is_forgotten() {
        let (mut circuit, now) = circuit();
        assert_eq!((0..6).filter(|_| circuit.judge(client("192.0.2.7"), now) == Verdict::Restart).count(), 5);
        assert_eq!(circuit.forgets_at(), Some(now + 2 * WINDOW));
        let later = now + 2 * WINDOW;
        assert_eq!(circuit.judge(client("192.0.2.8"), later), Verdict::Restart);
        assert_eq!(circuit.by_address.len(), 1);
    }

    #[test]
    fn a_room_counts_a_bounded_number_of_addresses() {
        let (mut circuit, now) = (RoomCircuit::new(usize::MAX, WINDOW), Instant::now());
        let cause = |n: usize| Cause::Client(IpAddr::V4(u32::try_from(n).expect("a small number").into()));
        assert!((0..MAX_ADDRESSES).all(|n| circuit.judge(cause(n), now) == Verdict::Restart));
        assert_eq!(circuit.judge(cause(MAX_ADDRESSES), now), Verdict::Open);
        circuit.forgive();
        assert_eq!(circuit.judge(cause(MAX_ADDRESSES), now), Verdict::Restart);
    }
}
