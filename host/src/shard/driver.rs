//! The task that looks after all lines of a shard: it reads from those that are ready, and writes what they are sent.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::unix::AsyncFd;

use super::handlers::panic_message;
use super::sockets::{AT_ONCE, Ready, watch};
use super::table::Shard;
use crate::log::in_short;
use crate::types::CloseInfo;

/// After a look that found this many sockets ready, another look probably finds more, and costs less than waiting does.
const BUSY: usize = 8;

/// The driver of one shard.
pub struct Driver {
    shard: Rc<Shard>,
    /// Ready when a socket of the shard is.
    set: AsyncFd<Set>,
    /// Whether sockets may be ready.
    may_be_ready: bool,
    ready: Vec<(u32, Ready)>,
}

/// The set of the shard's sockets.
struct Set(Rc<Shard>);

impl AsRawFd for Set {
    fn as_raw_fd(&self) -> RawFd {
        self.0.sockets().as_raw_fd()
    }
}

impl Driver {
    /// The driver of this shard. It belongs to the runtime that it is made in.
    ///
    /// # Errors
    /// The runtime cannot watch the set of sockets.
    pub fn new(shard: &Rc<Shard>) -> io::Result<Self> {
        let set = watch(Set(Rc::clone(shard)))?;
        Ok(Self { shard: Rc::clone(shard), set, may_be_ready: true, ready: Vec::with_capacity(AT_ONCE) })
    }

    /// Looks after the lines until it is dropped.
    pub async fn run(mut self) {
        loop {
            poll_fn(|cx| self.poll_work(cx)).await;
            self.turn();
            if self.may_be_ready || self.shard.resources().wakes.has_work() {
                // The shard's other tasks, its timers and its channels are not to wait, though a client sends without end.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for a socket, or for other work.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The readiness of the set is dropped before the look at it: a socket that becomes ready in between makes it ready again.
        match self.set.poll_read_ready(cx) {
            Poll::Ready(Ok(mut guard)) => {
                guard.clear_ready();
                self.may_be_ready = true;
            }
            // The runtime ends, and this task with it.
            Poll::Ready(Err(_)) => return Poll::Pending,
            Poll::Pending => {}
        }
        let wakes = &self.shard.resources().wakes;
        if self.may_be_ready || wakes.has_work() {
            return Poll::Ready(());
        }
        wakes.wait(cx);
        Poll::Pending
    }

    /// Reads from the lines that are ready, and writes all that is to be written then: one write for each line carries the answers to
    /// everything that was read.
    fn turn(&mut self) {
        let now = self.shard.time();
        self.shard.resources().wakes.begin_turn();
        if std::mem::take(&mut self.may_be_ready) {
            self.look();
            self.may_be_ready = self.ready.len() >= BUSY;
        }
        for (slot, ready) in self.ready.drain(..) {
            attend(&self.shard, slot, ready, now);
            if self.shard.resources().gathering.is_full() {
                run_rooms(&self.shard);
            }
        }
        for slot in self.shard.resources().wakes.take_to_run() {
            attend(&self.shard, slot, Ready::default(), now);
        }
        run_rooms(&self.shard);
        self.shard.flush();
    }

    /// Notes the sockets that are ready.
    fn look(&mut self) {
        let ready = &mut self.ready;
        while let Err(error) = self.shard.sockets().look(|slot, state| ready.push((slot, state))) {
            if error.kind() != io::ErrorKind::Interrupted {
                return tracing::error!("cannot look at the sockets of a shard: {error}");
            }
        }
    }
}

/// Has the rooms handle the messages that have been gathered for them. A room's loop that panics ends, and the driver goes on.
fn run_rooms(shard: &Shard) {
    while let Some(room) = shard.resources().gathering.pop() {
        // As in `attend`. The loop of a room that this shard owns catches its panics itself; that of an edge does not.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| shard.resources().run_gathered(&room))) {
            tracing::error!(room = in_short(room.name()), "the loop of a room panicked: {}", panic_message(&*panic));
        }
    }
}

/// Runs the reader of the line in a slot. One that panics costs its client the connection, and nobody else.
fn attend(shard: &Shard, slot: u32, ready: Ready, now: Instant) {
    let Some(line) = shard.in_slot(slot) else { return };
    let id = shard.line_id(slot);
    // The panic leaves behind the reader, which is dropped, and cells that are whole: a borrow ends as the stack unwinds.
    let attended = catch_unwind(AssertUnwindSafe(|| shard.attend(id, &line, ready, now)));
    if let Err(panic) = attended {
        tracing::error!(client = line.client().get(), "the reader of a line panicked: {}", panic_message(&*panic));
        line.cut(shard.resources(), CloseInfo::lost());
        shard.remove(id, &line);
    }
}
