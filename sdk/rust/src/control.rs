//! Timers, and a switch that refuses new clients.

pub use crate::bindings::app::ws_host::server::control::{TimerError, TimerId, TimerOptions};

use std::time::Duration;

#[cfg(target_family = "wasm")]
use crate::bindings::app::ws_host::server::control as host;
#[cfg(not(target_family = "wasm"))]
use crate::fake::control as host;

/// Refuses new clients with HTTP status 503 from now on. Connected clients stay.
pub fn deny_new_clients() {
    host::deny_new_clients();
}

/// Accepts new clients again, after [`deny_new_clients`].
pub fn allow_new_clients() {
    host::allow_new_clients();
}

/// Calls [`Timers::on_timer`](crate::Timers::on_timer) once, after `delay`, with this payload of up to 64 KiB.
///
/// Timers live in the host and survive a swap and a trap. A delay is rounded up to whole microseconds; one of more than a hundred
/// years counts as a hundred years.
pub fn set_timer(delay: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    set_timer_with(delay, TimerOptions { repeat: false, durable: false }, payload)
}

/// Calls [`Timers::on_timer`](crate::Timers::on_timer) every `period`, which must not be zero.
///
/// The calls keep to a fixed grid and are exact on average, also for a period that is no whole number of milliseconds. Otherwise like
/// [`set_timer`].
pub fn set_interval(period: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    set_timer_with(period, TimerOptions { repeat: true, durable: false }, payload)
}

/// Sets a timer with options. A durable one outlives the room's hibernation and the host's process. Otherwise like [`set_timer`] or
/// [`set_interval`].
pub fn set_timer_with(delay: Duration, options: TimerOptions, payload: &[u8]) -> Result<TimerId, TimerError> {
    host::set_timer(micros(delay), options, payload)
}

/// Cancels a timer: after this call it does not run. It is no error if the timer has run or never existed.
pub fn cancel_timer(id: TimerId) {
    host::cancel_timer(id);
}

/// Converts to whole microseconds, rounded up: a timer may be late, but never early. The host has a longest delay of its own.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::micros;
    use std::time::Duration;

    #[test]
    fn a_delay_is_rounded_up_to_microseconds() {
        assert_eq!(micros(Duration::ZERO), 0);
        assert_eq!(micros(Duration::from_nanos(1)), 1);
        assert_eq!(micros(Duration::from_secs(1) / 60), 16_667);
        assert_eq!(micros(Duration::from_secs(1)), 1_000_000);
        assert_eq!(micros(Duration::MAX), u64::MAX);
    }
}
