//! Timers, and a switch that refuses new clients.

pub use crate::bindings::app::ws_host::server::control::{TimerError, TimerId};

use std::time::Duration;

use crate::bindings::app::ws_host::server::control as host;

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
/// Timers live in the host and survive a swap and a trap. A delay is rounded up to whole milliseconds. The longest
/// is `u32::MAX` milliseconds, about 49 days; a longer one is [`TimerError::Invalid`].
pub fn set_timer(delay: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    host::set_timer(millis(delay)?, false, payload)
}

/// Calls [`Timers::on_timer`](crate::Timers::on_timer) every `period`, which must not be zero.
///
/// The calls keep to a fixed grid: a late call does not delay the later ones. Otherwise like [`set_timer`].
pub fn set_interval(period: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    host::set_timer(millis(period)?, true, payload)
}

/// Cancels a timer: after this call it does not run. It is no error if the timer has run or never existed.
pub fn cancel_timer(id: TimerId) {
    host::cancel_timer(id);
}

/// Converts to whole milliseconds, rounded up: a timer may be late, but never early.
fn millis(duration: Duration) -> Result<u32, TimerError> {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u32::try_from(millis).map_err(|_| TimerError::Invalid)
}

#[cfg(test)]
mod tests {
    use super::{TimerError, millis};
    use std::time::Duration;

    #[test]
    fn a_delay_is_rounded_up_to_milliseconds() {
        assert_eq!(millis(Duration::ZERO), Ok(0));
        assert_eq!(millis(Duration::from_nanos(1)), Ok(1));
        assert_eq!(millis(Duration::from_micros(1_001)), Ok(2));
        assert_eq!(millis(Duration::from_secs(1)), Ok(1_000));
    }

    #[test]
    fn a_delay_beyond_u32_is_invalid() {
        let longest = Duration::from_millis(u64::from(u32::MAX));
        assert_eq!(millis(longest), Ok(u32::MAX));
        assert_eq!(millis(longest + Duration::from_nanos(1)), Err(TimerError::Invalid));
    }
}
