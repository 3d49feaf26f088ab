//! Times in a few classes, as Prometheus counts them.

use std::cell::Cell;
use std::time::Duration;

use super::counting::Counter;

/// How many classes have an upper bound. One more has all longer times.
const BOUNDED: usize = 12;

/// The upper bounds of the classes, in microseconds: those of a histogram of handlers and of the event loop alike.
pub const BOUNDS_US: [u64; BOUNDED] = [10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000];

/// A histogram of one thread.
#[derive(Debug, Default)]
pub struct Histogram {
    classes: [Counter; BOUNDED + 1],
    sum: Cell<Duration>,
}

/// The numbers of a histogram. The default has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// How many times fall into each class, the longest last.
    pub classes: [u64; BOUNDED + 1],
    /// The sum of all.
    pub sum: Duration,
}

impl Histogram {
    /// Notes a time.
    pub fn note(&self, time: Duration) {
        let class = BOUNDS_US.partition_point(|bound| Duration::from_micros(*bound) < time);
        self.classes[class].count();
        self.sum.set(self.sum.get().saturating_add(time));
    }

    /// Its numbers.
    pub fn get(&self) -> Times {
        Times { classes: std::array::from_fn(|class| self.classes[class].get()), sum: self.sum.get() }
    }
}

impl Times {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }
}

impl std::ops::AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        for (class, more) in self.classes.iter_mut().zip(other.classes) {
            *class += more;
        }
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_the_first_class_whose_bound_it_does_not_pass() {
        let histogram = Histogram::default();
        for micros in [0, 10, 11, 5_000_000, 5_000_001] {
            histogram.note(Duration::from_micros(micros));
        }
        let Times { classes, sum } = histogram.get();
        assert_eq!(classes, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(sum, Duration::from_micros(10_000_022));
    }
}
