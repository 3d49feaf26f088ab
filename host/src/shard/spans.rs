//! The span of a handler.

use super::input::What;
use crate::app::Outcome;
use crate::fetch::Answer;
use crate::room::Room;
use crate::trace::{Span, Trace};
use crate::types::ClientId;

/// Begins the span of the handler for an input.
pub(super) fn begin(room: &mut Room, what: &What) -> Option<Span> {
    let (name, client) = (name(what), client(what));
    let mut span = room.begin_span(name, parent(room, what))?;
    if span.is_recorded() {
        span.set("code.function.name", name);
        span.set("ws_host.room", room.name().to_owned());
        if let Some(client) = client {
            span.set("ws_host.client.id", i64::try_from(client.get()).unwrap_or(i64::MAX));
        }
    }
    Some(span)
}

/// Ends it.
pub(super) fn end(room: &mut Room, span: Option<Span>, outcome: &Outcome) {
    if let (Err(fault), Some(mut span)) = (outcome, span) {
        span.fail("trap", fault.message.clone());
    }
    room.end_span();
}

/// The handler's name in the contract.
fn name(what: &What) -> &'static str {
    match what {
        What::Start(..) => "on-start",
        What::Joined(_) => "on-new-client",
        What::Message(..) => "on-message",
        What::Left(..) => "on-client-left",
        What::LineLost(_) => "on-line-lost",
        What::LineBack(_) => "on-line-back",
        What::Drained(_) => "on-drain",
        What::Timer(..) => "on-timer",
        What::Answer(_, told) => match told.answer {
            Answer::Response(_) => "on-response",
            Answer::Part(_) => "on-body",
        },
        What::Event(_) => "on-event",
        What::Upgrade(..) => "on-upgrade",
        What::Withdrawn => "withdrawn",
        What::Request(..) => "on-request",
        What::RequestDrained(_) => "on-request-drained",
        What::RequestGone(_) => "on-request-gone",
    }
}

/// The client that an input is of.
fn client(what: &What) -> Option<ClientId> {
    match what {
        What::Joined(joined) => Some(joined.client.id),
        What::Message(id, _) | What::Left(id, _) => Some(*id),
        What::LineLost(id) | What::LineBack(id) | What::Drained(id) => Some(*id),
        _ => None,
    }
}

/// The span that has caused an input.
fn parent(room: &Room, what: &What) -> Trace {
    match what {
        What::Upgrade(_, _, trace) | What::Request(_, _, trace) => trace.clone(),
        What::Event(event) => event.trace.clone(),
        What::Answer(id, _) => room.trace_of_fetch(*id),
        what => client(what).and_then(|id| room.trace_of_client(id)),
    }
}
