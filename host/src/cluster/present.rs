//! The release of the app that this node runs, for the records of rooms.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// The node's releases and its rooms meet here: each tells the other a number.
#[derive(Debug)]
pub(super) struct Present {
    shown: watch::Sender<Shown>,
    /// The newest release that a room has needed.
    needed: watch::Sender<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    tells: u64,
    opens: u64,
}

impl Default for Present {
    /// Without releases, every room opens.
    fn default() -> Self {
        Self { shown: watch::Sender::new(Shown { tells: 0, opens: u64::MAX }), needed: watch::Sender::default() }
    }
}

impl Present {
    /// Rooms here may have states of the release `tells` by now. Those whose states are of releases up to `opens` may open here.
    pub(super) fn show(&self, tells: u64, opens: u64) {
        let now = Shown { tells, opens };
        self.shown.send_if_modified(|shown| std::mem::replace(shown, now) != now);
    }

    /// The newest release that may have had a part in the states of rooms here. 0 without releases.
    pub(super) fn tells(&self) -> u64 {
        self.shown.borrow().tells
    }

    /// Rooms whose states are of this release, or of an older one, may open here.
    pub(super) fn opens(&self) -> u64 {
        self.shown.borrow().opens
    }

    /// A room's state is of this release, which the node is to take. Waits until the room may open, but not longer than this.
    pub(super) async fn need(&self, release: u64, within: Duration) {
        self.needed.send_if_modified(|needed| {
            let is_newer = release > *needed;
            *needed = release.max(*needed);
            is_newer
        });
        // The sender lives as long as this.
        let _ = timeout(within, self.shown.subscribe().wait_for(|shown| shown.opens >= release)).await;
    }

    /// The releases that rooms need, each newer than the one before.
    pub(super) fn needs(&self) -> watch::Receiver<u64> {
        let mut needs = self.needed.subscribe();
        // A room may have asked before.
        needs.mark_changed();
        needs
    }
}
