//! The end of an owner: it gives its room up, or has to stop.

use bytes::Bytes;

use super::{Link, Owner, Phase};
use crate::letter::Letter;
use crate::life::Life;
use crate::message::Message;
use crate::publication::Stop;

impl Owner {
    /// Takes no more inputs, unless the room still waits for its members. [`Owner::release`] follows when [`Owner::is_drained`].
    pub fn drain(&mut self) {
        if self.phase == Phase::Serving {
            self.phase = Phase::Draining;
        }
    }

    /// Whether all turns are stored, and all outputs have arrived.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let rests = |link: &Link| link.is_gone || link.is_at_rest();
        self.phase == Phase::Draining && self.running.is_none() && self.held.is_empty() && self.links.values().all(rests)
    }

    /// Gives the room up. `state` is the snapshot of a room that has never written. Outputs that have not arrived are lost.
    pub fn release(&mut self, state: Option<Bytes>) {
        if self.phase == Phase::Draining && self.running.is_none() {
            let state = state.filter(|_| !self.is_durable);
            self.journal.release(self.all_marks(), state, self.members.is_empty());
        }
    }

    /// Whether the room is being given up.
    #[must_use]
    pub fn is_releasing(&self) -> bool {
        self.journal.is_releasing()
    }

    /// Whether the room is given up: the last record is stored.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.journal.is_released()
    }

    /// The epoch that the room's last record has, read after the connection to NATS was back. An owner that writes nothing would not notice
    /// otherwise that its claim is forgotten, or not the last one.
    pub fn looked(&mut self, epoch: Option<u64>) {
        match epoch {
            Some(epoch) if epoch > self.epoch => self.journal.stop(Stop::Replaced),
            Some(epoch) if epoch == self.epoch => {}
            _ => self.journal.stop(Stop::Restored),
        }
    }

    /// Tells the edges that this owner has given the room up, so that they look for the next one.
    #[must_use]
    pub fn goodbye(&self) -> Vec<Letter> {
        let links = self.links.iter().filter(|(_, link)| !link.is_gone);
        let letter =
            |(to, link): (&Life, &Link)| Letter { to: *to, epoch: self.epoch, session: link.session, message: Message::NotOwner };
        links.map(letter).collect()
    }

    /// The number of a member in the order of joins.
    #[must_use]
    pub fn join_of(&self, member: u64) -> Option<u64> {
        self.members.get(&member).map(|(_, member)| member.join)
    }

    /// Why the owner has to stop, if it has. Turns that are not stored are lost, with their outputs.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.journal.stopped()
    }
}
