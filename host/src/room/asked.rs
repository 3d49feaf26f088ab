//! The table of a room's plain HTTP requests whose answer is not complete.

use std::collections::HashMap;

use crate::requests::Answering;

/// The requests of one room. Without one, the table holds no memory.
#[derive(Debug, Default)]
pub(super) struct AskedRequests {
    open: HashMap<u64, Asked>,
}

/// A request whose answer is not complete.
#[derive(Debug)]
pub(super) struct Asked {
    /// Where the answer goes.
    pub(super) way: Answering,
    /// Whether the app has begun the answer.
    pub(super) has_begun: bool,
}

impl AskedRequests {
    /// A request has come.
    pub(super) fn add(&mut self, id: u64, way: Answering) {
        self.open.insert(id, Asked { way, has_begun: false });
    }

    /// A request whose client still waits.
    pub(super) fn get(&self, id: u64) -> Option<&Asked> {
        self.open.get(&id).filter(|asked| asked.way.is_open())
    }

    pub(super) fn set_begun(&mut self, id: u64, has_begun: bool) {
        if let Some(asked) = self.open.get_mut(&id) {
            asked.has_begun = has_begun;
        }
    }

    /// The answer is complete, or the client has gone.
    pub(super) fn remove(&mut self, id: u64) -> Option<Asked> {
        self.open.remove(&id)
    }

    /// The answer was not completed after all.
    pub(super) fn restore(&mut self, id: u64, asked: Asked) {
        self.open.insert(id, asked);
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.open.contains_key(&id)
    }

    /// Those whose clients still wait, in the order in which they came, each with whether its answer has begun.
    pub(super) fn listed(&self) -> Vec<(u64, bool)> {
        let open = self.open.iter().filter(|(_, asked)| asked.way.is_open());
        let mut listed: Vec<_> = open.map(|(id, asked)| (*id, asked.has_begun)).collect();
        listed.sort_unstable();
        listed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
