//! The clients of a server, for threads other than the shards'.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::room::{LineId, Member};
use crate::types::{Client, ClientId};

/// The clients of all shards by id. It is locked when a client comes or goes and when a `Handle` asks, never for a message.
#[derive(Debug, Default)]
pub struct Roster {
    clients: Mutex<BTreeMap<ClientId, Arc<Member>>>,
}

impl Roster {
    /// Adds a client that has connected.
    pub fn insert(&self, member: Arc<Member>) {
        self.lock().insert(member.client.id, member);
    }

    /// Takes a client out.
    pub fn remove(&self, id: ClientId) {
        self.lock().remove(&id);
    }

    /// The line of a client that has one.
    pub fn line(&self, id: ClientId) -> Option<LineId> {
        self.lock().get(&id)?.line()
    }

    /// All clients, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.lock().values().map(|member| member.client.clone()).collect()
    }

    /// The number of clients.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Arc<Member>>> {
        // A panic elsewhere cannot leave the map half changed: each use is a single call.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
