//! Where inputs reach a room, and where its loop runs.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::event_queue::EventQueue;
use super::input::Input;
use super::mailbox::Mailbox;
use super::room_lines::RoomLines;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Delivers inputs to a room, and runs its loop right there when the room is idle: the handler runs inside the delivery, so that
/// nothing stands between a frame and its answer. When the app waits or computes long, the loop is suspended and inputs gather in
/// the mailbox. A tokio task of the shard resumes the loop.
pub struct RoomTask {
    name: Arc<str>,
    /// Its lines, also of clients that its app has not heard of yet.
    pub lines: RoomLines,
    /// The inputs that wait.
    pub mailbox: Mailbox,
    /// The messages of other rooms that wait.
    pub events: EventQueue,
    /// The room's loop; absent while it runs, and before it is started.
    work: RefCell<Option<Work>>,
    /// Wakes the tokio task that resumes the loop.
    waker: RefCell<Waker>,
    /// Whether the room has something to do.
    busy: Cell<bool>,
    /// Whether messages wait in the mailbox until other sockets are read.
    pub gathers: Cell<bool>,
    /// How many members the room has, if their lines are not here.
    members: Cell<usize>,
    /// Whether a request of the room has no answer yet.
    asking: Cell<bool>,
    /// Whether the loop has ended.
    ended: Cell<bool>,
    /// Whether a shutdown waits for the room to become idle.
    waited_for: Cell<bool>,
    idled: Notify,
}

/// Drops the loop when the tokio task that holds this ends. The loop and the `RoomTask` hold each other: without this, the app would
/// outlive its server.
struct StopOnDrop(Rc<RoomTask>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        drop(self.0.work.take());
    }
}

impl fmt::Debug for RoomTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomTask").field("mailbox", &self.mailbox).finish_non_exhaustive()
    }
}

impl RoomTask {
    /// A room whose loop does not run yet. Inputs gather in the mailbox.
    pub fn new(name: Arc<str>, mailbox: Mailbox) -> Rc<Self> {
        Rc::new(Self {
            name,
            lines: RoomLines::default(),
            mailbox,
            events: EventQueue::default(),
            work: RefCell::default(),
            waker: RefCell::new(Waker::noop().clone()),
            busy: Cell::new(false),
            gathers: Cell::new(false),
            members: Cell::new(0),
            asking: Cell::new(false),
            ended: Cell::new(false),
            waited_for: Cell::new(false),
            idled: Notify::new(),
        })
    }

    /// The room's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same, shared.
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Drops the loop, and with it the app. Not called from inside the loop.
    pub fn stop(&self) {
        self.ended.set(true);
        drop(self.work.take());
        self.waker.borrow().wake_by_ref();
        self.idled.notify_waiters();
    }

    /// Starts the room's loop, on a tokio task of its own that ends with the loop.
    pub fn start(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        *self.work.borrow_mut() = Some(Box::pin(work));
        let task = StopOnDrop(Rc::clone(self));
        tokio::task::spawn_local(poll_fn(move |cx| {
            task.0.waker.replace(cx.waker().clone());
            task.0.run()
        }));
    }

    /// Adds an input, and handles it at once if the room is idle.
    ///
    /// The caller must hold no borrow of the shard's tables: a handler runs in here.
    pub fn deliver(&self, input: Input) {
        self.mailbox.push(input);
        self.wake();
    }

    /// Has the loop look for what is new besides inputs: orders, reports of the journal.
    pub fn wake(&self) {
        if self.run().is_ready() {
            // The tokio task ends with the loop.
            self.waker.borrow().wake_by_ref();
        }
    }

    /// Runs the loop until it waits. Called from inside the loop, by effects that cause further inputs, this does nothing: the
    /// running loop handles them next.
    fn run(&self) -> Poll<()> {
        let Some(mut work) = self.work.take() else {
            return if self.ended.get() { Poll::Ready(()) } else { Poll::Pending };
        };
        let waker = self.waker.borrow();
        let progress = work.as_mut().poll(&mut Context::from_waker(&waker));
        match progress {
            Poll::Pending => *self.work.borrow_mut() = Some(work),
            Poll::Ready(()) => {
                self.ended.set(true);
                self.idled.notify_waiters();
            }
        }
        progress
    }

    /// The memory of the loop, while it waits.
    #[cfg(test)]
    pub fn loop_bytes(&self) -> usize {
        self.work.borrow().as_ref().map_or(0, |work| size_of_val(&**work))
    }

    /// Notes whether a handler runs or is suspended, or outputs are held.
    pub fn set_busy(&self, busy: bool) {
        self.busy.set(busy);
        if !busy && self.waited_for.get() {
            self.idled.notify_waiters();
        }
    }

    /// Notes how many members it has, if their lines are not here.
    pub fn note_members(&self, members: usize) {
        self.members.set(members);
    }

    /// How many clients it has: those with a line here, or all members of a room that this node of a cluster owns.
    pub fn population(&self) -> usize {
        self.lines.len().max(self.members.get())
    }

    /// Notes whether a request to an HTTP server has no answer yet. A shutdown waits for it.
    pub fn set_asking(&self, asking: bool) {
        self.asking.set(asking);
    }

    /// Whether a handler runs or is suspended, or outputs are held: an input may have to wait.
    pub fn is_busy(&self) -> bool {
        self.busy.get()
    }

    /// Resolves when the room is idle, and no message of another room waits that it can take.
    pub async fn settled(&self) {
        self.idle().await;
        while !self.ended.get() && (self.busy.get() || !self.events.is_done()) {
            self.idled.notified().await;
        }
    }

    /// Resolves when the room has nothing to do and waits for no answer, or has ended. Messages of other rooms do not count.
    pub async fn idle(&self) {
        self.waited_for.set(true);
        while !self.ended.get() && (self.busy.get() || self.asking.get() || !self.mailbox.is_empty()) {
            self.idled.notified().await;
        }
    }
}
