//! Who is connected to a server, for threads other than the shards'.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::types::{Client, ClientId};

/// The clients of all shards by id. Locked when a client comes or goes and when somebody asks, never for a message.
#[derive(Debug, Default)]
pub struct Roster {
    clients: Mutex<BTreeMap<ClientId, Entry>>,
}

/// A client, and where it is.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who it is.
    pub client: Client,
    /// Which shard it is on.
    pub shard: usize,
    /// Its place in the shard's table of connections.
    pub slot: usize,
}

impl Roster {
    /// Adds a client that has connected.
    pub fn insert(&self, entry: Entry) {
        self.lock().insert(entry.client.id, entry);
    }

    /// Takes a client out.
    pub fn remove(&self, id: ClientId) {
        self.lock().remove(&id);
    }

    /// Where a client is, if it is connected.
    pub fn get(&self, id: ClientId) -> Option<Entry> {
        self.lock().get(&id).cloned()
    }

    /// Everybody, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.lock().values().map(|entry| entry.client.clone()).collect()
    }

    /// How many are connected.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Entry>> {
        // A panic elsewhere cannot leave the map half changed: each use is one call.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
