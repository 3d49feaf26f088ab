//! The mail of a shard: messages of other rooms, brought to its rooms.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::room_task::RoomTask;
use super::rooms::Rooms;
use crate::app::Launch;
use crate::bus::{Event, Inbox, Mail, Presence};

/// The messages that are brought to rooms before the rest of the shard has a turn. Each can run a handler.
const IN_A_ROW: u8 = 16;
/// How long messages wait for a room that cannot be opened until that is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl<L: Launch> Rooms<L> {
    /// Brings the messages of an inbox to their rooms.
    pub(super) async fn take_events(self: Rc<Self>, mut inbox: Inbox) {
        let mut in_a_row = 0;
        // Mail that keeps coming must not put the next try off.
        let mut retries = tokio::time::interval(RETRY);
        retries.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mail = tokio::select! {
                mail = inbox.recv() => mail,
                _ = retries.tick(), if self.incoming().has_unopened() => {
                    self.open_unopened().await;
                    continue;
                }
            };
            match mail {
                Some(Mail::Event(event)) => self.bring(self.shard().time(), event),
                Some(Mail::Carried(room, mail)) => self.part().iter().for_each(|part| part.mail(&room, &mail)),
                // Nobody may wait any more.
                Some(Mail::Flush(done)) => drop(done.send(())),
                None => return,
            }
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    /// Brings a message to its room, which opens for it. If that cannot open now, the message waits.
    pub(super) fn bring(self: &Rc<Self>, at: Instant, event: Arc<Event>) {
        match self.receiver(&event.to) {
            Some(task) => {
                task.events.push(at, event);
                task.wake();
            }
            None => self.incoming().wait(at, event),
        }
    }

    async fn open_unopened(self: &Rc<Self>) {
        for (nth, room) in self.incoming().unopened().into_iter().enumerate() {
            if nth % usize::from(IN_A_ROW) == usize::from(IN_A_ROW) - 1 {
                tokio::task::yield_now().await;
            }
            if let Some(task) = self.receiver(&room) {
                // One that was open already has not got them yet.
                self.incoming().opened(&room, &task);
                task.wake();
            }
        }
    }

    /// The room of this name, which is opened unless the server shuts down.
    fn receiver(self: &Rc<Self>, room: &str) -> Option<Rc<RoomTask>> {
        if self.is_ending() { self.get(room) } else { self.get_or_open(room) }
    }

    /// A room has ended. Messages that have come too late for it open it anew.
    pub(super) fn ended(self: &Rc<Self>, room: &Arc<str>, task: &RoomTask) {
        if self.keeps_in_memory(room) {
            self.incoming().sleeps(room, self.shard().bus().note(room, Presence::Asleep));
        }
        for (at, event) in task.events.take_all() {
            // The records of a cluster's room have its stored messages, and its next owner takes them from there.
            if self.part().is_none() || !event.is_stored() {
                self.bring(at, event);
            }
        }
    }

    /// Has the rooms handle the messages that were sent until now, when the rooms of all shards have come to rest. Those that they send in
    /// turn are not brought any more: two rooms could answer each other for ever.
    pub(super) async fn settle_events(&self) {
        self.idle().await;
        let bus = self.shard().bus();
        bus.rest(self.shard().index()).await;
        bus.close();
        bus.flush(self.shard().index()).await;
        self.settled().await;
    }
}
