//! The work of a shard's driver besides looking at sockets, and how the driver is woken for it.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};

/// The lines that have something to do though their sockets are as they were, and those with something to write. All of it is used
/// on one thread.
#[derive(Debug)]
pub struct Wakes {
    /// The slots of the lines whose readers are to run.
    to_run: RefCell<Vec<u32>>,
    /// The slots of the lines to flush.
    to_flush: RefCell<Vec<u32>>,
    /// Whether the driver runs: it looks for work before it waits again.
    is_awake: Cell<bool>,
    /// Whether there is something else to look into.
    has_other: Cell<bool>,
    driver: RefCell<Waker>,
}

impl Default for Wakes {
    fn default() -> Self {
        Self {
            to_run: RefCell::default(),
            to_flush: RefCell::default(),
            is_awake: Cell::new(false),
            has_other: Cell::new(false),
            driver: RefCell::new(Waker::noop().clone()),
        }
    }
}

impl Wakes {
    /// Has the reader of the line in this slot run soon.
    pub fn run(&self, slot: u32) {
        self.to_run.borrow_mut().push(slot);
        self.wake();
    }

    /// Has the outbox of the line in this slot written at the end of the event loop's iteration.
    pub fn flush(&self, slot: u32) {
        self.to_flush.borrow_mut().push(slot);
        self.wake();
    }

    /// Has the driver look whether too much is held.
    pub fn look(&self) {
        self.has_other.set(true);
        self.wake();
    }

    fn wake(&self) {
        if !self.is_awake.replace(true) {
            self.driver.borrow().wake_by_ref();
        }
    }

    /// Whether there is something to do.
    pub fn has_work(&self) -> bool {
        !self.to_run.borrow().is_empty() || !self.to_flush.borrow().is_empty() || self.has_other.get()
    }

    /// The driver waits, and is woken when there is something to do.
    pub fn wait(&self, cx: &Context<'_>) {
        self.is_awake.set(false);
        if !self.driver.borrow().will_wake(cx.waker()) {
            self.driver.replace(cx.waker().clone());
        }
    }

    /// The driver begins a turn: it need not be woken until it waits again.
    pub fn begin_turn(&self) {
        self.is_awake.set(true);
        self.has_other.set(false);
    }

    /// Takes out the slots of the lines whose readers are to run.
    pub fn take_to_run(&self) -> Vec<u32> {
        self.to_run.take()
    }

    /// Takes out the slots of the lines to flush.
    pub fn take_to_flush(&self) -> Vec<u32> {
        self.to_flush.take()
    }

    /// Gives the emptied list back, so that it is allocated once. Lines that were queued meanwhile keep theirs.
    pub fn return_to_flush(&self, emptied: Vec<u32>) {
        let mut to_flush = self.to_flush.borrow_mut();
        if to_flush.is_empty() {
            *to_flush = emptied;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn the_driver_is_woken_once_for_all_that_comes_while_it_waits_and_not_during_a_turn() {
        let (wakes, count) = (Wakes::default(), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let cx = Context::from_waker(&waker);
        wakes.wait(&cx);
        wakes.flush(1);
        wakes.run(2);
        wakes.look();
        assert_eq!(count.0.load(Relaxed), 1);
        assert!(wakes.has_work());
        wakes.begin_turn();
        assert_eq!((wakes.take_to_run(), wakes.take_to_flush()), (vec![2], vec![1]));
        wakes.flush(3);
        assert_eq!(count.0.load(Relaxed), 1, "it looks before it waits");
        assert!(wakes.has_work());
        wakes.return_to_flush(Vec::new());
        assert_eq!(wakes.take_to_flush(), [3]);
        assert!(!wakes.has_work());
        wakes.wait(&cx);
        wakes.look();
        assert_eq!(count.0.load(Relaxed), 2);
    }
}
