//! Permits for connections: a number in all, and a number for each address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::types::network;

/// The permits of one server. With a limit for each address, a lock is taken when a connection comes or goes.
#[derive(Debug)]
pub struct Permits {
    all: Arc<Semaphore>,
    per_address: Option<Arc<Addresses>>,
}

/// One of the connections that an address may have. Dropping it frees it again.
#[derive(Debug)]
pub struct Share(Option<Box<(Arc<Addresses>, IpAddr)>>);

#[derive(Debug)]
struct Addresses {
    max: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Permits {
    /// `all` permits, of which one address gets `per_address` at most.
    pub fn new(all: usize, per_address: Option<usize>) -> Self {
        let addresses = |max| Arc::new(Addresses { max, taken: Mutex::default() });
        Self { all: Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS))), per_address: per_address.map(addresses) }
    }

    /// A permit, unless all are taken.
    pub fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).try_acquire_owned().ok()
    }

    /// One of the connections that this address may have, unless it has them all.
    pub fn share(&self, address: IpAddr) -> Option<Share> {
        let Some(addresses) = &self.per_address else { return Some(Share(None)) };
        let network = network(address);
        let mut taken = addresses.taken();
        let count = taken.entry(network).or_default();
        // The limit is at least 1, so a new entry is always counted up.
        (*count < addresses.max).then(|| {
            *count += 1;
            Share(Some(Box::new((Arc::clone(addresses), network))))
        })
    }
}

impl Share {
    /// Whether addresses have a limit, so that the share counts.
    pub fn is_limited(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((addresses, network)) = self.0.as_deref() else { return };
        // The last connection removes the entry: otherwise every address ever seen would stay in memory.
        if let Entry::Occupied(mut count) = addresses.taken().entry(*network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Addresses {
    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("the test's address is valid")
    }

    #[test]
    fn a_permit_is_free_again_when_its_connection_ends() {
        let permits = Permits::new(1, None);
        let taken = permits.take();
        assert!(taken.is_some() && permits.take().is_none());
        drop(taken);
        assert!(permits.take().is_some());
    }

    #[test]
    fn an_address_gets_its_share_and_other_addresses_get_theirs() {
        let permits = Permits::new(10, Some(2));
        let (one, two) = (permits.share(ip("10.0.0.1")), permits.share(ip("10.0.0.1")));
        assert!(one.is_some() && two.is_some());
        assert!(permits.share(ip("10.0.0.1")).is_none());
        assert!(permits.share(ip("10.0.0.2")).is_some());
        drop(one);
        assert!(permits.share(ip("10.0.0.1")).is_some());
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one_address() {
        let permits = Permits::new(10, Some(1));
        let _one = permits.share(ip("2001:db8:0:1::1"));
        assert!(permits.share(ip("2001:db8:0:1:ffff::2")).is_none());
        assert!(permits.share(ip("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn an_address_without_connections_is_forgotten() {
        let permits = Permits::new(10, Some(1));
        drop(permits.share(ip("10.0.0.1")));
        assert!(permits.per_address.as_ref().is_some_and(|addresses| addresses.taken().is_empty()));
    }

    #[test]
    fn without_a_limit_an_address_may_have_all_permits() {
        let permits = Permits::new(10, None);
        let shares: Vec<_> = (0..100).map(|_| permits.share(ip("10.0.0.1"))).collect();
        assert!(shares.iter().all(Option::is_some));
    }
}
