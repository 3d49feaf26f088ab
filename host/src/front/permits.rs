//! Permits for connections: a number in all, and a number for each address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::types::network;

/// The permits of one server. With a limit for each address, a lock is taken when a connection comes or goes.
#[derive(Debug)]
pub struct Permits {
    all: Arc<Semaphore>,
    size: Mutex<Size>,
    per_address: RwLock<Option<Arc<Addresses>>>,
}

/// The number of permits in all.
#[derive(Debug)]
struct Size {
    all: usize,
    /// Those that are still taken of an earlier, larger number. They are given up when they come back.
    surplus: usize,
}

/// One of the connections that an address may have. Dropping it frees it again.
#[derive(Debug)]
pub struct Share(Option<Box<(Arc<Addresses>, IpAddr)>>);

#[derive(Debug)]
struct Addresses {
    max: AtomicUsize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Permits {
    /// `all` permits, of which one address gets `per_address` at most.
    pub fn new(all: usize, per_address: Option<usize>) -> Self {
        let all = all.min(Semaphore::MAX_PERMITS);
        let size = Mutex::new(Size { all, surplus: 0 });
        Self { all: Arc::new(Semaphore::new(all)), size, per_address: RwLock::new(per_address.map(Addresses::new)) }
    }

    /// Changes the numbers. Connections beyond them stay. A first limit for each address does not count those that are open already.
    pub fn resize(&self, all: usize, per_address: Option<usize>) {
        self.size.lock().unwrap_or_else(PoisonError::into_inner).set(all.min(Semaphore::MAX_PERMITS), &self.all);
        let mut current = self.per_address.write().unwrap_or_else(PoisonError::into_inner);
        match (&*current, per_address) {
            (Some(addresses), Some(max)) => addresses.max.store(max, Relaxed),
            (_, max) => *current = max.map(Addresses::new),
        }
    }

    /// A permit, unless all are taken.
    pub fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner).settle(&self.all);
        Arc::clone(&self.all).try_acquire_owned().ok()
    }

    /// One of the connections that this address may have, unless it has them all.
    pub fn share(&self, address: IpAddr) -> Option<Share> {
        let per_address = self.per_address.read().unwrap_or_else(PoisonError::into_inner);
        let Some(addresses) = &*per_address else { return Some(Share(None)) };
        let network = network(address);
        let mut taken = addresses.taken();
        let count = taken.entry(network).or_default();
        // The limit is at least 1, so a new entry is always counted up.
        (*count < addresses.max.load(Relaxed)).then(|| {
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

impl Size {
    fn set(&mut self, all: usize, permits: &Semaphore) {
        if all > self.all {
            let more = all - self.all;
            let still_taken = self.surplus.min(more);
            self.surplus -= still_taken;
            permits.add_permits(more - still_taken);
        }
        self.surplus += self.all.saturating_sub(all);
        self.all = all;
        self.settle(permits);
    }

    /// Gives up what has come back of the surplus.
    fn settle(&mut self, permits: &Semaphore) {
        if self.surplus > 0 {
            self.surplus -= permits.forget_permits(self.surplus);
        }
    }
}

impl Addresses {
    fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max: AtomicUsize::new(max), taken: Mutex::default() })
    }

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
        let addresses = permits.per_address.read().expect("no test has panicked").clone();
        assert!(addresses.is_some_and(|addresses| addresses.taken().is_empty()));
    }

    #[test]
    fn without_a_limit_an_address_may_have_all_permits() {
        let permits = Permits::new(10, None);
        let shares: Vec<_> = (0..100).map(|_| permits.share(ip("10.0.0.1"))).collect();
        assert!(shares.iter().all(Option::is_some));
    }
    #[test]
    fn fewer_permits_count_when_connections_have_ended_and_more_count_at_once() {
        let permits = Permits::new(3, None);
        let mut taken: Vec<_> = (0..3).filter_map(|_| permits.take()).collect();
        permits.resize(1, None);
        taken.truncate(1);
        assert!(permits.take().is_none(), "one is taken, and one is the limit");
        permits.resize(2, None);
        taken.extend(permits.take());
        assert!(taken.len() == 2 && permits.take().is_none());
        permits.resize(1, None);
        permits.resize(3, None);
        taken.extend(permits.take());
        assert!(taken.len() == 3 && permits.take().is_none());
        taken.clear();
        let all: Vec<_> = std::iter::from_fn(|| permits.take()).collect();
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn the_limit_of_an_address_changes_with_what_it_has() {
        let permits = Permits::new(10, Some(1));
        let one = permits.share(ip("10.0.0.1"));
        permits.resize(10, Some(2));
        let two = permits.share(ip("10.0.0.1"));
        assert!(one.is_some() && two.is_some() && permits.share(ip("10.0.0.1")).is_none());
        permits.resize(10, None);
        assert!(permits.share(ip("10.0.0.1")).is_some());
    }
}
