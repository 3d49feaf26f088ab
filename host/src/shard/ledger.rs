//! The memory that clients hold, as a sum and for each client.

use std::collections::HashMap;

use crate::types::ClientId;

/// The memory that a shard holds for its clients. A frame that waits in several outboxes exists once: each of its receivers answers for an equal
/// part, so that a broadcast on its way makes nobody a large holder.
#[derive(Debug, Default)]
pub struct Ledger {
    own: HashMap<ClientId, usize>,
    /// Shared frames by their address: their size and their receivers.
    shared: HashMap<usize, (usize, Vec<ClientId>)>,
}

impl Ledger {
    /// Adds memory that is held for this client alone.
    pub fn add(&mut self, client: ClientId, bytes: usize) {
        if bytes > 0 {
            *self.own.entry(client).or_default() += bytes;
        }
    }

    /// Adds a frame that may be held for others too.
    pub fn add_shared(&mut self, client: ClientId, address: usize, bytes: usize) {
        let (size, receivers) = self.shared.entry(address).or_default();
        *size = bytes.max(*size);
        receivers.push(client);
    }

    /// The sum in bytes.
    pub fn total(&self) -> usize {
        self.own.values().sum::<usize>() + self.shared.values().map(|(size, _)| size).sum::<usize>()
    }

    /// The holders with their parts, the largest first.
    pub fn holders(mut self) -> Vec<(ClientId, usize)> {
        for (size, receivers) in self.shared.into_values() {
            let part = size / receivers.len();
            receivers.into_iter().for_each(|client| *self.own.entry(client).or_default() += part);
        }
        let mut holders: Vec<_> = self.own.into_iter().collect();
        holders.sort_unstable_by_key(|(client, bytes)| (usize::MAX - bytes, client.get()));
        holders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_counts_once_and_makes_nobody_a_large_holder() {
        let mut ledger = Ledger::default();
        for client in 1..=1000 {
            ledger.add_shared(client.into(), 0xb0, 1 << 20);
        }
        ledger.add(7.into(), 5000);
        assert_eq!(ledger.total(), (1 << 20) + 5000);
        let holders = ledger.holders();
        assert_eq!((holders[0], holders.len()), ((7.into(), 5000 + 1048), 1000));
        assert_eq!(holders[1], (1.into(), 1048));
    }

    #[test]
    fn the_last_receiver_of_a_frame_answers_for_all_of_it() {
        let mut ledger = Ledger::default();
        ledger.add_shared(1.into(), 0xb0, 3000);
        ledger.add_shared(1.into(), 0xb1, 3000);
        ledger.add(2.into(), 4000);
        ledger.add(3.into(), 0);
        assert_eq!(ledger.holders(), [(1.into(), 6000), (2.into(), 4000)]);
    }
}
