//! The order in which a room does what waits for it.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Instant;

use super::{RoomLoop, Work};
use crate::app::Launch;
use crate::shard::input::{Input, What};

/// The timers that a room runs before the rest of its shard has a turn. tokio looks for readable sockets after 61 turns.
const TIMERS_IN_A_ROW: u8 = 16;

impl<L: Launch> RoomLoop<L> {
    /// Waits for the next step.
    pub(super) async fn next(&mut self) -> Work<L> {
        poll_fn(|cx| {
            if let Some(report) = self.outputs.next_report(cx) {
                return Poll::Ready(Work::Journal(report));
            }
            if self.outputs.are_full() {
                // An order has outputs too.
                return Poll::Pending;
            }
            if let Some(order) = self.orders.borrow_mut().pop_front() {
                return Poll::Ready(Work::Order(order));
            }
            if self.in_a_row == TIMERS_IN_A_ROW {
                self.in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(at) = self.task.mailbox.next_at() {
                // Due timers run before inputs that arrived later, so a mailbox that never empties does not delay timers.
                let due = self.next_due().filter(|due| *due <= at).and_then(|_| self.take_due(at));
                let input = due.or_else(|| {
                    self.in_a_row = 0;
                    self.task.mailbox.pop().map(Work::Input)
                });
                return input.map_or(Poll::Pending, Poll::Ready);
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

    /// When the room has to do something by itself, if ever.
    fn next_due(&mut self) -> Option<Instant> {
        let own = self.release.circuit_open_until().or_else(|| self.room.timers_mut().next_due());
        if self.is_used() || self.awaits_timer() {
            return own;
        }
        let retires_at = self.occupancy.retires_at(|| self.shard.time());
        [own, retires_at].into_iter().flatten().min()
    }

    /// Whether a client, an output or a request to an HTTP server keeps the room open.
    fn is_used(&self) -> bool {
        self.room.count() > 0 || !self.outputs.are_visible() || self.room.has_fetches()
    }

    fn take_due(&mut self, now: Instant) -> Option<Work<L>> {
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
