//! Look-ups of names: a few at a time, and one for all requests that need the same name meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

/// The look-ups at a time. Each blocks a thread of the shard for as long as the system's resolver takes, whether or not a request still waits
/// for it.
const AT_A_TIME: usize = 16;

/// The addresses of a name.
pub(super) type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
/// Looks a name up.
pub(super) type Resolve = dyn Fn(String) -> Addresses + Send + Sync;
/// The outcome of a look-up that has ended.
type Found = Option<Result<Vec<IpAddr>, String>>;

/// The look-ups of one client. A clone costs reference counts.
#[derive(Clone)]
pub(super) struct Lookups {
    resolve: Arc<Resolve>,
    permits: Arc<Semaphore>,
    /// Those that run or wait for a permit, by name.
    begun: Arc<Mutex<HashMap<String, Arc<watch::Sender<Found>>>>>,
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups").finish_non_exhaustive()
    }
}

impl Lookups {
    /// Looks names up with `resolve`.
    pub(super) fn new(resolve: Arc<Resolve>) -> Self {
        Self { resolve, permits: Arc::new(Semaphore::new(AT_A_TIME)), begun: Arc::default() }
    }

    /// The addresses of a name.
    ///
    /// # Errors
    /// The resolver gives no answer. The text says why.
    pub(super) async fn addresses(&self, name: String) -> Result<Vec<IpAddr>, String> {
        let mut waiting = self.begin(name);
        let found = waiting.wait_for(Option::is_some).await;
        found.ok().and_then(|found| found.clone()).unwrap_or_else(|| Err("the look-up was given up".to_owned()))
    }

    /// Begins a look-up, unless one of this name has begun.
    fn begin(&self, name: String) -> watch::Receiver<Found> {
        let mut begun = self.begun();
        if let Some(sender) = begun.get(&name) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        begun.insert(name.clone(), Arc::clone(&sender));
        // A task of its own: the system's resolver cannot be stopped, and its permit is given back when it has ended.
        tokio::spawn(self.clone().run(name, sender));
        receiver
    }

    async fn run(self, name: String, sender: Arc<watch::Sender<Found>>) {
        let permit = tokio::select! {
            permit = self.permits.acquire() => permit.ok(),
            // All requests that waited for it have ended.
            () = sender.closed() => None,
        };
        if permit.is_some() {
            let found = (self.resolve)(name.clone()).await.map_err(|error| error.to_string());
            sender.send_replace(Some(found));
        }
        self.begun().remove(&name);
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<String, Arc<watch::Sender<Found>>>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks a name up with the system's resolver.
pub(super) fn resolve(name: String) -> Addresses {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    /// Look-ups that wait for a signal, the number of those that have begun, and the signal.
    fn waiting() -> (Lookups, Arc<AtomicUsize>, Arc<Notify>) {
        let (begun, go_on) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counted, signal) = (Arc::clone(&begun), Arc::clone(&go_on));
        let resolve = move |name: String| -> Addresses {
            counted.fetch_add(1, Relaxed);
            let signal = Arc::clone(&signal);
            Box::pin(async move {
                signal.notified().await;
                name.parse().map(|address| vec![address]).map_err(io::Error::other)
            })
        };
        (Lookups::new(Arc::new(resolve)), begun, go_on)
    }

    async fn all_have_run() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn requests_for_one_name_share_a_look_up_and_its_outcome() {
        let (lookups, begun, go_on) = waiting();
        let asked = join_all([(); 100].map(|()| lookups.addresses("10.0.0.1".to_owned())));
        let (found, ()) = tokio::join!(asked, async {
            all_have_run().await;
            go_on.notify_one();
        });
        assert_eq!(begun.load(Relaxed), 1);
        assert!(found.iter().all(|found| *found == Ok(vec![IpAddr::from([10, 0, 0, 1])])), "{found:?}");
        go_on.notify_one();
        assert!(lookups.addresses("none".to_owned()).await.is_err());
        assert_eq!(begun.load(Relaxed), 2, "a look-up that has ended is not used again");
    }

    #[tokio::test]
    async fn a_few_look_ups_run_at_a_time_although_their_requests_end() {
        let (lookups, begun, go_on) = waiting();
        let ask = |number: usize| lookups.addresses(format!("10.0.0.{number}"));
        tokio::select! {
            biased;
            _ = join_all((0..100).map(ask)) => panic!("none of them ends"),
            () = all_have_run() => {}
        }
        assert_eq!(begun.load(Relaxed), AT_A_TIME);
        all_have_run().await;
        assert_eq!(lookups.begun().len(), AT_A_TIME, "those that had not begun are given up with their requests");
        for _ in 0..AT_A_TIME {
            go_on.notify_one();
            all_have_run().await;
        }
        assert!(lookups.begun().is_empty());
    }
}
