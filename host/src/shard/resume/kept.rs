//! The session of one client.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use crate::protocol::resume::{Breach, Fresh, Hello, HostSession, Limits, Resumed, Token, Welcome};
use crate::room::Member;
use crate::shard::clock::Moment;
use crate::shard::room_task::RoomTask;

/// The state of a session. Its lines are numbered by their slots: no two of its lines have the same one at a time.
pub struct KeptSession {
    member: Arc<Member>,
    room: Rc<RoomTask>,
    /// The kept messages are encoded frames, not compressed, with the byte in front.
    state: RefCell<HostSession<Bytes>>,
    stage: Cell<Stage>,
}

/// Whether the client of a session has a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// It has one.
    Online,
    /// It has one again, to which its messages are being queued. The room takes it for away.
    Returning,
    /// It has none since this moment, and came into the list of those who are away with this number.
    Away(Moment, u64),
    /// The session has ended.
    Over,
}

impl fmt::Debug for KeptSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSession").field("member", &self.member).field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl KeptSession {
    pub(super) fn begin(member: Arc<Member>, room: Rc<RoomTask>, slot: u32, reason: Fresh, limits: Limits) -> (Self, Welcome) {
        let (state, welcome) = HostSession::begin(slot.into(), reason, token(), limits);
        (Self { member, room, state: RefCell::new(state), stage: Cell::new(Stage::Online) }, welcome)
    }

    /// The client.
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// The room that the client is in.
    pub fn room(&self) -> &RoomTask {
        &self.room
    }

    /// Its room, for a line of the client.
    pub fn shared_room(&self) -> Rc<RoomTask> {
        Rc::clone(&self.room)
    }

    /// Whether it waits for its next line.
    pub fn is_away(&self) -> bool {
        matches!(self.stage.get(), Stage::Away(..))
    }

    /// Whether its messages are being queued to the line that it has again.
    pub fn is_returning(&self) -> bool {
        matches!(self.stage.get(), Stage::Returning)
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        matches!(self.stage.get(), Stage::Over)
    }

    /// Whether the line in this slot is its line.
    pub fn is_at(&self, slot: u32) -> bool {
        self.state.borrow().line() == Some(slot.into())
    }

    /// Keeps a message whose frame had this many bytes without the byte in front.
    pub fn keep(&self, frame: Bytes, bytes: usize) {
        if !self.is_over() {
            self.state.borrow_mut().send(frame, bytes);
        }
    }

    /// Whether more waits for a client that is away than may wait.
    pub fn is_over_limit(&self) -> bool {
        self.is_away() && self.state.borrow().is_over_limit()
    }

    /// The kept messages.
    pub fn unconfirmed(&self) -> Vec<Bytes> {
        self.state.borrow().unconfirmed().cloned().collect()
    }

    /// The bytes of these messages.
    pub fn unconfirmed_bytes(&self) -> usize {
        self.state.borrow().unconfirmed_bytes()
    }

    /// Their number.
    pub(super) fn unconfirmed_count(&self) -> usize {
        self.state.borrow().unconfirmed().count()
    }

    /// Shows each kept frame.
    pub fn count(&self, show: impl FnMut(&Bytes)) {
        self.state.borrow().unconfirmed().for_each(show);
    }

    /// A message has come over the line in this slot. False if it is to be dropped, since the client sends it again over a later line.
    #[must_use]
    pub fn received(&self, slot: u32, bytes: usize) -> bool {
        self.state.borrow_mut().received(slot.into(), bytes)
    }

    /// The client has confirmed messages over the line in this slot.
    pub fn confirmed(&self, slot: u32, number: u64) -> Result<(), Breach> {
        self.state.borrow_mut().confirmed(slot.into(), number)
    }

    /// Whether a confirmation of this number tells anything.
    pub fn is_news(&self, number: u64) -> bool {
        self.state.borrow().is_news(number)
    }

    /// The count of received messages, if the client is to be told it now.
    pub fn due_confirmation(&self) -> Option<u64> {
        let mut state = self.state.borrow_mut();
        state.is_confirmation_due().then(|| state.confirmation())
    }

    /// The same, if the client does not know it.
    pub fn confirmation(&self) -> Option<u64> {
        let mut state = self.state.borrow_mut();
        state.has_confirmation().then(|| state.confirmation())
    }

    /// Checks whether a client may go on with this hello, and changes nothing.
    ///
    /// # Errors
    /// As those of `resume`.
    pub fn check(&self, hello: &Hello) -> Result<(), Fresh> {
        self.state.borrow().check(hello)
    }

    /// The client asks to go on over the line in this slot.
    ///
    /// # Errors
    /// The client begins anew. After [`Fresh::TooMuch`] the session is to be ended.
    pub fn resume(&self, slot: u32, hello: &Hello) -> Result<Resumed, Fresh> {
        self.state.borrow_mut().resume(slot.into(), hello, token())
    }

    /// The line in this slot is lost. Returns whether the client may come back.
    pub(super) fn lose(&self, slot: u32) -> bool {
        let mut state = self.state.borrow_mut();
        !self.is_over() && state.can_resume() && state.lost(slot.into())
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(super) fn set_stage(&self, stage: Stage) {
        self.stage.set(stage);
    }
}

/// A token that nobody can guess.
fn token() -> Token {
    let mut token = [0; 16];
    getrandom::fill(&mut token).expect("the system has random numbers: they were needed before for the keys of hash tables");
    Token(token)
}
