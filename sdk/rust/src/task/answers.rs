//! The requests of tasks, and the answers that no task has looked at yet.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Poll, Waker};

use super::access;
use super::hooks;
use crate::http::{self, BodyPart, Failure, FetchError, FetchId, Request, Response};

/// A request of a task. Dropping it gives the request up, unless its answer is complete.
#[derive(Debug)]
pub(super) struct Asked {
    id: FetchId,
    is_over: bool,
}

#[derive(Default)]
struct Answer {
    head: Option<Result<Response, Failure>>,
    parts: VecDeque<BodyPart>,
    /// The task that waits for more.
    waker: Option<Waker>,
}

thread_local! {
    /// No foreign code runs while this is borrowed: wakers are woken and dropped behind the borrow.
    static ANSWERS: RefCell<BTreeMap<FetchId, Answer>> = const { RefCell::new(BTreeMap::new()) };
}

impl Asked {
    /// Sends a request.
    pub(super) fn new(request: &Request, context: &[u8]) -> Result<Self, FetchError> {
        hooks::ANSWERS.set(Some(hooks::Answers { response, part }));
        access::require("Responses");
        let id = http::fetch(request, context)?;
        ANSWERS.with_borrow_mut(|answers| answers.insert(id, Answer::default()));
        Ok(Self { id, is_over: false })
    }

    /// The head of the answer, with the body if it comes whole.
    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Response, Failure>> {
        let head = self.poll(context, |answer| answer.head.take());
        self.is_over = matches!(&head, Poll::Ready(outcome) if !outcome.as_ref().is_ok_and(|response| response.body.is_none()));
        head
    }

    /// The next piece of a streamed body. None behind the last one.
    pub(super) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        self.poll(context, |answer| answer.parts.pop_front()).map(|part| {
            self.is_over = !matches!(part, BodyPart::Piece(_));
            match part {
                BodyPart::Piece(piece) => Some(Ok(piece)),
                BodyPart::End => None,
                BodyPart::Failed(failure) => Some(Err(failure)),
            }
        })
    }

    /// Takes what has come, or has the task woken when something comes.
    fn poll<T>(&self, context: &mut Context<'_>, take: impl FnOnce(&mut Answer) -> Option<T>) -> Poll<T> {
        let waker = context.waker().clone();
        let (taken, _earlier) = ANSWERS.with_borrow_mut(|answers| {
            let answer = answers.get_mut(&self.id).expect("the answer of a request stays as long as the request");
            (take(answer), answer.waker.replace(waker))
        });
        taken.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // At the end of the thread the table may be gone.
        let answer = ANSWERS.try_with(|answers| answers.borrow_mut().remove(&self.id));
        if !self.is_over && matches!(answer, Ok(Some(_))) {
            http::cancel(self.id);
        }
    }
}

/// Forgets who has asked.
#[cfg(not(target_family = "wasm"))]
pub(super) fn forget() {
    let _all = ANSWERS.take();
}

/// Keeps an answer for the task that has asked. Gives it back if none has.
pub(super) fn response(id: FetchId, outcome: Result<Response, Failure>) -> Option<Result<Response, Failure>> {
    keep(id, outcome, |answer, outcome| answer.head = Some(outcome))
}

/// Keeps a part of a body. Gives it back if no task has asked.
pub(super) fn part(id: FetchId, part: BodyPart) -> Option<BodyPart> {
    keep(id, part, |answer, part| answer.parts.push_back(part))
}

fn keep<T>(id: FetchId, news: T, keep: impl FnOnce(&mut Answer, T)) -> Option<T> {
    let waker = ANSWERS.with_borrow_mut(|answers| match answers.get_mut(&id) {
        Some(answer) => {
            keep(answer, news);
            Ok(answer.waker.take())
        }
        None => Err(news),
    });
    match waker {
        Ok(waker) => {
            waker.into_iter().for_each(Waker::wake);
            None
        }
        Err(news) => Some(news),
    }
}
