//! The order of clients: the id of each, and its hand-over to a shard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Permit;

use super::client_ids::{BLOCK, ClientIds};
use crate::cluster::Node;
use crate::store::Database;
use crate::types::ClientId;

/// Gives ids. A lock spans an id and its hand-over: on a runtime with several threads, a client could otherwise reach its shard
/// before one with an earlier id.
#[derive(Debug, Default)]
pub struct Arrivals {
    ids: Arc<Mutex<ClientIds>>,
    /// Where ids are reserved, so that no later process uses them again.
    reserve: Option<Reserve>,
}

/// Where ids are reserved.
#[derive(Debug, Clone)]
enum Reserve {
    Database(Database),
    Cluster(Node),
}

impl Reserve {
    /// Reserves a block. Returns its first id.
    async fn block(&self) -> Result<u64, String> {
        match self {
            Self::Database(database) => database.reserve_ids(BLOCK).await.map_err(|error| error.to_string()),
            Self::Cluster(node) => node.reserve_ids(BLOCK).await.map_err(|error| error.to_string()),
        }
    }
}

impl Arrivals {
    /// From now on ids are reserved in this database before they are used.
    pub async fn reserve_in(&mut self, database: Database) -> Result<(), String> {
        self.begin(Reserve::Database(database)).await
    }

    /// From now on ids are those of this node of a cluster.
    pub async fn reserve_at(&mut self, node: Node) -> Result<(), String> {
        self.begin(Reserve::Cluster(node)).await
    }

    async fn begin(&mut self, reserve: Reserve) -> Result<(), String> {
        let first = reserve.block().await?;
        lock(&self.ids).begin_block(first);
        self.reserve = Some(reserve);
        Ok(())
    }

    /// Sends what is made for the next id. Clients of one shard come to it in the order of their ids. Returns false if no id is left: the
    /// database has reserved none for as long as it took to use half a block up.
    pub fn send<T>(&self, reservation: Permit<'_, T>, arrival: impl FnOnce(ClientId) -> T) -> bool {
        let mut ids = lock(&self.ids);
        let id = ids.take();
        if let Some(id) = id {
            reservation.send(arrival(ClientId::new(id)));
        }
        if let Some(reserve) = self.reserve.as_ref().filter(|_| ids.wants_block()) {
            let (reserve, ids) = (reserve.clone(), Arc::clone(&self.ids));
            tokio::spawn(async move {
                match reserve.block().await {
                    Ok(first) => lock(&ids).add_block(first),
                    Err(_) => lock(&ids).is_refused(),
                }
            });
        }
        id.is_some()
    }
}

fn lock(ids: &Mutex<ClientIds>) -> MutexGuard<'_, ClientIds> {
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    const THREADS: usize = 4;
    const EACH: usize = 500;

    #[test]
    fn threads_hand_clients_over_in_the_order_of_their_ids() {
        let arrivals = Arrivals::default();
        let (shard, mut inbox) = mpsc::channel(THREADS * EACH);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        let reservation = shard.try_reserve().expect("the queue holds all of them");
                        let sent = arrivals.send(reservation, |id| {
                            // Another thread gets every chance to overtake.
                            std::thread::yield_now();
                            id.get()
                        });
                        assert!(sent, "no id is missing");
                    }
                });
            }
        });
        drop(shard);
        let ids: Vec<_> = std::iter::from_fn(|| inbox.blocking_recv()).collect();
        assert_eq!(ids, (1..=(THREADS * EACH) as u64).collect::<Vec<_>>());
    }
}
