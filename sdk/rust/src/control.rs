//! Who may come in, and what happens later.

pub use crate::bindings::app::ws_host::server::control::{TimerError, TimerId};

use std::time::Duration;

use crate::bindings::app::ws_host::server::control as host;

/// From now on, new clients are refused with HTTP status 503. Who is connected stays.
pub fn deny_new_clients() {
    host::deny_new_clients();
}

/// Takes [`deny_new_clients`] back.
pub fn allow_new_clients() {
    host::allow_new_clients();
}

/// Has [`Timers::on_timer`](crate::Timers::on_timer) called once, after `delay`, with this payload of up to 64 KiB.
///
/// Timers live in the host and survive a swap and a trap. A delay is rounded up to whole milliseconds; one of more
/// than `u32::MAX` of them, about 49 days, is [`TimerError::Invalid`].
pub fn set_timer(delay: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    host::set_timer(millis(delay)?, false, payload)
}

/// Has [`Timers::on_timer`](crate::Timers::on_timer) called every `period`, which must not be zero.
///
/// The calls keep to their grid: a late one does not make the later ones late. Otherwise as [`set_timer`].
pub fn set_interval(period: Duration, payload: &[u8]) -> Result<TimerId, TimerError> {
    host::set_timer(millis(period)?, true, payload)
}

/// Takes a timer back: after this call it does not run. No error if it has run or never existed.
pub fn cancel_timer(id: TimerId) {
    host::cancel_timer(id);
}

/// Whole milliseconds, rounded up: a timer may be late, but never early.
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
