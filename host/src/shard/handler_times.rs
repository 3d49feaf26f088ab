//! How often handlers run, and how long.
//!
//! The clock is read for all calls of rare handlers, and for about one in 64 of those that run for each message. A call that is suspended,
//! because it computes past a tick or waits, is noticed without the clock, and then its wait is measured: no long call escapes.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::counting::Counter;
use super::handler::Handler;
use super::histogram::{Histogram, Times};

/// The most calls from one sample to the next. The gaps are random, so that no rhythm of an app hides from them; their mean is half of this.
const MAX_GAP: u64 = 128;

/// The counters of all handlers.
#[derive(Debug)]
pub struct HandlerTimes {
    handlers: [One; Handler::ALL.len()],
    random: Cell<u64>,
}

/// The counters of one handler.
#[derive(Debug, Default)]
struct One {
    calls: Counter,
    traps: Counter,
    /// How many further calls come before the next sample.
    until_sample: Cell<u32>,
    sampled: Histogram,
    suspended: Counter,
    suspended_for: Cell<Duration>,
}

/// The numbers of one handler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandlerNumbers {
    /// Calls.
    pub calls: u64,
    /// Calls that have failed.
    pub traps: u64,
    /// The times of the calls that were measured, from their begin to their end.
    pub sampled: Times,
    /// Calls that were suspended: they computed past a tick, or waited.
    pub suspended: u64,
    /// The times of those from their first suspension to their end.
    pub suspended_for: Duration,
}

/// A call that runs.
#[derive(Debug)]
pub struct Call {
    handler: Handler,
    /// When it began, if it is measured.
    begun: Option<Instant>,
    /// When it was first suspended.
    suspended: Option<Instant>,
}

impl Default for HandlerTimes {
    fn default() -> Self {
        Self { handlers: std::array::from_fn(|_| One::default()), random: Cell::new(1) }
    }
}

impl HandlerTimes {
    /// A call begins. The clock is read if its time is measured.
    pub fn begin(&self, handler: Handler, clock: fn() -> Instant) -> Call {
        let one = &self.handlers[handler as usize];
        one.calls.count();
        let until_sample = one.until_sample.get();
        let is_measured = until_sample == 0;
        one.until_sample.set(if is_measured { self.gap(handler) } else { until_sample - 1 });
        Call { handler, begun: is_measured.then(clock), suspended: None }
    }

    /// How many further calls of a handler come before the next sample: they may be one call of the app.
    pub fn until_sample(&self, handler: Handler) -> usize {
        self.handlers[handler as usize].until_sample.get() as usize
    }

    /// Counts this many further calls, which were made together with one that is counted. No sample is due among them.
    pub fn note_more(&self, handler: Handler, calls: u32) {
        let one = &self.handlers[handler as usize];
        one.calls.add(calls.into());
        one.until_sample.set(one.until_sample.get().saturating_sub(calls));
    }

    /// How many further calls of a handler come before the next one that is measured.
    fn gap(&self, handler: Handler) -> u32 {
        if !handler.is_sampled() {
            return 0;
        }
        // Knuth's linear congruential generator: its upper bits are random enough.
        let random = self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random.set(random);
        ((random >> 32) % MAX_GAP) as u32
    }

    /// A call has ended.
    pub fn end(&self, call: &Call, has_failed: bool, clock: fn() -> Instant) {
        let one = &self.handlers[call.handler as usize];
        if has_failed {
            one.traps.count();
        }
        if call.begun.is_none() && call.suspended.is_none() {
            return;
        }
        let now = clock();
        if let Some(begun) = call.begun {
            one.sampled.note(now.saturating_duration_since(begun));
        }
        if let Some(suspended) = call.suspended {
            one.suspended.count();
            one.suspended_for.set(one.suspended_for.get() + now.saturating_duration_since(suspended));
        }
    }

    /// The numbers of all handlers.
    pub fn get(&self) -> [HandlerNumbers; Handler::ALL.len()] {
        std::array::from_fn(|handler| {
            let One { calls, traps, sampled, suspended, suspended_for, .. } = &self.handlers[handler];
            HandlerNumbers {
                calls: calls.get(),
                traps: traps.get(),
                sampled: sampled.get(),
                suspended: suspended.get(),
                suspended_for: suspended_for.get(),
            }
        })
    }
}

impl Call {
    /// The call is suspended.
    pub fn suspend(&mut self, clock: fn() -> Instant) {
        self.suspended.get_or_insert_with(clock);
    }
}

impl std::ops::AddAssign for HandlerNumbers {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.traps += other.traps;
        self.sampled += other.sampled;
        self.suspended += other.suspended;
        self.suspended_for += other.suspended_for;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static READINGS: Cell<u64> = const { Cell::new(0) };
    }

    /// A clock that goes on by a millisecond with each reading.
    fn clock() -> Instant {
        thread_local!(static BEGUN: Instant = Instant::now());
        READINGS.set(READINGS.get() + 1);
        BEGUN.with(|begun| *begun + Duration::from_millis(READINGS.get()))
    }

    fn numbers(times: &HandlerTimes, handler: Handler) -> HandlerNumbers {
        times.get()[handler as usize]
    }

    #[test]
    fn about_one_message_in_64_reads_the_clock_and_the_first_one_does() {
        let times = HandlerTimes::default();
        times.end(&times.begin(Handler::Message, clock), false, clock);
        assert_eq!(numbers(&times, Handler::Message).sampled.count(), 1);
        for _ in 1..64_000 {
            times.end(&times.begin(Handler::Message, clock), false, clock);
        }
        let HandlerNumbers { calls, sampled, suspended, .. } = numbers(&times, Handler::Message);
        assert_eq!((calls, suspended), (64_000, 0));
        assert!((900..1100).contains(&sampled.count()), "{sampled:?}");
        assert_eq!(sampled.sum, Duration::from_millis(sampled.count()));
        assert_eq!(READINGS.get(), 2 * sampled.count(), "no other call reads the clock");
    }

    #[test]
    fn calls_that_are_made_together_are_counted_one_by_one_and_come_between_two_samples() {
        let times = HandlerTimes::default();
        for _ in 0..2_000 {
            let together = times.until_sample(Handler::Message).clamp(1, 64) as u32;
            times.end(&times.begin(Handler::Message, clock), false, clock);
            times.note_more(Handler::Message, together - 1);
        }
        let HandlerNumbers { calls, sampled, .. } = numbers(&times, Handler::Message);
        assert!((50..80).contains(&(calls / sampled.count())), "{calls} {sampled:?}");
        assert_eq!(sampled.sum, Duration::from_millis(sampled.count()), "each sample is one call");
    }

    #[test]
    fn every_call_of_a_rare_handler_is_measured() {
        let times = HandlerTimes::default();
        for has_failed in [false, true, false] {
            times.end(&times.begin(Handler::NewClient, clock), has_failed, clock);
        }
        let HandlerNumbers { calls, traps, sampled, .. } = numbers(&times, Handler::NewClient);
        assert_eq!((calls, traps, sampled.count()), (3, 1, 3));
    }

    #[test]
    fn every_call_that_is_suspended_is_measured_from_then_on() {
        let times = HandlerTimes::default();
        times.end(&times.begin(Handler::Message, clock), false, clock);
        for _ in 0..40 {
            let mut call = times.begin(Handler::Message, Instant::now);
            call.suspend(clock);
            call.suspend(clock);
            times.end(&call, false, clock);
        }
        let HandlerNumbers { suspended, suspended_for, .. } = numbers(&times, Handler::Message);
        assert_eq!((suspended, suspended_for), (40, Duration::from_millis(40)));
    }
}
