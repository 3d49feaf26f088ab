//! The inputs that wait for a room.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;

use super::input::{Input, What};
use super::wakes::Wakes;
use crate::room::Waiting;
use crate::types::{ClientId, Message};

/// Bytes that stay are copied below this size. The read buffer is four times as large.
pub const COPIED_BYTES: usize = 64 << 10;

/// A room's queue. While it is full, its lines and the answers to its requests are not read, and upgrades are refused. Other inputs are always taken: the number of
/// lines bounds them.
#[derive(Debug)]
pub struct Mailbox {
    inputs: RefCell<VecDeque<Input>>,
    payload_bytes: Cell<usize>,
    max_inputs: usize,
    max_bytes: usize,
    /// Those who bring it inputs, and wait for it to fall below its limits.
    held_back: RefCell<HeldBack>,
}

#[derive(Debug, Default)]
struct HeldBack {
    /// The lines by their slots.
    lines: HashMap<u32, Rc<Wakes>>,
    /// The tasks of requests to HTTP servers by their ids.
    requests: HashMap<u64, Waker>,
}

impl Mailbox {
    /// An empty mailbox that is full with this many inputs, or this many bytes of messages.
    pub fn new(max_inputs: usize, max_bytes: usize) -> Self {
        Self { inputs: RefCell::default(), payload_bytes: Cell::new(0), max_inputs, max_bytes, held_back: RefCell::default() }
    }

    /// Adds an input at the end.
    pub fn push(&self, input: Input) {
        self.payload_bytes.set(self.payload_bytes.get() + input.payload_bytes());
        self.inputs.borrow_mut().push_back(input);
    }

    /// Takes the oldest input. Lines and answers that were held back are read again when the mailbox is no longer full.
    pub fn pop(&self) -> Option<Input> {
        let input = self.inputs.borrow_mut().pop_front()?;
        self.payload_bytes.set(self.payload_bytes.get() - input.payload_bytes());
        self.wake_held_back();
        Some(input)
    }

    /// Takes the oldest input if it is a message of at most this many bytes that has arrived before a time.
    pub fn pop_message(&self, max_bytes: usize, before: Option<Instant>) -> Option<Waiting> {
        let is_such = |input: &Input| {
            matches!(&input.what, What::Message(_, message) if message.as_bytes().len() <= max_bytes)
                && before.is_none_or(|before| input.at < before)
        };
        if !self.inputs.borrow().front().is_some_and(is_such) {
            return None;
        }
        let Input { at, what: What::Message(from, message) } = self.pop()? else { return None };
        Some((at, from, message))
    }

    /// Puts a message back that was taken, before all other inputs.
    pub fn put_back(&self, (at, from, message): Waiting) {
        self.payload_bytes.set(self.payload_bytes.get() + message.as_bytes().len());
        self.inputs.borrow_mut().push_front(Input { at, what: What::Message(from, message) });
    }

    /// How many inputs wait.
    pub fn len(&self) -> usize {
        self.inputs.borrow().len()
    }

    /// The memory of its inputs in bytes.
    pub fn bytes(&self) -> usize {
        self.payload_bytes.get() + self.inputs.borrow().len() * size_of::<Input>()
    }

    /// Calls `act` with the sender of each message, and the memory that it takes.
    pub fn for_each_message(&self, mut act: impl FnMut(ClientId, usize)) {
        for input in &*self.inputs.borrow() {
            if let What::Message(client, _) = &input.what {
                act(*client, input.payload_bytes() + size_of::<Input>());
            }
        }
    }

    /// Copies the messages that are not large, since each keeps a whole read buffer. Returns the memory of all messages.
    pub fn detach(&self) -> usize {
        let mut bytes = 0;
        for input in &mut *self.inputs.borrow_mut() {
            let size = input.payload_bytes();
            let What::Message(_, message) = &mut input.what else { continue };
            if size < COPIED_BYTES {
                *message = detached(message);
            }
            bytes += size + size_of::<Input>();
        }
        bytes
    }

    /// Drops the messages of these clients.
    pub fn drop_messages_of(&self, clients: &HashSet<ClientId>) {
        self.drop_all(|input| matches!(&input.what, What::Message(client, _) if clients.contains(client)));
    }

    /// Drops the answers of HTTP servers.
    pub fn drop_answers(&self) {
        self.drop_all(|input| matches!(&input.what, What::Answer(..)));
    }

    fn drop_all(&self, is_dropped: impl Fn(&Input) -> bool) {
        let mut freed = 0;
        self.inputs.borrow_mut().retain(|input| {
            let is_dropped = is_dropped(input);
            freed += if is_dropped { input.payload_bytes() } else { 0 };
            !is_dropped
        });
        self.payload_bytes.set(self.payload_bytes.get() - freed);
        self.wake_held_back();
    }

    /// Drops all inputs: the room has ended.
    pub fn clear(&self) {
        self.inputs.take();
        self.payload_bytes.set(0);
        self.wake_held_back();
    }

    fn wake_held_back(&self) {
        let mut held_back = self.held_back.borrow_mut();
        // To drain a table that was large once costs time, though it is empty.
        if !held_back.is_empty() && !self.is_full() {
            held_back.lines.drain().for_each(|(slot, wakes)| wakes.run(slot));
            held_back.requests.drain().for_each(|(_, task)| task.wake());
        }
    }

