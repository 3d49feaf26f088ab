//! The rooms of a shard that hibernate: nobody is in them, no instance of them runs, and their states and durable timers are kept.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use super::alarms::{Alarms, PACE};
use super::counters::Counters;
use super::dormant::{Dormants, restored};
use super::timer_faults::TimerFaults;
use crate::app::{ReleaseId, Saved, StartReason};
use crate::log::{LogThrottle, in_short};
use crate::room::Dormant;
use crate::store::wall_us;

/// The kept parts of the rooms of a shard that are closed.
pub(super) struct Hibernation {
    counters: Arc<Counters>,
    /// False if a room ends with its only client.
    keeps_rooms: bool,
    dormants: RefCell<Dormants>,
    alarms: RefCell<Alarms>,
    /// Told when a room has got an alarm.
    alarm_set: Notify,
    faults: RefCell<TimerFaults>,
    /// The releases whose states no instance gets any more, by their SHA-256: they have failed their probation.
    rejected: RefCell<HashSet<Arc<str>>>,
    dropped: LogThrottle,
    /// The rooms that are dropped, until somebody asks.
    dropped_rooms: RefCell<Vec<Arc<str>>>,
}

impl Hibernation {
    /// No room hibernates yet. With `keeps_rooms` false, none ever does.
    pub(super) fn new(counters: Arc<Counters>, keeps_rooms: bool) -> Rc<Self> {
        Rc::new(Self {
            counters,
            keeps_rooms,
            dormants: RefCell::default(),
            alarms: RefCell::default(),
            alarm_set: Notify::new(),
            faults: RefCell::default(),
            rejected: RefCell::default(),
            dropped: LogThrottle::one("hibernating rooms that are dropped"),
            dropped_rooms: RefCell::default(),
        })
    }

    /// Whether rooms hibernate.
    pub(super) fn keeps_rooms(&self) -> bool {
        self.keeps_rooms
    }

    /// A room is open, and needs no alarm.
    pub(super) fn end_alarm(&self, room: &str) {
        self.alarms.borrow_mut().remove(room);
    }

    /// Takes what is kept of a room that opens.
    pub(super) fn take(&self, room: &str) -> Option<Dormant> {
        let dormant = self.dormants.borrow_mut().take(room)?;
        self.counters.remove_hibernating(1);
        Some(dormant)
    }

    /// Keeps a room that closes. It opens again when its next timer is due.
    pub(super) fn keep(&self, room: Arc<str>, dormant: Dormant) {
        let next = dormant.timers.first().map(|timer| timer.due_us);
        let dropped = self.dormants.borrow_mut().keep(&room, dormant);
        self.counters.add_hibernating();
        if let Some(due_us) = next {
            self.set_alarm(room, due_us);
        }
        self.counters.remove_hibernating(dropped.len());
        for room in dropped {
            self.alarms.borrow_mut().remove(&room);
            self.dropped_rooms.borrow_mut().push(Arc::clone(&room));
            if let Some(more) = self.dropped.allows(std::time::Instant::now()) {
                let room = in_short(&room);
                tracing::warn!(
                    room,
                    "too much is kept of rooms that are closed: the states and timers of this one are dropped{more}"
                );
            }
        }
    }

    /// Whether a closed room is kept.
    pub(super) fn has(&self, room: &str) -> bool {
        self.dormants.borrow().has(room)
    }

    /// The rooms that were dropped since the last call.
    pub(super) fn take_dropped(&self) -> Vec<Arc<str>> {
        self.dropped_rooms.take()
    }

    /// Has a room be opened at this time, in microseconds since 1970, unless it is opened before.
    pub(super) fn set_alarm(&self, room: Arc<str>, due_us: u64) {
        self.alarms.borrow_mut().set(room, due_us);
        self.alarm_set.notify_one();
    }

    /// The next room that is to be opened for a timer. They come at a bounded rate.
    pub(super) async fn next_due(&self) -> Arc<str> {
        tokio::time::sleep(PACE).await;
        loop {
            let (due, sleep) = {
                let (mut alarms, now_us) = (self.alarms.borrow_mut(), wall_us());
                (alarms.take_due(now_us), alarms.pause(now_us))
            };
            if let Some(room) = due {
                return room;
            }
            let alarm = async {
                match sleep {
                    Some(time) => tokio::time::sleep(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = alarm => {}
                () = self.alarm_set.notified() => {}
            }
        }
    }

    /// Has a room whose timer is due be tried again: it cannot be opened now.
    pub(super) fn postpone(&self, room: Arc<str>) {
        self.alarms.borrow_mut().postpone(room, wall_us());
    }

    /// The state for the instance that opens a room again, and why that starts.
    pub(super) fn restored(&self, dormant: &Dormant) -> (Option<Saved>, StartReason) {
        let rejected = self.rejected.borrow();
        restored(dormant, |snapshot| rejected.contains(&snapshot.sha256))
    }

    /// From now on, no instance gets a state that this release has saved.
    pub(super) fn reject(&self, release: ReleaseId) {
        self.rejected.borrow_mut().insert(release.sha256);
    }

    /// Takes `reject` back: the release runs again.
    pub(super) fn accept(&self, release: &ReleaseId) {
        self.rejected.borrow_mut().remove(&release.sha256);
    }

    /// The failures of timers.
    pub(super) fn faults(&self) -> &RefCell<TimerFaults> {
        &self.faults
    }
}
