//! The quota of log lines for the output of all instances of a program together.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::quota::{Dropped, Quota, Verdict};

/// Bounds the log lines of all instances of a program. Clients can cause many instances, each with quotas of its own.
#[derive(Debug)]
pub(super) struct TotalOutput {
    quota: Mutex<Quota>,
}

impl Default for TotalOutput {
    fn default() -> Self {
        Self { quota: Mutex::new(Quota::of_all()) }
    }
}

impl TotalOutput {
    /// Whether an instance may log a line of this many bytes now.
    pub(super) fn allows(&self, bytes: usize) -> bool {
        let verdict = self.quota.lock().unwrap_or_else(PoisonError::into_inner).ask(bytes, Instant::now());
        match verdict {
            Verdict::Log => true,
            Verdict::LogAfter(dropped) => {
                log_dropped(dropped);
                true
            }
            Verdict::DropFirst => {
                tracing::warn!("all instances together write too much: lines of theirs are being left out");
                false
            }
            Verdict::Drop => false,
        }
    }
}

impl Drop for TotalOutput {
    fn drop(&mut self) {
        if let Some(dropped) = self.quota.get_mut().unwrap_or_else(PoisonError::into_inner).take_dropped() {
            log_dropped(dropped);
        }
    }
}

fn log_dropped(Dropped { lines, bytes }: Dropped) {
    tracing::warn!("left out of the output of all instances: {lines} lines, {bytes} bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_instances_that_write_at_once_do_not_flood_the_log() {
        let total = TotalOutput::default();
        let logged = (0..100_000).filter(|_| total.allows(80)).count();
        // 10,000, unless that takes longer than a second.
        assert!((10_000..100_000).contains(&logged), "{logged}");
    }
}