    /// When the oldest input arrived.
    pub fn next_at(&self) -> Option<Instant> {
        self.inputs.borrow().front().map(|input| input.at)
    }

    /// Whether no input waits.
    pub fn is_empty(&self) -> bool {
        self.inputs.borrow().is_empty()
    }

    /// Whether the room's lines are not to be read for now.
    pub fn is_full(&self) -> bool {
        self.inputs.borrow().len() >= self.max_inputs || self.payload_bytes.get() >= self.max_bytes
    }

    /// Whether the line in this slot is to be read. If not, its reader runs when the mailbox is no longer full.
    pub fn has_room_for(&self, slot: u32, wakes: &Rc<Wakes>) -> bool {
        let has_room = !self.is_full();
        if !has_room {
            self.held_back.borrow_mut().lines.insert(slot, Rc::clone(wakes));
        }
        has_room
    }

    /// For the task of a request to an HTTP server: pending while the mailbox is full. The task is woken when it no longer is.
    pub fn poll_has_room(&self, cx: &Context<'_>, request: u64) -> Poll<()> {
        if !self.is_full() {
            return Poll::Ready(());
        }
        self.held_back.borrow_mut().requests.insert(request, cx.waker().clone());
        Poll::Pending
    }
}

/// A copy that keeps no other memory than its own.
pub fn detached(message: &Message) -> Message {
    match message {
        Message::Text(text) => Message::text(text.to_string()),
        Message::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
    }
}

impl HeldBack {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.requests.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn text(len: usize) -> Input {
        Input { at: Instant::now(), what: What::Message(1.into(), Message::text("x".repeat(len))) }
    }

    #[test]
    fn a_mailbox_is_full_at_its_number_of_inputs_and_wakes_held_back_lines_when_it_falls() {
        let mailbox = Mailbox::new(2, 1000);
        let woken = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&woken));
        let cx = Context::from_waker(&waker);
        mailbox.push(text(1));
        assert!(mailbox.poll_has_room(&cx, 0).is_ready());
        mailbox.push(text(1));
        assert!(mailbox.poll_has_room(&cx, 0).is_pending());
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

    #[test]
    fn messages_of_some_clients_can_be_dropped() {
        let mailbox = Mailbox::new(100, 10);
        let woken = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&woken));
        let from =
            |client: u64, len| Input { at: Instant::now(), what: What::Message(client.into(), Message::text("x".repeat(len))) };
        for (client, len) in [(1, 4), (2, 5), (1, 6)] {
            mailbox.push(from(client, len));
        }
        assert!(mailbox.poll_has_room(&Context::from_waker(&waker), 0).is_pending());
        let mut held = HashMap::new();
        mailbox.for_each_message(|client, bytes| *held.entry(client.get()).or_insert(0) += bytes);
        assert_eq!(held, HashMap::from([(1, 10 + 2 * size_of::<Input>()), (2, 5 + size_of::<Input>())]));
        mailbox.drop_messages_of(&HashSet::from([1.into()]));
        assert!(woken.is_set());
        assert_eq!(mailbox.bytes(), 5 + size_of::<Input>());
        assert!(matches!(mailbox.pop().map(|input| input.what), Some(What::Message(client, _)) if client.get() == 2));
        assert!(mailbox.is_empty());
    }

    #[test]
    fn only_a_small_message_that_came_early_enough_is_taken_as_such_and_it_can_be_put_back() {
        let mailbox = Mailbox::new(100, 1000);
        let first = text(4);
        let (begun, later) = (first.at, first.at + std::time::Duration::from_secs(1));
        mailbox.push(first);
        mailbox.push(Input { at: later, what: What::Withdrawn });
        assert!(mailbox.pop_message(3, None).is_none(), "it is too large");
        assert!(mailbox.pop_message(4, Some(begun)).is_none(), "it came no earlier");
        let taken = mailbox.pop_message(4, Some(later)).expect("it is small, and came before");
        assert!(mailbox.pop_message(4, None).is_none(), "the next is no message");
        assert_eq!(mailbox.bytes(), size_of::<Input>());
        mailbox.put_back(taken);
        assert_eq!(mailbox.bytes(), 4 + 2 * size_of::<Input>());
        assert!(matches!(mailbox.pop(), Some(Input { at, what: What::Message(..) }) if at == begun));
    }

    #[test]
    fn the_mailbox_of_a_room_that_has_ended_holds_nothing() {
        let mailbox = Mailbox::new(1, 10);
        let woken = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&woken));
        mailbox.push(text(20));
        assert!(mailbox.poll_has_room(&Context::from_waker(&waker), 0).is_pending());
        mailbox.clear();
        assert!(woken.is_set() && mailbox.is_empty());
        assert_eq!(mailbox.bytes(), 0);
    }

    #[test]
    fn a_line_that_is_held_back_runs_once_when_there_is_room() {
        let (mailbox, wakes) = (Mailbox::new(1, 1000), Rc::default());
        assert!(mailbox.has_room_for(7, &wakes));
        mailbox.push(text(1));
        (0..1000).for_each(|_| assert!(!mailbox.has_room_for(7, &wakes)));
        assert!(wakes.take_to_run().is_empty());
        mailbox.pop();
        assert_eq!(wakes.take_to_run(), [7]);
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
