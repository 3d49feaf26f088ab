//! The call from an input to the app's handler.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::handler::Handler;
use super::input::What;
use super::resources::Resources;
use super::spans;
use crate::app::rooms::Source;
use crate::app::upgrade::Decision;
use crate::app::{App, Fault, Outcome};
use crate::fetch::{Answer, Told};
use crate::refusal::Reason;
use crate::room::Room;
use crate::types::{ClientId, Message};

/// Calls the handler for an input. Its effects wait in the room's turn.
///
/// The gate's decision becomes an effect of its turn. A gate that fails decides nothing: the caller has to.
pub(super) async fn call<A: App>(by: &Resources, app: &mut A, room: &mut Room, what: What) -> Outcome {
    if room.wants_span() {
        return traced(by, app, room, what).await;
    }
    match what {
        What::Message(from, message) => call_on_message(by, app, room, from, message).await,
        What::Joined(joined) => measured(by, Handler::NewClient, pin!(app.on_new_client(room, &joined.client))).await,
        What::Left(id, info) => measured(by, Handler::ClientLeft, pin!(app.on_client_left(room, id, &info))).await,
        What::Drained(id) => measured(by, Handler::Drain, pin!(app.on_drain(room, id))).await,
        What::LineLost(id) => measured(by, Handler::LineLost, pin!(app.on_line_lost(room, id))).await,
        What::LineBack(id) => measured(by, Handler::LineBack, pin!(app.on_line_back(room, id))).await,
        What::Timer(id, payload) => measured(by, Handler::Timer, pin!(app.on_timer(room, id, payload))).await,
        What::Answer(id, told) => {
            let Told { answer, memory: _until_handled } = *told;
            // Its request may have been given up meanwhile.
            let Some(context) = room.take_answer(id, answer.is_last()) else { return Ok(()) };
            match answer {
                Answer::Response(outcome) => {
                    measured(by, Handler::Response, pin!(app.on_response(room, id, context, outcome))).await
                }
                Answer::Part(part) => measured(by, Handler::Body, pin!(app.on_body(room, id, context, part))).await,
            }
        }
        What::Event(event) => {
            room.receive(&event);
            measured(by, Handler::Event, pin!(app.on_event(room, Source::of(&event), event.message.clone()))).await
        }
        What::Start(reason, saved) => {
            measured(by, Handler::Start, pin!(app.on_start(room, reason, saved.map(|saved| *saved)))).await
        }
        What::Request(id, request, _) => measured(by, Handler::Request, pin!(app.on_request(room, id, *request))).await,
        What::RequestDrained(id) => measured(by, Handler::RequestDrained, pin!(app.on_request_drained(room, id))).await,
        What::RequestGone(id) => measured(by, Handler::RequestGone, pin!(app.on_request_gone(room, id))).await,
        // The app is not told: it has not heard of the client yet, except in its gate.
        What::Withdrawn => Ok(()),
        What::Upgrade(id, request, ..) => {
            let decision: Decision = measured(by, Handler::Upgrade, pin!(app.on_upgrade(room, &request))).await?;
            if !matches!(decision, Decision::Accept(_)) {
                by.counts.note_refused(Reason::Gate);
            }
            room.decide(id, decision);
            Ok(())
        }
    }
}

/// The same for a message. Its future is smaller than that for any input.
pub(super) async fn call_on_message<A: App>(
    by: &Resources,
    app: &mut A,
    room: &mut Room,
    from: ClientId,
    message: Message,
) -> Outcome {
    if room.wants_span() {
        return traced(by, app, room, What::Message(from, message)).await;
    }
    measured(by, Handler::Message, pin!(app.on_message(room, from, message))).await
}

/// Calls the handler in a span. The future is boxed, so that a call without one is not larger for it.
fn traced<'a, A: App>(
    by: &'a Resources,
    app: &'a mut A,
    room: &'a mut Room,
    what: What,
) -> Pin<Box<dyn Future<Output = Outcome> + 'a>> {
    Box::pin(async move {
        let span = spans::begin(room, &what);
        // The room has a span now.
        let outcome = call(by, app, room, what).await;
        spans::end(room, span, &outcome);
        outcome
    })
}

/// Awaits a handler, counts it, and turns its panic into a fault: a native app must not take the shard with it.
///
/// It takes the handler pinned, and so do the functions below it: a future that is handed on by value is copied each time, and
/// this one is large.
pub(super) async fn measured<T>(
    by: &Resources,
    handler: Handler,
    mut running: Pin<&mut impl Future<Output = Result<T, Fault>>>,
) -> Result<T, Fault> {
    let (times, clock) = (&by.counts.handlers, by.clock());
    let mut call = times.begin(handler, clock);
    poll_fn(|cx| {
        // A panic leaves behind the app's instance, which is dropped, and a turn, which is rolled back.
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Err(Fault::new(format!("the handler panicked: {}", panic_message(&*panic))))));
        match &polled {
            Poll::Ready(outcome) => times.end(&call, outcome.is_err(), clock),
            Poll::Pending => call.suspend(clock),
        }
        polled
    })
    .await
}

/// The message of a panic.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
