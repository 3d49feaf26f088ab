//! Messages between rooms, on their way from one shard to another.
//!
//! A room's turn has its messages as effects. When they are visible, each goes to the shard of its receiver, through a queue that keeps
//! their order. A message is counted for its sender until its receiver has handled it, so the counts of all senders bound these queues.
//!
//! | file | owns |
//! | --- | --- |
//! | `event` | a message to a room |
//! | `names` | the names that rooms can have |
//! | `placement` | which shard has the room of a name |
//! | `directory` | the rooms that exist |
//! | `backlog` | how much of one room waits for its receivers |
//! | `ending` | the stages of the end of the server |

mod backlog;
mod directory;
mod ending;
mod event;
mod names;
mod placement;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

pub use backlog::Backlog;
use backlog::Backlogs;
use directory::Directory;
pub use directory::{Known, Presence};
use ending::Ending;
pub use event::{Event, Sender};
pub use names::{MAX_NAME_BYTES, Names};
pub use placement::Placement;

use crate::types::Message;

/// The name of the backlog of messages from outside. No room has it.
const OUTSIDE: &str = "";

/// As many messages wait for their receivers as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The mail for one shard.
pub type Inbox = UnboundedReceiver<Mail>;

/// Something for a shard.
#[derive(Debug)]
pub enum Mail {
    /// A message for one of its rooms.
    Event(Arc<Event>),
    /// Mail between the owners of two rooms of a cluster, for the room of this name.
    Carried(Arc<str>, Bytes),
    /// Tell when all mail before this has been brought to its rooms.
    Flush(oneshot::Sender<()>),
}

/// The way of messages between the rooms of one server.
#[derive(Debug)]
pub struct Bus {
    names: Names,
    placement: Placement,
    inboxes: Vec<UnboundedSender<Mail>>,
    directory: Arc<Directory>,
    backlogs: Backlogs,
    max_rooms: usize,
    /// The shards whose clients have gone.
    emptied: Ending,
    /// The shards whose rooms have come to rest too.
    rested: Ending,
    /// The number of the last stored message.
    last_number: AtomicU64,
    is_closed: AtomicBool,
}

impl Bus {
    /// A bus for rooms with these names, and an inbox for each shard.
    pub fn new(names: Names, placement: Placement, max_rooms: usize) -> (Arc<Self>, Vec<Inbox>) {
        let (inboxes, received) = (0..placement.shards()).map(|_| mpsc::unbounded_channel()).unzip();
        let (directory, backlogs, last_number, is_closed) = Default::default();
        let (emptied, rested) = (Ending::new(placement.shards()), Ending::new(placement.shards()));
        let bus = Self { names, placement, inboxes, directory, backlogs, max_rooms, emptied, rested, last_number, is_closed };
        (Arc::new(bus), received)
    }

