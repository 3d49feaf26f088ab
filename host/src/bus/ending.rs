//! The stages of the end of the server, which all shards reach before one goes on.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// The shards that have reached a stage.
#[derive(Debug)]
pub(super) struct Ending {
    shards: usize,
    there: watch::Sender<BTreeSet<usize>>,
}

impl Ending {
    /// None of this many shards is there.
    pub(super) fn new(shards: usize) -> Self {
        Self { shards, there: watch::Sender::default() }
    }

    /// This shard is there from now on.
    pub(super) fn note(&self, shard: usize) {
        self.there.send_if_modified(|there| there.insert(shard));
    }

    /// Resolves when all are.
    pub(super) async fn all(&self) {
        // It cannot fail: the sender is here.
        let _ = self.there.subscribe().wait_for(|there| there.len() >= self.shards).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn a_stage_is_reached_when_each_shard_is_there() {
        let ending = Ending::new(2);
        let mut all = pin!(ending.all());
        let mut context = Context::from_waker(Waker::noop());
        ending.note(0);
        ending.note(0);
        assert_eq!(all.as_mut().poll(&mut context), Poll::Pending);
        ending.note(1);
        assert_eq!(all.as_mut().poll(&mut context), Poll::Ready(()));
    }
}
