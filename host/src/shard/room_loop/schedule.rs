//! The order in which a room does what waits for it.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Instant;

use super::{RoomLoop, Work};
use crate::app::Launch;
use crate::shard::input::{Input, What};

/// The timers and messages of other rooms that a room handles before the rest of its shard has a turn. tokio looks for readable sockets
/// after 61 turns.
const IN_A_ROW: u8 = 16;

impl<L: Launch> RoomLoop<L> {
    /// Waits for the next step.
    pub(super) async fn next(&mut self) -> Work<L> {
        poll_fn(|cx| {
            if let Some(report) = self.outputs.next_report(cx) {
                return Poll::Ready(Work::Journal(report));
            }
            if let Some(waits) = self.wait_for_cluster() {
                return waits;
            }
            if self.outputs.are_full() {
                // An order has outputs too.
                return Poll::Pending;
            }
            if let Some(order) = self.orders.borrow_mut().pop_front() {
                return Poll::Ready(Work::Order(order));
            }
            if self.in_a_row == IN_A_ROW {
                self.in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let is_event = self.is_event_next();
            let waiting_since = if is_event { self.task.events.next_at() } else { self.task.mailbox.next_at() };
            if let Some(at) = waiting_since {
                // Due timers run before inputs that arrived later, so a mailbox that never empties does not delay timers.
                let due = self.next_due().filter(|due| *due <= at).and_then(|_| self.take_due(at));
                let input = due.or_else(|| if is_event { self.take_event() } else { self.take_input() });
                return input.map_or(Poll::Pending, Poll::Ready);
            }
            if let Some(work) = self.take_of_cluster() {
                return Poll::Ready(work);
            }
            while let Some(due) = self.next_due() {
                let now = self.shard.time();
                if due <= now
                    && let Some(work) = self.take_due(now)
                {
                    return Poll::Ready(work);
                }
                let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.into())));
                if alarm.deadline() != due.into() {
                    alarm.as_mut().reset(due.into());
                }
                // Ready means that the time has come meanwhile: look again.
                if alarm.as_mut().poll(cx).is_pending() {
                    self.in_a_row = 0;
                    return Poll::Pending;
                }
            }
            self.alarm = None;
            Poll::Pending
        })
        .await
    }

    /// Takes the oldest input of the mailbox.
    fn take_input(&mut self) -> Option<Work<L>> {
        self.in_a_row = 0;
        self.task.events.note_other();
        self.task.mailbox.pop().map(Work::Input)
    }

    /// When the room has to do something by itself, if ever.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        let own = self.release.circuit_open_until().or_else(|| self.room.timers_mut().next_due());
        let own = [own, self.task.events.paused_until()].into_iter().flatten().min();
        if self.is_used() || self.awaits_timer() {
            return own;
        }
        let retires_at = self.occupancy.retires_at(|| self.shard.time());
        [own, retires_at].into_iter().flatten().min()
    }

    /// Whether a client, an output, a request to an HTTP server or one to the room, or a message of another room keeps the room open.
    fn is_used(&self) -> bool {
        self.room.count() > 0
            || !self.outputs.are_visible()
            || self.room.has_fetches()
            || self.room.has_requests()
            || !self.task.events.is_empty()
            || self.is_needed_elsewhere()
    }

    pub(super) fn take_due(&mut self, now: Instant) -> Option<Work<L>> {
        if self.task.events.resume(now) && self.is_event_next() {
            return self.take_event();
        }
        let is_unused = !self.is_used() && self.task.mailbox.is_empty() && !self.awaits_timer();
        if is_unused && self.occupancy.is_over(now) {
            return Some(Work::Retire);
        }
        if let Some(until) = self.release.circuit_open_until() {
            return (until <= now).then_some(Work::Retry);
        }
        let (at, id, payload) = self.room.take_due_timer(now)?;
        self.in_a_row += 1;
        Some(Work::Input(Input { at, what: What::Timer(id, payload) }))
    }
}
