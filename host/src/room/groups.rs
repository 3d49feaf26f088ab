//! Clients by name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::types::ClientId;

/// Named groups of clients. A group exists while it has clients.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_name: HashMap<Arc<str>, BTreeSet<ClientId>>,
}

impl Groups {
    /// The clients of a group, in the order of their ids.
    pub(super) fn of(&self, name: &str) -> impl Iterator<Item = ClientId> {
        self.by_name.get(name).into_iter().flatten().copied()
    }

    pub(super) fn contains(&self, name: &str, id: ClientId) -> bool {
        self.by_name.get(name).is_some_and(|clients| clients.contains(&id))
    }

    /// Adds a client. Returns the group's shared name, or `None` if the client was in it already.
    pub(super) fn add(&mut self, name: &str, id: ClientId) -> Option<Arc<str>> {
        let name = match self.by_name.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(name),
        };
        self.by_name.entry(Arc::clone(&name)).or_default().insert(id).then_some(name)
    }

    pub(super) fn remove(&mut self, name: &str, id: ClientId) {
        let Some(clients) = self.by_name.get_mut(name) else { return };
        clients.remove(&id);
        if clients.is_empty() {
            self.by_name.remove(name);
        }
    }
}
