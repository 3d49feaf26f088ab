//! The traces of a room: which span its handler runs in, and which its clients belong to.

use std::collections::HashMap;

use super::{Room, State};
use crate::trace::{Context, Kind, Span, Trace, Tracer};
use crate::types::ClientId;

/// The traces of one room. A server without a tracer has none.
#[derive(Debug)]
pub(super) struct Traced {
    tracer: Tracer,
    /// The span of the running handler.
    running: Trace,
    /// The span of the last handler.
    last: Trace,
    /// The spans in which the members were let in.
    clients: HashMap<ClientId, Context>,
    /// The same of the client that is leaving.
    leaver: Option<(ClientId, Context)>,
}

impl Traced {
    fn new(tracer: Tracer) -> Self {
        Self { tracer, running: None, last: None, clients: HashMap::new(), leaver: None }
    }

    /// The traces of the same room that starts over.
    pub(super) fn emptied(&self) -> Box<Self> {
        Box::new(Self::new(self.tracer.clone()))
    }

    /// A member leaves.
    pub(super) fn leave(&mut self, id: ClientId) {
        self.leaver = self.clients.remove(&id).map(|context| (id, context));
    }
}

impl State {
    /// The span of the running handler, which its requests and messages go on with.
    pub(super) fn trace(&self) -> Trace {
        self.traced.as_ref()?.running.clone()
    }
}

impl Room {
    /// Has handlers run in spans.
    pub(crate) fn set_tracer(&mut self, tracer: Option<&Tracer>) {
        self.state_mut().traced = tracer.map(|tracer| Box::new(Traced::new(tracer.clone())));
    }

    /// Whether the next handler runs in a span, which does not run yet.
    pub(crate) fn wants_span(&self) -> bool {
        self.state().traced.as_ref().is_some_and(|traced| traced.running.is_none())
    }

    /// A client was let in within this span.
    pub(crate) fn trace_client(&mut self, id: ClientId, trace: Trace) {
        if let (Some(traced), Some(context)) = (&mut self.state_mut().traced, trace) {
            traced.clients.insert(id, *context);
        }
    }

    /// The span in which a member, or the client that is leaving, was let in.
    pub(crate) fn trace_of_client(&self, id: ClientId) -> Trace {
        let traced = self.state().traced.as_ref()?;
        let of_leaver = traced.leaver.as_ref().filter(|(leaver, _)| *leaver == id).map(|(_, context)| context);
        traced.clients.get(&id).or(of_leaver).cloned().map(Box::new)
    }

    /// The span of the handler that has sent a request.
    pub(crate) fn trace_of_fetch(&self, id: u64) -> Trace {
        self.state().fetches.open.get(&id)?.trace.clone()
    }

    /// A handler begins, in a span inside `parent`, or in a new trace.
    pub(crate) fn begin_span(&mut self, name: &'static str, parent: Trace) -> Option<Span> {
        let traced = self.state_mut().traced.as_mut()?;
        let span = match parent {
            Some(parent) => parent.begin(name, Kind::Internal),
            None => traced.tracer.begin(name, Kind::Internal),
        };
        traced.running = Some(Box::new(span.context()));
        Some(span)
    }

    /// The handler has ended.
    pub(crate) fn end_span(&mut self) {
        if let Some(traced) = &mut self.state_mut().traced {
            traced.last = traced.running.take();
        }
    }

    /// A span for the commit of the last handler.
    pub(crate) fn span_of_commit(&self) -> Option<Span> {
        let state = self.state();
        let mut span = state.traced.as_ref()?.last.as_ref()?.begin("commit", Kind::Internal);
        span.set("ws_host.room", state.name.to_string());
        Some(span)
    }
}
