//! A room's messages to other rooms: the contract's `rooms` interface.

use std::cell::OnceCell;
use std::sync::Arc;

use super::effect::Effect;
use super::turn::Turn;
use super::undo::Undo;
use super::{Room, State};
use crate::bus::{Backlog, Bus, Event, Presence, Sender};
use crate::store::{StoredEvent, Write};
use crate::types::Message;

/// How a message is sent to a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomOptions {
    /// Whether the room begins to exist with this message, if it does not exist.
    pub create: bool,
}

impl RoomOptions {
    /// The room begins to exist with the message, if it does not exist.
    pub const CREATE: Self = Self { create: true };
}

/// Why a message to a room was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoomsError {
    /// No room can have that name.
    #[error("no room can have that name")]
    InvalidName,
    /// The room is not open, and nothing is kept of it.
    #[error("no room of that name exists")]
    NoSuchRoom,
    /// The message is larger than one message may be.
    #[error("the message is larger than the limit for one message")]
    TooBig,
    /// This handler has staged as much as one handler may.
    #[error("this handler has staged as much as one handler may")]
    Limit,
    /// As many messages of this room, or of all rooms, wait for their receivers as may wait, or the journal is full.
    #[error("too many messages of this room wait for their receivers")]
    Full,
    /// The room is not open, and no other room may open.
    #[error("no other room may open")]
    TooManyRooms,
    /// The journal cannot be read now, so nobody knows whether the room exists. A guest traps, as for `Store::get`.
    #[error("the store is not available now")]
    Unavailable,
}

/// The way from one room to the others.
#[derive(Debug, Default)]
pub(super) struct Sending {
    /// Without it the room reaches no other.
    bus: Option<Arc<Bus>>,
    /// Whether an instance is only tried out, and its messages are dropped.
    is_trial: bool,
    /// How much waits for its receivers, from the first message on.
    backlog: OnceCell<Arc<Backlog>>,
    /// Stored messages, with their senders, on which a handler has failed. The next commit takes them off.
    pub(super) had: Vec<(Arc<str>, u64)>,
}

impl Sending {
    /// The same way for a room that starts over.
    pub(super) fn emptied(&self) -> Self {
        Self { bus: self.bus.clone(), is_trial: self.is_trial, backlog: self.backlog.clone(), had: self.had.clone() }
    }
}

impl State {
    async fn send_event(&mut self, room: &str, message: Message, options: RoomOptions) -> Result<(), RoomsError> {
        let bus = self.sending.bus.clone().ok_or(RoomsError::InvalidName)?;
        let to: Arc<str> = bus.normal(room).ok_or(RoomsError::InvalidName)?.into();
        let bytes = message.as_bytes().len();
        if bytes > self.limits.max_message_bytes {
            return Err(RoomsError::TooBig);
        }
        if !self.turn.has_room_for(bytes) {
            return Err(RoomsError::Limit);
        }
        if self.sending.is_trial {
            return Ok(());
        }
        let presence = bus.presence(&to);
        if presence.is_none() && !options.create && !self.contents.knows(&to).await.map_err(|_| RoomsError::Unavailable)? {
            return Err(RoomsError::NoSuchRoom);
        }
        if !matches!(presence, Some(Presence::Open | Presence::Expected)) && bus.is_full() {
            return Err(RoomsError::TooManyRooms);
        }
        // A write of this handler, before or after, has the message stored.
        if !self.contents.has_room_for(to.len() + bytes) {
            return Err(RoomsError::Full);
        }
        let backlog = self.sending.backlog.get_or_init(|| bus.backlog(&self.name));
        let permit = backlog.admit(bytes).ok_or(RoomsError::Full)?;
        let receiver = bus.note_expected(&to);
        let mut event = Event::new((Sender::Room(Arc::clone(&self.name)), to), message, permit, receiver);
        event.trace = self.trace();
        self.turn.push(Effect::Event(Arc::new(event)));
        Ok(())
    }
}

