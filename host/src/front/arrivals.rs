//! The order of clients: the id of each, and its hand-over to a shard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Permit;
use ws_cluster::Life;

use super::client_ids::{BLOCK, ClientIds};
use crate::cluster::Node;
use crate::store::Database;
use crate::types::ClientId;

/// Gives ids. A lock spans an id and its hand-over: on a runtime with several threads, a client could otherwise reach its shard
/// before one with an earlier id.
#[derive(Debug, Default)]
pub struct Arrivals {
    ids: Arc<Mutex<Ids>>,
    /// Where ids are reserved, so that no later process uses them again.
    reserve: Option<Reserve>,
}

/// The ids that may be given.
#[derive(Debug, Default)]
struct Ids {
    left: ClientIds,
    /// The life of the node to which they belong, in a cluster. No later life gives them.
    life: Option<Life>,
}

/// Where ids are reserved.
#[derive(Debug, Clone)]
enum Reserve {
    Database(Database),
    Cluster(Node),
}

impl Reserve {
    /// Reserves a block. Returns its first id, and in a cluster the life to which it belongs.
    async fn block(&self) -> Result<(Option<Life>, u64), String> {
        match self {
            Self::Database(database) => Ok((None, database.reserve_ids(BLOCK).await.map_err(|error| error.to_string())?)),
            Self::Cluster(node) => {
                let (life, first) = node.reserve_ids().await.map_err(|error| error.to_string())?;
                Ok((Some(life), first))
            }
        }
    }

    /// Has the ids be those of the node's present life: ids of an earlier one may be another node's by now.
    fn follow_life(&self, ids: &mut Ids) {
        let Self::Cluster(node) = self else { return };
        let life = node.life();
        if ids.life != life {
            *ids = Ids { left: ClientIds::none(), life };
            if let Some(first) = life.and_then(|life| node.first_ids(life)) {
                ids.left.begin_block(first);
            }
        }
    }
}

impl Ids {
    /// The answer to a wish for a block.
    fn add(&mut self, block: Option<(Option<Life>, u64)>) {
        match block {
            Some((life, first)) if life == self.life => self.left.add_block(first),
            _ => self.left.is_refused(),
        }
    }
}

impl Arrivals {
    /// From now on ids are reserved in this database before they are used.
    pub async fn reserve_in(&mut self, database: Database) -> Result<(), String> {
        let reserve = Reserve::Database(database);
        let (_, first) = reserve.block().await?;
        lock(&self.ids).left.begin_block(first);
        self.reserve = Some(reserve);
        Ok(())
    }

    /// From now on ids are those of this node of a cluster.
    pub fn reserve_at(&mut self, node: Node) {
        self.reserve = Some(Reserve::Cluster(node));
    }

    /// Sends what is made for the next id. Clients of one shard come to it in the order of their ids. Returns false if no id is left: the
    /// database or the cluster has reserved none for as long as it took to use half a block up, or the node has no life.
    pub fn send<T>(&self, reservation: Permit<'_, T>, arrival: impl FnOnce(ClientId) -> T) -> bool {
        let mut ids = lock(&self.ids);
        self.reserve.iter().for_each(|reserve| reserve.follow_life(&mut ids));
        let id = ids.left.take();
        if let Some(id) = id {
            reservation.send(arrival(ClientId::new(id)));
        }
        if let Some(reserve) = self.reserve.as_ref().filter(|_| ids.left.wants_block()) {
            let (reserve, ids) = (reserve.clone(), Arc::clone(&self.ids));
            tokio::spawn(async move {
                let block = reserve.block().await;
                lock(&ids).add(block.ok());
            });
        }
        id.is_some()
    }
}

fn lock(ids: &Mutex<Ids>) -> MutexGuard<'_, Ids> {
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn a_block_of_an_earlier_life_is_not_used() {
        let life = |since| Some(Life { since, number: 0 });
        let mut ids = Ids { left: ClientIds::none(), life: life(7) };
        assert!(ids.left.wants_block());
        ids.add(Some((life(3), 1)));
        assert_eq!(ids.left.take(), None);
        assert!(ids.left.wants_block(), "another one is asked for");
        ids.add(Some((life(7), 65_537)));
        assert_eq!(ids.left.take(), Some(65_537));
    }

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