    /// A room's name in the form by which rooms are known. `None` if no room can have it.
    pub fn normal<'a>(&self, room: &'a str) -> Option<Cow<'a, str>> {
        self.names.normal(room)
    }

    /// The name by which other rooms know a room. It is empty for a room of one client.
    pub fn address<'a>(&self, room: &'a str) -> &'a str {
        if self.names == Names::Nameless { "" } else { room }
    }

    /// Notes that a room is open, or sleeps in memory, until the result is dropped. Nothing is noted of a room that nobody can name.
    pub fn note(&self, room: &Arc<str>, presence: Presence) -> Option<Known> {
        (self.names != Names::Nameless).then(|| self.directory.add(room, presence))
    }

    /// The name of a room in which an instance is only tried out.
    pub fn trial_name(&self) -> &'static str {
        if self.names == Names::Paths { "/trial" } else { "trial" }
    }

    /// The shard of the room of this name, in its normal form. `None` if names do not tell.
    pub fn shard_of(&self, room: &str) -> Option<usize> {
        (self.names != Names::Nameless).then(|| self.placement.shard_of(room))
    }

    /// Whether rooms are those of single clients, which nobody can send to.
    pub fn is_nameless(&self) -> bool {
        self.names == Names::Nameless
    }

    /// Whether a room is open or is otherwise known to exist.
    pub fn presence(&self, room: &str) -> Option<Presence> {
        self.directory.presence(room)
    }

    /// Whether as many rooms are open, or are to open for a message, as may be.
    pub fn is_full(&self) -> bool {
        self.directory.taken() >= self.max_rooms
    }

    /// The backlog of a room.
    pub fn backlog(&self, room: &str) -> Arc<Backlog> {
        self.backlogs.of(room)
    }

    /// The memory of all messages that wait for their receivers.
    pub fn waiting_bytes(&self) -> usize {
        self.backlogs.waiting_bytes()
    }

    /// A message for a room of this name, which exists from now on.
    pub fn note_expected(&self, room: &Arc<str>) -> Known {
        self.directory.add(room, Presence::Expected)
    }

    /// Brings a message to the shard of its receiver. When the server has come to rest, or that shard has ended, the message is dropped.
    pub fn deliver(&self, event: Arc<Event>) {
        if !self.is_closed.load(Relaxed)
            && let Some(inbox) = self.inboxes.get(self.placement.shard_of(&event.to))
        {
            // An error means that the shard has ended.
            let _ = inbox.send(Mail::Event(event));
        }
    }

    /// Brings mail between the owners of two rooms of a cluster to the shard of its receiver.
    pub fn carry(&self, room: Arc<str>, mail: Bytes) {
        if let Some(inbox) = self.inboxes.get(self.placement.shard_of(&room)) {
            // An error means that the shard has ended.
            let _ = inbox.send(Mail::Carried(room, mail));
        }
    }

    /// Brings a message from outside to its room, whose name is in normal form. The messages of all users of the API are counted together,
    /// as those of one room.
    ///
    /// # Errors
    /// As many messages wait as may.
    pub fn bring(&self, from: Arc<str>, room: &Arc<str>, message: Message) -> Result<(), Full> {
        let permit = self.backlog(OUTSIDE).admit(message.as_bytes().len()).ok_or(Full)?;
        let receiver = self.note_expected(room);
        self.deliver(Arc::new(Event::new((Sender::Api(from), Arc::clone(room)), message, permit, receiver)));
        Ok(())
    }

    /// The number of a message that is to be stored.
    pub fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Relaxed) + 1
    }

    /// Brings a stored message of an earlier process to its shard. Returns false if no room can have the receiver's name any more.
    ///
    /// Each comes before all that rooms of this process send, so it is called before any of them runs.
    pub fn resume(&self, number: u64, (from, to): (&str, &str), message: Message) -> bool {
        self.number_from(number);
        let Some(to) = self.normal(to).map(Arc::from) else { return false };
        let (permit, receiver) = (self.backlog(from).take(message.as_bytes().len()), self.note_expected(&to));
        let mut event = Event::new((Sender::Room(from.into()), to), message, permit, receiver);
        event.number = number;
        self.deliver(Arc::new(event));
        true
    }

    /// Drops all further messages.
    pub fn close(&self) {
        self.is_closed.store(true, Relaxed);
    }

    /// Resolves when all messages for this shard that were sent before have been brought to their rooms.
    pub async fn flush(&self, shard: usize) {
        let (done, flushed) = oneshot::channel();
        if self.inboxes.get(shard).is_some_and(|inbox| inbox.send(Mail::Flush(done)).is_ok()) {
            // An error means that the shard takes no mail any more.
            let _ = flushed.await;
        }
    }

    /// Notes that a shard has ended: nobody waits for it.
    pub fn note_end(&self, shard: usize) {
        self.emptied.note(shard);
        self.rested.note(shard);
    }

    /// Notes that the clients of a shard have gone, and resolves when those of all shards have.
    pub async fn emptied(&self, shard: usize) {
        self.emptied.note(shard);
        self.emptied.all().await;
    }

    /// Notes that the rooms of a shard have come to rest, and resolves when those of all shards have.
    pub async fn rest(&self, shard: usize) {
        self.rested.note(shard);
        self.rested.all().await;
    }

    /// Numbers of messages are larger than this from now on.
    pub fn number_from(&self, number: u64) {
        self.last_number.fetch_max(number, Relaxed);
    }
}
