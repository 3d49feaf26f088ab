//! Places for connections: so many in all, and so many from one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one server. Its lock is taken when a connection comes or goes.
#[derive(Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    per_address: Option<Arc<Addresses>>,
}

/// A connection's part of what its address may have. Dropped, it is free again.
#[derive(Debug)]
pub struct Share(Option<Box<(Arc<Addresses>, IpAddr)>>);

#[derive(Debug)]
struct Addresses {
    most: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Places {
    /// So many places, and for each address no more than `per_address` of them.
    pub fn new(all: usize, per_address: Option<usize>) -> Self {
        let addresses = |most| Arc::new(Addresses { most, taken: Mutex::default() });
        Self { all: Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS))), per_address: per_address.map(addresses) }
    }

    /// A place, unless all are taken.
    pub fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).try_acquire_owned().ok()
    }

    /// A part of what this address may have, unless it has all of that.
    pub fn share(&self, address: IpAddr) -> Option<Share> {
        let Some(addresses) = &self.per_address else { return Some(Share(None)) };
        let network = network(address);
        let mut taken = addresses.taken();
        let count = taken.entry(network).or_default();
        // An entry that is new has room for one: the limit is 1 at least.
        (*count < addresses.most).then(|| {
            *count += 1;
            Share(Some(Box::new((Arc::clone(addresses), network))))
        })
    }
}

impl Share {
    /// Whether there is a limit that it counts for.
    pub fn is_limited(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((addresses, network)) = self.0.as_deref() else { return };
        // Who has gone leaves nothing behind, or strangers could fill the memory.
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

/// Whom an address stands for: with IPv6 each subscriber has a network of 64 bits at least (RFC 6177), all of it his to use.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("the test's address is one")
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_has_gone() {
        let places = Places::new(1, None);
        let taken = places.take();
        assert!(taken.is_some() && places.take().is_none());
        drop(taken);
        assert!(places.take().is_some());
    }

    #[test]
    fn an_address_has_its_part_and_no_more_and_others_have_theirs() {
        let places = Places::new(10, Some(2));
        let (one, two) = (places.share(ip("10.0.0.1")), places.share(ip("10.0.0.1")));
        assert!(one.is_some() && two.is_some());
        assert!(places.share(ip("10.0.0.1")).is_none());
        assert!(places.share(ip("10.0.0.2")).is_some());
        drop(one);
        assert!(places.share(ip("10.0.0.1")).is_some());
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one_address() {
        let places = Places::new(10, Some(1));
        let _one = places.share(ip("2001:db8:0:1::1"));
        assert!(places.share(ip("2001:db8:0:1:ffff::2")).is_none());
        assert!(places.share(ip("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn nothing_is_kept_of_who_has_gone() {
        let places = Places::new(10, Some(1));
        drop(places.share(ip("10.0.0.1")));
        assert!(places.per_address.as_ref().is_some_and(|addresses| addresses.taken().is_empty()));
    }

    #[test]
    fn without_a_limit_an_address_may_have_all() {
        let places = Places::new(10, None);
        let shares: Vec<_> = (0..100).map(|_| places.share(ip("10.0.0.1"))).collect();
        assert!(shares.iter().all(Option::is_some));
    }
}
