//! Counters of one thread.

use std::cell::Cell;

/// A number that grows. Only its own thread reads or writes it, so an addition costs neither a lock nor an atomic.
#[derive(Debug, Default)]
pub struct Counter(Cell<u64>);

impl Counter {
    /// Adds one.
    pub fn count(&self) {
        self.add(1);
    }

    /// Adds a number.
    pub fn add(&self, more: u64) {
        self.0.set(self.0.get().wrapping_add(more));
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// A counter for each value of an enum, by its number.
#[derive(Debug)]
pub struct CounterRow<const N: usize>([Counter; N]);

impl<const N: usize> Default for CounterRow<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }
}

impl<const N: usize> CounterRow<N> {
    /// Adds one to the counter of this number.
    pub fn count(&self, number: usize) {
        self.0[number].count();
    }

    /// The numbers.
    pub fn get(&self) -> [u64; N] {
        std::array::from_fn(|number| self.0[number].get())
    }
}
