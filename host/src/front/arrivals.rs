//! The order of clients: the id of each, and its hand-over to a shard.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::Permit;

use crate::types::ClientId;

/// Gives ids. A lock spans an id and its hand-over: on a runtime with several threads, a client could otherwise reach its shard
/// before one with an earlier id.
#[derive(Debug, Default)]
pub struct Arrivals {
    last: Mutex<u64>,
}

impl Arrivals {
    /// Sends what is made for the next id. Clients of one shard come to it in the order of their ids.
    pub fn send<T>(&self, reservation: Permit<'_, T>, arrival: impl FnOnce(ClientId) -> T) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        reservation.send(arrival(ClientId::new(*last)));
    }
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
                        arrivals.send(reservation, |id| {
                            // Another thread gets every chance to overtake.
                            std::thread::yield_now();
                            id.get()
                        });
                    }
                });
            }
        });
        drop(shard);
        let ids: Vec<_> = std::iter::from_fn(|| inbox.blocking_recv()).collect();
        assert_eq!(ids, (1..=(THREADS * EACH) as u64).collect::<Vec<_>>());
    }
}
