//! An app's control of its whole room: the contract's `control` interface.

use std::time::Duration;

use bytes::Bytes;

use super::Room;
use super::timers::{MAX_PAYLOAD_BYTES, Timer, TimerError, TimerOptions};
use super::undo::Undo;
use crate::store::Write;

impl Room {
    /// Refuses new clients from now on, with HTTP status 503.
    pub fn deny_new_clients(&mut self) {
        self.admit(false);
    }

    /// Takes `deny_new_clients` back.
    pub fn allow_new_clients(&mut self) {
        self.admit(true);
    }

    fn admit(&mut self, admitting: bool) {
        let state = self.state_mut();
        // One step leads back, however often the handler changes this.
        let before = std::mem::replace(&mut state.admitting, admitting);
        state.turn.admitting_before.get_or_insert(before);
    }

    /// Whether new clients are let in.
    pub(crate) fn is_admitting(&self) -> bool {
        self.state().admitting
    }

    /// Calls `on_timer` with this payload (at most 64 KiB) after `delay`, or each time that `delay` has passed. The time counts from
    /// this call. Returns the timer's id. A delay of more than a hundred years counts as a hundred years.
    ///
    /// A timer runs late by the grain of the clock, about a millisecond, and never early. A repeating one keeps to its grid: its
    /// calls are exact on average, whatever its delay, unless the room is busy for longer than 20 ms.
    ///
    /// A durable timer counts by the wall clock, and wakes the room when it is due. It is part of the turn: its handler's turn takes it
    /// off, and a handler that fails gets it again, three times in all. Calls of a repeating one that nobody could make become one.
    ///
    /// # Errors
    /// `Limit`: the room has 10,000 timers already, or 16 MiB of payloads. For a durable timer also: the handler or all rooms together have
    /// written as much as they may. `Invalid`: the payload is too large, or a repeating
    /// timer's delay is 0. `NotDurable`: the timer is durable, and the room is that of a single client. `Unavailable`: it is durable,
    /// and the journal takes no writes now.
    pub fn set_timer(&mut self, delay: Duration, options: TimerOptions, payload: impl Into<Bytes>) -> Result<u64, TimerError> {
        let payload = payload.into();
        if payload.len() > MAX_PAYLOAD_BYTES || (options.repeat && delay.is_zero()) {
            return Err(TimerError::Invalid);
        }
        let state = self.state_mut();
        let wall_us = if options.durable { Some(state.timers.wall_us().ok_or(TimerError::NotDurable)?) } else { None };
        if !state.timers.have_room_for(payload.len()) || !state.turn.may_change() {
            return Err(TimerError::Limit);
        }
        if options.durable && !state.contents.takes_writes() {
            return Err(TimerError::Unavailable);
        }
        if options.durable && !state.turn.written.take_timer(&state.contents, payload.len()) {
            return Err(TimerError::Limit);
        }
        let timer = Timer::new(((state.clock)(), wall_us), delay, options.repeat, payload);
        let id = state.timers.add(timer.clone());
        state.turn.undo_log.push(Undo::TimerSet(id));
        if let Some(kept) = timer.kept(id) {
            state.stage(Write::SetTimer(kept));
        }
        Ok(id)
    }

    /// Cancels a timer. Does nothing if the timer has run or never existed.
    pub fn cancel_timer(&mut self, id: u64) {
        let state = self.state_mut();
        let Some(timer) = state.timers.cancel(id) else { return };
        if timer.due_us.is_some() {
            state.stage(Write::DropTimer(id));
        }
        if !timer.is_new() {
            state.turn.undo_log.push(Undo::TimerCancelled(id, timer));
        }
    }
}
