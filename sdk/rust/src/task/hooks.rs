//! The events that tasks look at before the app does.
//!
//! A function enters itself at the first task, request or sleep. Thus a component does not contain the code that it does not use.

use std::cell::Cell;

use super::access::Access;
use crate::control::TimerId;
use crate::http::{BodyPart, Failure, FetchId, Response};

/// The payload of the timers of tasks. An instance that has not set such a timer knows by it that its task is gone.
pub(super) const SLEEP: &[u8] = b"\0ws-guest: sleep\0";

type Outcome = Result<Response, Failure>;

/// The functions that give an answer and a part of a body to the task that waits for them, else back.
#[derive(Clone, Copy)]
pub(super) struct Answers {
    pub(super) response: fn(FetchId, Outcome) -> Option<Outcome>,
    pub(super) part: fn(FetchId, BodyPart) -> Option<BodyPart>,
}

thread_local! {
    pub(super) static RUN: Cell<Option<fn(&'static Access)>> = const { Cell::new(None) };
    pub(super) static ANSWERS: Cell<Option<Answers>> = const { Cell::new(None) };
    pub(super) static TIMER: Cell<Option<fn(TimerId)>> = const { Cell::new(None) };
}

/// Runs the tasks that are awake.
pub(crate) fn run(access: &'static Access) {
    if let Some(run) = RUN.get() {
        run(access);
    }
}

/// Gives an answer to the task that waits for it, else back.
pub(crate) fn response(id: FetchId, outcome: Outcome) -> Option<Outcome> {
    match ANSWERS.get() {
        Some(answers) => (answers.response)(id, outcome),
        None => Some(outcome),
    }
}

/// Gives a part of a body to the task that waits for it, else back.
pub(crate) fn part(id: FetchId, part: BodyPart) -> Option<BodyPart> {
    match ANSWERS.get() {
        Some(answers) => (answers.part)(id, part),
        None => Some(part),
    }
}

/// Returns the payload of a timer unless a task has set it, perhaps one of an earlier instance.
pub(crate) fn timer(id: TimerId, payload: Vec<u8>) -> Option<Vec<u8>> {
    if payload != SLEEP {
        return Some(payload);
    }
    if let Some(timer) = TIMER.get() {
        timer(id);
    }
    None
}
