//! A room's place on its shard: where events are delivered, and the loop that works them off.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::mailbox::{Event, Mailbox};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Delivers events to a room, and runs its loop right there when the room is idle: the handler runs inside the
/// delivery, so that nothing stands between a frame and its answer. When the app waits or computes long, the loop is
/// suspended, events gather in the mailbox, and a task of the shard takes the loop up again.
pub struct Seat {
    /// The events that wait.
    pub mailbox: Mailbox,
    /// The room's loop; absent while it runs, and before it is set to work.
    work: RefCell<Option<Work>>,
    /// Wakes the task that goes on with the loop after a wait.
    waker: RefCell<Waker>,
    /// Whether a handler is suspended or running.
    busy: Cell<bool>,
    /// Whether somebody waits for the room to become idle: only a shutdown does.
    waited_for: Cell<bool>,
    idled: Notify,
}

/// Ends with the task that holds it, and takes the loop along: the loop holds the seat, which holds the loop, and the
/// app would outlive its server.
struct Tenure(Rc<Seat>);

impl Drop for Tenure {
    fn drop(&mut self) {
        drop(self.0.work.take());
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("mailbox", &self.mailbox).finish_non_exhaustive()
    }
}

impl Seat {
    /// A place for a room. Events gather in it until `work` is called.
    pub fn new(mailbox: Mailbox) -> Rc<Self> {
        Rc::new(Self {
            mailbox,
            work: RefCell::default(),
            waker: RefCell::new(Waker::noop().clone()),
            busy: Cell::new(false),
            waited_for: Cell::new(false),
            idled: Notify::new(),
        })
    }

    /// Sets the room's loop to work, on a task of its own that lives as long as the room.
    pub fn work(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        *self.work.borrow_mut() = Some(Box::pin(work));
        let seat = Tenure(Rc::clone(self));
        tokio::task::spawn_local(poll_fn(move |cx| {
            seat.0.waker.replace(cx.waker().clone());
            seat.0.run()
        }));
    }

    /// Adds an event, and works it off at once if the room is idle.
    ///
    /// The caller must hold no borrow of the shard's tables: a handler runs in here.
    pub fn deliver(&self, event: Event) {
        self.mailbox.push(event);
        self.wake();
    }

    /// Has the loop look for what is new besides events.
    pub fn wake(&self) {
        // The task notices the end of the loop by itself.
        let _ = self.run();
    }

    /// Runs the loop until it waits. From inside the loop itself, a handler's effects that cause further events say,
    /// this does nothing: the loop will come to them.
    fn run(&self) -> Poll<()> {
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let waker = self.waker.borrow();
        let progress = work.as_mut().poll(&mut Context::from_waker(&waker));
        if progress.is_pending() {
            *self.work.borrow_mut() = Some(work);
        }
        progress
    }

    /// Says whether a handler is suspended or running.
    pub fn set_busy(&self, busy: bool) {
        self.busy.set(busy);
        if !busy && self.waited_for.get() {
            self.idled.notify_waiters();
        }
    }

    /// Resolves when the room has nothing to do.
    pub async fn idle(&self) {
        self.waited_for.set(true);
        while self.busy.get() || !self.mailbox.is_empty() {
            self.idled.notified().await;
        }
    }
}
