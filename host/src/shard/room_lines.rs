//! The lines of one room, by client.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use crate::types::ClientId;

/// The slots of the lines that belong to a room, by client. A page of them costs no look at the others of the shard.
#[derive(Debug, Default)]
pub struct RoomLines(RefCell<BTreeMap<ClientId, u32>>);

impl RoomLines {
    /// Adds the line of a client.
    pub fn insert(&self, client: ClientId, slot: u32) {
        self.0.borrow_mut().insert(client, slot);
    }

    /// The line of a client has ended.
    pub fn remove(&self, client: ClientId) {
        self.0.borrow_mut().remove(&client);
    }

    /// The slot of the line of a client.
    pub fn slot(&self, client: ClientId) -> Option<u32> {
        self.0.borrow().get(&client).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// At most this many, in the order of the clients' ids, from behind this one on.
    pub fn after(&self, after: Option<ClientId>, limit: usize) -> Vec<(ClientId, u32)> {
        let from = after.map_or(Unbounded, Excluded);
        self.0.borrow().range((from, Unbounded)).take(limit).map(|(client, slot)| (*client, *slot)).collect()
    }
}
