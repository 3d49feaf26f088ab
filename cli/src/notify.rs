//! Tells the service manager how far the server is (sd_notify(3)). Without one, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The server accepts connections, or has finished a reload.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A reload begins. [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        // systemd takes this moment for the reload that it has asked for (`Type=notify-reload`).
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!("the service manager is not told of the reload: {error}"),
    }
}

/// The server drains.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells that the thread that accepts connections still runs, twice as often as the service manager asks for (`WatchdogSec=`). Ends at once
/// if it does not ask.
pub async fn watchdog() {
    let Some(longest) = sd_notify::watchdog_enabled().filter(|longest| *longest > Duration::ZERO) else { return };
    let mut interval = tokio::time::interval(longest / 2);
    loop {
        interval.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager is not told: {error}");
    }
}
