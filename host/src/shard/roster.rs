//! Who is connected to a server, for threads other than the shards'.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::room::Peer;
use crate::types::{Client, ClientId};

/// The clients of all shards by id. Locked when a client comes or goes and when somebody asks, never for a message.
#[derive(Debug, Default)]
pub struct Roster {
    clients: Mutex<BTreeMap<ClientId, Arc<Peer>>>,
}

impl Roster {
    /// Adds a client that has connected.
    pub fn insert(&self, peer: Arc<Peer>) {
        self.lock().insert(peer.client.id, peer);
    }

    /// Takes a client out.
    pub fn remove(&self, id: ClientId) {
        self.lock().remove(&id);
    }

    /// The shard of a client that is connected, and its place there.
    pub fn place(&self, id: ClientId) -> Option<(u32, usize)> {
        self.lock().get(&id).map(|peer| (peer.shard, peer.slot))
    }

    /// Everybody, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.lock().values().map(|peer| peer.client.clone()).collect()
    }

    /// How many are connected.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Arc<Peer>>> {
        // A panic elsewhere cannot leave the map half changed: each use is one call.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
