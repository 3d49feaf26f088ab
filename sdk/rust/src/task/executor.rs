//! The tasks of this instance, and which of them are awake.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

use super::access::{self, Access};
use super::hooks;

/// A task, to end it early. Dropping this lets the task run on.
#[derive(Debug, Clone)]
pub struct Task {
    id: u64,
}

type Body = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct Tasks {
    all: BTreeMap<u64, Entry>,
    last: u64,
    awake: Arc<Awake>,
}

struct Entry {
    /// None while the task runs.
    body: Option<Body>,
    waking: Arc<Waking>,
}

/// The ids of the tasks that are awake, in the order in which they woke.
///
/// A waker can be sent to another thread, hence the lock, although a component has one thread.
#[derive(Default)]
struct Awake(Mutex<VecDeque<u64>>);

/// Wakes one task.
struct Waking {
    id: u64,
    is_awake: AtomicBool,
    awake: Arc<Awake>,
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
}

/// Starts a task. It runs when the handler has returned, in the same event, up to its first wait: see the [module](crate::task).
pub fn spawn(body: impl Future<Output = ()> + 'static) -> Task {
    hooks::RUN.set(Some(run));
    let body: Body = Box::pin(body);
    let waking = TASKS.with_borrow_mut(|tasks| {
        tasks.last += 1;
        let waking = Arc::new(Waking { id: tasks.last, is_awake: AtomicBool::new(false), awake: tasks.awake.clone() });
        tasks.all.insert(tasks.last, Entry { body: Some(body), waking: waking.clone() });
        waking
    });
    waking.wake_by_ref();
    Task { id: waking.id }
}

impl Task {
    /// Ends the task where it waits: its future is dropped, which gives up its requests and timers. A task that aborts itself runs up to
    /// its next wait. Nothing happens if it has ended.
    pub fn abort(&self) {
        // A body may use tasks when it is dropped, so the borrow ends first.
        let _ended = TASKS.with_borrow_mut(|tasks| tasks.all.remove(&self.id));
    }
}

/// Runs the tasks that are awake, and those that they wake, until all of them wait.
pub(super) fn run(access: &'static Access) {
    access::lent(access, || {
        while let Some((id, mut body, waker)) = next() {
            let is_done = body.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            // A body that is not kept is dropped here, behind the borrow.
            let _ended = TASKS.with_borrow_mut(|tasks| tasks.put_back(id, body, is_done));
        }
    });
}

/// Drops all tasks.
#[cfg(not(target_family = "wasm"))]
pub(super) fn forget() {
    let _ended = TASKS.with_borrow_mut(|tasks| std::mem::take(&mut tasks.all));
}

/// Whether tasks would run.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn are_awake() -> bool {
    TASKS.with_borrow(|tasks| !tasks.awake.queue().is_empty())
}

/// Takes the body of the next task that is awake.
fn next() -> Option<(u64, Body, Waker)> {
    TASKS.with_borrow_mut(|tasks| {
        loop {
            let id = tasks.awake.queue().pop_front()?;
            if let Some(entry) = tasks.all.get_mut(&id)
                && let Some(body) = entry.body.take()
            {
                // It may wake itself while it runs.
                entry.waking.is_awake.store(false, Ordering::Relaxed);
                return Some((id, body, entry.waking.clone().into()));
            }
        }
    })
}

impl Tasks {
    /// Keeps the body of a task that waits, else gives it back.
    fn put_back(&mut self, id: u64, body: Body, is_done: bool) -> Option<Body> {
        if is_done {
            self.all.remove(&id);
        }
        match self.all.get_mut(&id) {
            Some(entry) => entry.body.replace(body),
            None => Some(body),
        }
    }
}

impl Awake {
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<u64>> {
        // No code panics with the lock held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_awake.swap(true, Ordering::Relaxed) {
            self.awake.queue().push_back(self.id);
        }
    }
}
