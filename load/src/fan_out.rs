//! The mode `fan-out`: some members of a room send, and all members receive.

use std::time::Duration;

use super::drive::Driver;
use super::options::Options;
use super::pool::{Happenings, Pool};
use super::tally::Tally;

/// Messages and their deliveries.
#[derive(Debug)]
pub struct FanOut {
    tally: Tally,
    rooms: Vec<Room>,
    /// The number of its room's messages that each connection has received.
    received: Vec<usize>,
    in_flight: usize,
    senders: usize,
    keeps_on: bool,
    next: usize,
}

/// The members of a room receive its messages in one order, so the n-th received message counts as the n-th sent one. With
/// several senders the server may have taken them in another order. Then single latencies are swapped, but their sum is right.
#[derive(Debug, Default)]
struct Room {
    members: Vec<usize>,
    /// The time at which each message was sent.
    sent: Vec<Duration>,
    /// The expected deliveries.
    left: usize,
    turn: usize,
}

impl FanOut {
    /// Before the first message.
    pub fn new(options: &Options) -> Self {
        Self {
            tally: Tally::new(),
            rooms: (0..options.rooms).map(|_| Room::default()).collect(),
            received: vec![0; options.connections],
            in_flight: options.in_flight,
            senders: if options.senders == 0 { usize::MAX } else { options.senders },
            keeps_on: options.rate.is_none(),
            next: 0,
        }
    }

    /// All senders of a room send a message.
    fn round(&mut self, pool: &mut Pool, room: usize) {
        for _ in 0..self.senders.min(self.rooms[room].members.len()) {
            self.send(pool, room, pool.now());
        }
    }

    /// The next sender of a room sends a message.
    fn send(&mut self, pool: &mut Pool, index: usize, time: Duration) {
        let room = &mut self.rooms[index];
        let members = room.members.len();
        if members == 0 {
            return;
        }
        if room.left == 0 {
            // All members have all messages. The numbers begin anew, so that the list does not grow.
            room.sent.clear();
            for member in &room.members {
                self.received[*member] = 0;
            }
        }
        let sender = room.members[room.turn % self.senders.min(members)];
        room.turn += 1;
        room.sent.push(time);
        room.left += members;
        self.tally.sent += 1;
        self.tally.expected += members as u64;
        pool.send(sender, 1);
    }

    /// Begins the next round of a room after the deliveries of enough rounds have arrived.
    fn go_on(&mut self, pool: &mut Pool, index: usize) {
        let room = &self.rooms[index];
        let round = room.members.len() * self.senders.min(room.members.len());
        if self.keeps_on && round > 0 && room.left <= round * (self.in_flight - 1) {
            self.round(pool, index);
        }
    }
}

impl Driver for FanOut {
    fn begin(&mut self, pool: &mut Pool) {
        for client in (0..pool.len()).filter(|client| pool.is_open(*client)) {
            self.rooms[pool.room(client)].members.push(client);
        }
        for room in 0..self.rooms.len() {
            for _ in 0..if self.keeps_on { self.in_flight } else { 0 } {
                self.round(pool, room);
            }
        }
    }

    fn due(&mut self, pool: &mut Pool, intended: Duration) {
        let room = self.next;
        self.next = (self.next + 1) % self.rooms.len();
        self.send(pool, room, intended);
    }

    fn stop(&mut self) {
        self.keeps_on = false;
    }

    fn waits(&self) -> bool {
        self.rooms.iter().any(|room| room.left > 0)
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

impl Happenings for FanOut {
    fn opened(&mut self, _: &mut Pool, _: usize) {}

    fn received(&mut self, pool: &mut Pool, client: usize, messages: u32) {
        let now = pool.now();
        let index = pool.room(client);
        let room = &mut self.rooms[index];
        for _ in 0..messages {
            match room.sent.get(self.received[client]) {
                Some(sent) => {
                    self.tally.note(now.saturating_sub(*sent));
                    self.received[client] += 1;
                    room.left -= 1;
                }
                None => self.tally.stray += 1,
            }
        }
        self.go_on(pool, index);
    }

    fn gone(&mut self, pool: &mut Pool, client: usize) {
        let index = pool.room(client);
        let room = &mut self.rooms[index];
        let Some(place) = room.members.iter().position(|member| *member == client) else { return };
        room.members.remove(place);
        // Its expected messages are missing in the report, and are not waited for.
        room.left -= room.sent.len() - self.received[client];
        self.go_on(pool, index);
    }
}
