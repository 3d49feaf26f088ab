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

/// Another process has taken over. In the same unit it is the main process from now on.
pub fn handed_over(successor: Option<u32>) {
    match successor.filter(|pid| is_of_same_unit(*pid)) {
        Some(pid) => tell(&[NotifyState::MainPid(pid)]),
        None => tell(&[NotifyState::Stopping]),
    }
}

/// Whether a process is in the control group of this one, which is its unit (cgroups(7)).
fn is_of_same_unit(pid: u32) -> bool {
    let group = |process: &str| std::fs::read_to_string(format!("/proc/{process}/cgroup"));
    matches!((group("self"), group(&pid.to_string())), (Ok(own), Ok(other)) if own == other)
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
