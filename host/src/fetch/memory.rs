//! The memory of the bodies that all rooms together send and get.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that bodies may take, and how many of them are free.
#[derive(Debug)]
pub(super) struct Total {
    free: Arc<Semaphore>,
    most: usize,
}

/// The part of one body, or of a piece of one. It is given back when this is dropped.
#[derive(Debug)]
pub struct Part(OwnedSemaphorePermit);

impl Total {
    /// A total of this many bytes.
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), most }
    }

    /// The most bytes of all bodies.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Takes some of the bytes, if they are free.
    pub(super) fn try_take(&self, bytes: usize) -> Option<Part> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.free).try_acquire_many_owned(bytes).ok().map(Part)
    }

    /// Waits for some of the bytes: for all of them at most.
    pub(super) async fn take(&self, bytes: usize) -> Part {
        let bytes = u32::try_from(bytes.min(self.most)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.free).acquire_many_owned(bytes).await;
        Part(taken.expect("the semaphore is never closed"))
    }
}

impl Part {
    /// Adds another part.
    pub(super) fn add(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn bytes_are_free_again_when_their_part_is_dropped() {
        let total = Total::new(10);
        let mut part = total.try_take(4).expect("they are free");
        part.add(total.try_take(6).expect("they are free"));
        assert!(total.try_take(1).is_none() && total.take(1).now_or_never().is_none());
        drop(part);
        assert!(total.take(1000).now_or_never().is_some(), "more than there are is all of them");
        assert!(total.try_take(11).is_none());
    }
}
