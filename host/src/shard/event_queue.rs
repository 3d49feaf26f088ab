//! The messages of other rooms that wait for a room.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::bus::Event;

/// Messages with the times at which they have come, in their order.
pub(super) type Queued = VecDeque<(Instant, Arc<Event>)>;

/// The messages of other rooms that wait for a room, in their order. The backlogs of the senders bound it.
///
/// It stands beside the mailbox, and both take turns, so that neither clients nor other rooms crowd the others out. It can be held up by
/// itself.
#[derive(Debug, Default)]
pub struct EventQueue {
    waiting: RefCell<Queued>,
    /// Until when no message is taken.
    paused_until: Cell<Option<Instant>>,
    /// Whether the room cannot take messages now.
    is_held_up: Cell<bool>,
    /// Whether the room's last input was one of these messages.
    was_last: Cell<bool>,
}

impl EventQueue {
    /// Adds a message that has come at this time.
    pub fn push(&self, at: Instant, event: Arc<Event>) {
        self.waiting.borrow_mut().push_back((at, event));
    }

    /// Puts messages back that were taken, in their order, before all others.
    pub fn put_back(&self, at: Instant, events: impl DoubleEndedIterator<Item = Arc<Event>>) {
        let mut waiting = self.waiting.borrow_mut();
        events.rev().for_each(|event| waiting.push_front((at, event)));
    }

    /// Takes the oldest message.
    pub fn pop(&self) -> Option<(Instant, Arc<Event>)> {
        let next = self.waiting.borrow_mut().pop_front()?;
        self.was_last.set(true);
        Some(next)
    }

    /// Takes all messages.
    pub(super) fn take_all(&self) -> Queued {
        self.waiting.take()
    }

    /// When the oldest message has come.
    pub fn next_at(&self) -> Option<Instant> {
        self.waiting.borrow().front().map(|(at, _)| *at)
    }

    /// Whether the oldest message is stored until it is handled.
    pub fn next_is_stored(&self) -> bool {
        self.waiting.borrow().front().is_some_and(|(_, event)| event.is_stored())
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Whether no message waits that the room can take.
    pub fn is_done(&self) -> bool {
        self.is_empty() || self.is_held_up.get()
    }

    /// Whether the room's last input was one of these messages.
    pub fn was_last(&self) -> bool {
        self.was_last.get()
    }

    /// The room's last input was none of these messages.
    pub fn note_other(&self) {
        self.was_last.set(false);
    }

    /// Notes whether the room cannot take messages now.
    pub fn hold_up(&self, is_held_up: bool) {
        self.is_held_up.set(is_held_up);
    }

    /// Has no message taken until this time.
    pub fn pause(&self, until: Instant) {
        self.paused_until.set(Some(until));
    }

    /// Has messages taken again at once.
    pub fn end_pause(&self) {
        self.paused_until.set(None);
    }

    /// Until when no message is taken, if any waits.
    pub fn paused_until(&self) -> Option<Instant> {
        self.paused_until.get().filter(|_| !self.is_empty())
    }

    /// Ends a pause that is over. Returns whether there was one.
    pub fn resume(&self, now: Instant) -> bool {
        self.paused_until.get().is_some_and(|until| until <= now) && self.paused_until.take().is_some()
    }
}