impl State {
    /// Takes off the messages on which handlers have failed.
    pub(super) fn drop_had(&mut self, turn: &mut Turn) {
        if !self.sending.had.is_empty() && self.contents.takes_writes() {
            turn.had.0 = std::mem::take(&mut self.sending.had);
            let drops = turn.had.0.iter().map(|(from, id)| Write::DropEvent { from: Arc::clone(from), id: *id });
            // Before the others: the last one may be `Write::Close`.
            turn.written.writes.splice(..0, drops);
        }
    }

    /// Has a turn that writes keep its messages too, until they are handled.
    pub(super) fn keep_events(&mut self, turn: &mut Turn) {
        if !turn.sends_events || turn.written.writes.is_empty() {
            return;
        }
        let Some(bus) = self.sending.bus.as_ref().filter(|_| self.contents.journal().is_some()) else { return };
        for effect in &mut turn.effects {
            // Nobody else has it before the turn is visible.
            let Effect::Event(shared) = effect else { continue };
            let Some(event) = Arc::get_mut(shared) else { continue };
            event.number = bus.next_number();
            let (is_text, payload) = match &event.message {
                Message::Text(text) => (true, text.as_bytes().clone()),
                Message::Binary(payload) => (false, payload.clone()),
            };
            let kept = StoredEvent { id: event.number, to: Arc::clone(&event.to), is_text, payload };
            turn.written.writes.push(Write::SetEvent(kept));
        }
    }
}

impl Room {
    /// The handler of a message begins. Its turn takes a stored one off.
    pub(crate) fn receive(&mut self, event: &Arc<Event>) {
        let state = self.state_mut();
        if let Some((from, number)) = event.stored() {
            state.stage(Write::DropEvent { from: Arc::clone(from), id: number });
            state.turn.undo_log.push(Undo::Received(Arc::clone(from), number));
            state.turn.received = Some(Arc::clone(event));
        }
    }

    /// A turn's commit has failed, and a later one takes off the messages and requests that it was to take off.
    pub(crate) fn take_back(&mut self, turn: &mut Turn) {
        let state = self.state_mut();
        state.sending.had.append(&mut turn.had.0);
        state.fetches.ended.append(&mut turn.had.1);
    }

    /// Whether the journal can take a stored message off now.
    pub(crate) fn takes_writes(&self) -> bool {
        self.state().contents.takes_writes()
    }

    /// The name by which other rooms know this one. It is empty for a room of one client, which can send to no room.
    pub fn address(&self) -> &str {
        let state = self.state();
        state.sending.bus.as_ref().map_or(&*state.name, |bus| bus.address(&state.name))
    }

    /// Sends a message to a room, whose `on_event` gets it when this handler has returned. The messages from one room to another keep their
    /// order. A room that is asleep opens for it.
    ///
    /// # Errors
    /// Nothing is sent then. `NoSuchRoom`: the room is not open and nothing is kept of it, unless `options` have it begin. `Full`: 1,024
    /// messages of this room, or 16 MiB, or 256 MiB of all rooms, wait for their receivers, or the journal is full. `Unavailable`: the journal
    /// cannot be read.
    pub async fn send_to_room(
        &mut self,
        room: &str,
        message: impl Into<Message>,
        options: RoomOptions,
    ) -> Result<(), RoomsError> {
        self.state_mut().send_event(room, message.into(), options).await
    }

    /// An instance is only tried out in this room: its messages are dropped, so all rooms that can exist do.
    pub(crate) fn set_trial(&mut self) {
        self.state_mut().sending.is_trial = true;
    }

    /// Connects the room with the others.
    pub(crate) fn set_bus(&mut self, bus: Arc<Bus>) {
        self.state_mut().sending.bus = Some(bus);
    }

    /// Whether a message of this many bytes may be sent, before it is copied.
    pub(crate) fn admits_event(&self, bytes: usize) -> bool {
        bytes <= self.state().limits.max_message_bytes
    }
}
