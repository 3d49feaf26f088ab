//! The owner's messages and closes, on their way to rooms.

use std::rc::Rc;

use super::command::{Address, Delivery, Envelope};
use super::orders::{RoomOrder, To};
use super::rooms::{Entry, Rooms};
use super::tally::Tally;
use crate::app::Launch;
use crate::log::in_short;
use crate::room::LineId;
use crate::types::{ClientId, CloseInfo};

/// The most deliveries of the owner's that wait for one room. Orders to change the release come one at a time.
const MAX_ORDERS: usize = 1024;

impl<L: Launch> Rooms<L> {
    /// Brings something of the owner's to the rooms of its receivers. Each room handles it between two inputs, so all that one caller sends
    /// to a client arrives in the order of the calls, whatever it was addressed to. In a cluster, clients get their own at this edge, and rooms theirs at
    /// their owner.
    pub(super) fn deliver(&self, Envelope { to, what, tally }: Envelope) {
        tally.note_taken();
        match to {
            Address::All => {
                for entry in self.all() {
                    let to = self.lines_of(&entry);
                    self.give(&entry, to, what.clone(), &tally);
                }
                if let Some(part) = self.part() {
                    tally.note_found();
                    tally.add(part.bring_to_all(&what));
                }
            }
            Address::Clients(clients) => self.deliver_to_clients(clients, &what, &tally),
            Address::Room(room) => {
                let Some(entry) = self.entry(&room) else { return };
                // A client that its app has not heard of yet is disconnected too.
                let is_of_lines = matches!(what, Delivery::Close(_)) && self.part().is_none();
                let to = if is_of_lines { self.lines_of(&entry) } else { To::Members };
                self.give(&entry, to, what, &tally);
            }
            Address::Topic(room, topic) => {
                let Some(entry) = self.entry(&room) else { return };
                self.give(&entry, To::Topic(topic), what, &tally);
            }
        }
    }

    /// The lines of a room.
    fn lines_of(&self, entry: &Entry<L>) -> To {
        let lines = entry.task.lines.after(None, usize::MAX);
        To::Lines(lines.into_iter().map(|(id, slot)| (id, self.shard().line_id(slot))).collect())
    }

    fn deliver_to_clients(&self, clients: Vec<(ClientId, LineId)>, what: &Delivery, tally: &Tally) {
        let mut by_room: Vec<(Rc<str>, Vec<_>)> = Vec::new();
        for (id, line_id) in clients {
            let Some(reach) = self.shard().reach(id, line_id) else { continue };
            let room = reach.room().name();
            match by_room.iter_mut().find(|(name, _)| **name == *room) {
                Some((_, lines)) => lines.push((id, line_id)),
                None => by_room.push((room.into(), vec![(id, line_id)])),
            }
        }
        for (room, lines) in by_room {
            if let Some(part) = self.part() {
                if let Some(reached) = part.bring(&room, lines.iter().map(|(id, _)| *id), what) {
                    tally.note_found();
                    tally.add(reached);
                }
            } else if let Some(entry) = self.entry(&room) {
                self.give(&entry, To::Lines(lines), what.clone(), tally);
            }
        }
    }

    /// Gives a room something of the owner's. If too much waits for a room that is suspended, it is dropped.
    fn give(&self, entry: &Entry<L>, to: To, what: Delivery, tally: &Tally) {
        tally.note_found();
        let before = entry.orders.borrow().len();
        if before >= MAX_ORDERS {
            tally.note_full();
            if let Some(more) = self.shard().log_limits().dropped_orders.allows(self.shard().time()) {
                let room = in_short(entry.task.name());
                tracing::warn!(room, "a message of the server's owner is dropped: {MAX_ORDERS} wait for the room already{more}");
            }
            return;
        }
        let is_close = matches!(what, Delivery::Close(_));
        entry.clone().give(RoomOrder::Deliver(to, what, tally.clone()));
        // A room whose handler is suspended does not keep its clients: they are closed at once, unless messages for them wait there.
        if is_close && before == 0 && entry.orders.borrow().len() == 1 {
            let order = entry.orders.borrow_mut().pop_back();
            if let Some(RoomOrder::Deliver(To::Lines(lines), Delivery::Close(info), _)) = order {
                self.close_at_once(&lines, &info, tally);
            } else {
                entry.orders.borrow_mut().extend(order);
            }
        }
    }

    fn close_at_once(&self, lines: &[(ClientId, LineId)], info: &CloseInfo, tally: &Tally) {
        for (id, line) in lines {
            if self.shard().reach(*id, *line).is_some_and(|reach| reach.is_open()) {
                tally.add(1);
                self.shard().close(*id, *line, info.clone());
            }
        }
    }
}
