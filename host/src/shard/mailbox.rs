//! The events that wait for a room.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use crate::app::{Decision, UpgradeRequest};
use crate::room::Member;
use crate::types::{ClientId, CloseInfo, Message};

/// Something that a room is to be told.
#[derive(Debug)]
pub enum Event {
    /// A client has connected.
    Joined(Arc<Member>),
    /// A client has sent a message.
    Message(ClientId, Message),
    /// A client has gone.
    Left(ClientId, CloseInfo),
    /// A client has read all that waited for it.
    Drained(ClientId),
    /// Somebody asks to be let in.
    Upgrade(Box<UpgradeRequest>, oneshot::Sender<Decision>),
}

impl Event {
    fn payload_bytes(&self) -> usize {
        match self {
            Self::Message(_, message) => message.as_bytes().len(),
            _ => 0,
        }
    }
}

/// A room's queue. Its connections are not read while it is full; what is no message is always taken, since the
/// number of connections bounds it.
#[derive(Debug)]
pub struct Mailbox {
    events: RefCell<VecDeque<Event>>,
    payload_bytes: Cell<usize>,
    max_events: usize,
    max_bytes: usize,
    /// Connections that wait for it to fall below its limits.
    held_back: RefCell<Vec<Waker>>,
}

impl Mailbox {
    /// An empty mailbox with room for so many events and bytes of messages.
    pub fn new(max_events: usize, max_bytes: usize) -> Self {
        Self { events: RefCell::default(), payload_bytes: Cell::new(0), max_events, max_bytes, held_back: RefCell::default() }
    }

    /// Adds an event at the end.
    pub fn push(&self, event: Event) {
        self.payload_bytes.set(self.payload_bytes.get() + event.payload_bytes());
        self.events.borrow_mut().push_back(event);
    }

    /// Takes the oldest event, and lets connections be read again if they were held back.
    pub fn pop(&self) -> Option<Event> {
        let event = self.events.borrow_mut().pop_front()?;
        self.payload_bytes.set(self.payload_bytes.get() - event.payload_bytes());
        if !self.is_full() {
            self.held_back.borrow_mut().drain(..).for_each(Waker::wake);
        }
        Some(event)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.borrow().is_empty()
    }

    /// Whether connections of the room are not to be read for now.
    pub fn is_full(&self) -> bool {
        self.events.borrow().len() >= self.max_events || self.payload_bytes.get() >= self.max_bytes
    }

    /// Pending while the mailbox is full; the task is woken when it no longer is.
    pub fn poll_has_room(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.is_full() {
            return Poll::Ready(());
        }
        self.held_back.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Event {
        Event::Message(1.into(), Message::text("x".repeat(len)))
    }

    #[test]
    fn a_mailbox_is_full_at_its_number_of_events_and_wakes_who_waits_when_it_falls() {
        let mailbox = Mailbox::new(2, 1000);
        let woken = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&woken));
        let cx = Context::from_waker(&waker);
        mailbox.push(text(1));
        assert!(mailbox.poll_has_room(&cx).is_ready());
        mailbox.push(text(1));
        assert!(mailbox.poll_has_room(&cx).is_pending());
        assert!(!woken.is_set());
        mailbox.pop();
        assert!(woken.is_set());
    }

    #[test]
    fn a_mailbox_is_full_at_its_number_of_bytes() {
        let mailbox = Mailbox::new(100, 10);
        mailbox.push(text(9));
        assert!(!mailbox.is_full());
        mailbox.push(text(1));
        assert!(mailbox.is_full());
        mailbox.pop();
        assert!(!mailbox.is_full());
    }

    #[derive(Default)]
    struct Flag(std::sync::atomic::AtomicBool);

    impl Flag {
        fn is_set(&self) -> bool {
            self.0.load(std::sync::atomic::Ordering::Relaxed)
        }
    }

    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
