//! An app's requests to HTTP servers: the contract's `http` interface.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::http::request::Parts;

use super::effect::Effect;
use super::store::StoreError;
use super::turn::Turn;
use super::undo::Undo;
use super::{Room, State};
use crate::fetch::{Direct, FetchError, FetchRequest, LazyClient};
use crate::store::{OpenRequest, Write};

fn closed() -> FetchError {
    FetchError::Denied("this room sends no HTTP requests".to_owned())
}

impl State {
    fn add_fetch(&mut self, request: FetchRequest, context: Bytes) -> Result<u64, FetchError> {
        let outlet = Arc::clone(self.fetches.outlet().ok_or_else(closed)?);
        let mut request = outlet.check(request, context.len())?;
        if !self.turn.may_change() || !self.turn.has_room_for(request.bytes()) {
            return Err(FetchError::Limit);
        }
        let permit = outlet.admit(self.fetches.running())?;
        outlet.reserve(&mut request)?;
        let trace = self.trace();
        request.set_trace(trace.clone());
        let counted = self.turn.written.take_context(&self.contents, context.len());
        counted.map_err(|error| if error == StoreError::TotalFull { FetchError::TotalFull } else { FetchError::Limit })?;
        let id = self.fetches.add(context, permit, trace);
        self.turn.undo_log.push(Undo::Fetched(id));
        self.turn.push(Effect::Fetch(id, Arc::new(request)));
        Ok(id)
    }

    /// Has the journal forget a request. While it takes no writes, it keeps it: a failed commit would cost the room its members, and a crash
    /// meanwhile tells only once more that the request was interrupted.
    fn forget_fetch(&mut self, id: u64) {
        if self.contents.takes_writes() {
            self.stage(Write::DropRequest(id));
        } else {
            self.fetches.ended.push(id);
        }
    }

    /// Has a turn that writes keep its requests too, until they are answered.
    pub(super) fn keep_fetches(&mut self, turn: &mut Turn) {
        if self.contents.journal().is_none() {
            return;
        }
        let writes = &mut turn.written.writes;
        if self.contents.takes_writes() {
            turn.had.1 = std::mem::take(&mut self.fetches.ended);
            // Before the others: the last one may be `Write::Close`.
            writes.splice(..0, turn.had.1.iter().copied().map(Write::DropRequest));
        }
        if writes.is_empty() || self.fetches.open.is_empty() {
            return;
        }
        for effect in &turn.effects {
            if let Effect::Fetch(id, _) = effect
                && let Some(fetch) = self.fetches.open.get_mut(id)
            {
                fetch.is_kept = true;
                writes.push(Write::SetRequest(OpenRequest { id: *id, context: fetch.context.clone() }));
            }
        }
    }
}

impl Room {
    /// Sends a request to an HTTP server when the handler has returned. `on_response` follows once, with up to 64 KiB of `context`; if the
    /// answer is streamed, `on_body` for each piece of it. Returns the request's id.
    ///
    /// The request outlives a swap and the failure of an instance. It is sent once, and redirects are not followed. A room with a request
    /// stays open.
    ///
    /// # Errors
    /// Nothing is sent then. `Denied`: the builder's `allow_http` does not name the server. `Invalid`, `TooBig`: the text says why. `Limit`,
    /// `RoomFull`, `TotalFull`: there are as many as there may be.
    pub fn fetch(&mut self, request: FetchRequest, context: impl Into<Bytes>) -> Result<u64, FetchError> {
        self.state_mut().add_fetch(request, context.into())
    }

    /// Gives a request up: no handler of it follows. Does nothing if its answer has come or it never existed.
    pub fn cancel_fetch(&mut self, id: u64) {
        let state = self.state_mut();
        if let Some(fetch) = state.fetches.open.remove(&id) {
            if fetch.is_kept {
                state.forget_fetch(id);
            }
            state.turn.undo_log.push(Undo::FetchCancelled(id, fetch));
            state.turn.push(Effect::CancelFetch(id));
        }
    }

    /// Lets the room ask HTTP servers with this client.
    pub(crate) fn set_client(&mut self, client: Arc<LazyClient>) {
        self.state_mut().fetches.client = Some(client);
    }

    /// A request that the app waits for: no effect, it starts when it is sent. The times are the most until the head of the answer, and until
    /// each piece of its body.
    ///
    /// # Errors
    /// As those of `fetch`.
    pub(crate) fn begin_direct(&mut self, head: Parts, times: (Duration, Duration)) -> Result<Direct, FetchError> {
        let trace = self.state.as_ref().and_then(|state| state.trace());
        // A room that an instance has not entered yet is vacant.
        let fetches = self.state.as_mut().map(|state| &mut state.fetches).ok_or_else(closed)?;
        let client = fetches.client.as_ref().ok_or_else(closed)?.get();
        let permit = fetches.outlet().ok_or_else(closed)?.admit(fetches.running())?;
        let permit = fetches.count_direct(permit);
        Ok(Direct::new(client, head, permit, times)?.traced(trace))
    }

    /// Checks the size of a request's body, before it is copied.
    pub(crate) fn check_body(&self, bytes: usize) -> Result<(), FetchError> {
        self.state().fetches.outlet().map_or(Ok(()), |outlet| outlet.check_body(bytes))
    }

    /// Something of an answer has come: the context of its request. `None` if the request was given up. With `is_last`, nothing more follows.
    pub(crate) fn take_answer(&mut self, id: u64, is_last: bool) -> Option<Bytes> {
        let state = self.state_mut();
        if !is_last {
            return state.fetches.open.get(&id).map(|fetch| fetch.context.clone());
        }
        let fetch = state.fetches.open.remove(&id)?;
        if fetch.is_kept {
            state.turn.undo_log.push(Undo::Answered(id));
            state.forget_fetch(id);
        }
        Some(fetch.context)
    }

    /// Notes the requests of the room's earlier life that were not answered, and returns their ids. Their answers follow: `interrupted`. New ids
    /// are at least the wall clock's time in microseconds: the app may have kept those of the earlier life.
    pub(crate) fn restore_fetches(&mut self, requests: Vec<OpenRequest>, wall_us: u64) -> Vec<u64> {
        let fetches = &mut self.state_mut().fetches;
        fetches.count_from(wall_us);
        let mut ids = Vec::new();
        for OpenRequest { id, context } in requests {
            if !fetches.ended.contains(&id) {
                fetches.add_interrupted(id, context);
                ids.push(id);
            }
        }
        ids
    }

    /// A request was never sent, because its turn is dropped: nobody is told of it.
    pub(crate) fn drop_fetch(&mut self, id: u64) {
        self.state_mut().fetches.end(id);
    }

    /// The requests that have no answer yet, or not all of it, the oldest first.
    pub(crate) fn open_fetches(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.state().fetches.open.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Whether a request has no answer yet, or not all of it.
    pub(crate) fn has_fetches(&self) -> bool {
        !self.state().fetches.open.is_empty()
    }
}
