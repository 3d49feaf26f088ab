//! The table of a room's requests to HTTP servers that have no answer yet.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::fetch::{LazyClient, Outlet, Permit};
use crate::trace::Trace;

/// The requests of one room.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    /// The client, with its rules. Without it the room asks nobody.
    pub(super) client: Option<Arc<LazyClient>>,
    /// Each request that the app waits for has a clone.
    direct: Option<Arc<()>>,
    last_id: u64,
    pub(super) open: HashMap<u64, Fetch>,
    /// Requests that have ended, and which the journal has until the next commit.
    pub(super) ended: Vec<u64>,
}

/// A request that has no answer yet, or not all of it.
#[derive(Debug)]
pub(super) struct Fetch {
    /// The bytes that come back with the answer.
    pub(super) context: Bytes,
    /// Whether the journal has it.
    pub(super) is_kept: bool,
    /// The span of the handler that has sent it.
    pub(super) trace: Trace,
    /// Given back when the request ends. One of an earlier process has none.
    _permit: Option<Permit>,
}

impl Fetches {
    /// The rules, if the room may ask anybody.
    pub(super) fn outlet(&self) -> Option<&Arc<Outlet>> {
        self.client.as_deref().map(LazyClient::outlet)
    }

    /// The number of requests that have not ended.
    pub(super) fn running(&self) -> usize {
        self.open.len() + self.direct.as_ref().map_or(0, |direct| Arc::strong_count(direct) - 1)
    }

    /// Counts a request that the app waits for, until its permit is dropped.
    pub(super) fn count_direct(&mut self, permit: Permit) -> Permit {
        permit.of_room(self.direct.get_or_insert_default())
    }

    /// Adds a request and returns its id.
    pub(super) fn add(&mut self, context: Bytes, permit: Permit, trace: Trace) -> u64 {
        self.last_id += 1;
        self.open.insert(self.last_id, Fetch { context, is_kept: false, trace, _permit: Some(permit) });
        self.last_id
    }

    /// Adds a request of the room's earlier life.
    pub(super) fn add_interrupted(&mut self, id: u64, context: Bytes) {
        self.count_from(id);
        self.open.insert(id, Fetch { context, is_kept: true, trace: None, _permit: None });
    }

    /// Ids are larger than this from now on.
    pub(super) fn count_from(&mut self, id: u64) {
        self.last_id = self.last_id.max(id);
    }

    /// The request has ended.
    pub(super) fn end(&mut self, id: u64) {
        self.open.remove(&id);
    }

    /// The request was not given up after all.
    pub(super) fn restore(&mut self, id: u64, fetch: Fetch) {
        self.open.insert(id, fetch);
        self.ended.retain(|ended| *ended != id);
    }

    /// The same rules for a room that starts over. The requests that the journal does not have stay until they hear so; it tells the others. Ids
    /// are not used again.
    pub(super) fn emptied(&self) -> Self {
        let unknown = self.open.iter().filter(|(_, fetch)| !fetch.is_kept);
        let without_permit = |fetch: &Fetch| {
            let (context, trace) = (fetch.context.clone(), fetch.trace.clone());
            Fetch { context, is_kept: false, trace, _permit: None }
        };
        let open = unknown.map(|(id, fetch)| (*id, without_permit(fetch))).collect();
        Self { client: self.client.clone(), direct: self.direct.clone(), last_id: self.last_id, open, ended: self.ended.clone() }
    }
}
