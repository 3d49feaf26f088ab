//! Messages to other nodes on their way out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc;
use ws_cluster::Life;

use super::link::Link;
use super::names::Names;
use super::parcels::pack;
use crate::log::LogThrottle;

/// Lists of messages that wait. More are dropped.
const MAX_LISTS: usize = 4096;
/// The bytes of messages that wait. More are dropped.
const MAX_BYTES: usize = 64 << 20;
/// The size of a message of NATS.
const PARCEL: usize = 512 << 10;

/// The queue of messages to other nodes.
#[derive(Debug)]
pub(super) struct Outgoing {
    sender: mpsc::Sender<(Life, Vec<Bytes>)>,
    bytes: Arc<AtomicUsize>,
    drops: LogThrottle,
}

/// Its other end.
#[derive(Debug)]
pub(super) struct Queue {
    receiver: mpsc::Receiver<(Life, Vec<Bytes>)>,
    bytes: Arc<AtomicUsize>,
}

impl Outgoing {
    pub(super) fn new() -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(MAX_LISTS);
        let bytes = Arc::<AtomicUsize>::default();
        let queue = Queue { receiver, bytes: Arc::clone(&bytes) };
        (Self { sender, bytes, drops: LogThrottle::one("messages to other nodes that were dropped") }, queue)
    }

    /// Queues messages, or drops them.
    pub(super) fn push(&self, to: Life, messages: Vec<Bytes>) {
        let bytes = size(&messages);
        let waiting = self.bytes.fetch_add(bytes, Relaxed);
        let fits = waiting == 0 || waiting + bytes <= MAX_BYTES;
        if fits && self.sender.try_send((to, messages)).is_ok() {
            return;
        }
        self.bytes.fetch_sub(bytes, Relaxed);
        if let Some(left_out) = self.drops.allows(Instant::now()) {
            tracing::warn!("messages to other nodes are dropped, since NATS takes too few: they are sent again{left_out}");
        }
    }
}

/// Sends the messages that are queued, until the queue's other end is gone. While NATS is away they are dropped.
pub(super) async fn run(mut queue: Queue, link: &Link, names: &Names, mut id: u64) {
    let (mut lists, most) = (Vec::new(), link.message_bytes(PARCEL));
    while queue.receiver.recv_many(&mut lists, MAX_LISTS).await > 0 {
        let mut by_life = BTreeMap::<Life, Vec<Bytes>>::new();
        for (to, messages) in lists.drain(..) {
            queue.bytes.fetch_sub(size(&messages), Relaxed);
            by_life.entry(to).or_default().extend(messages);
        }
        for (to, messages) in by_life {
            let subject = names.to(to);
            for parcel in pack(messages, most, &mut id) {
                if link.state().is_up
                    && let Err(error) = link.client.publish(subject.clone(), parcel).await
                {
                    tracing::debug!("a message to another node is not sent: {error}");
                }
            }
        }
    }
}

fn size(messages: &[Bytes]) -> usize {
    messages.iter().map(Bytes::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_dropped_when_too_many_wait() {
        let (outgoing, mut queue) = Outgoing::new();
        let to = Life { since: 1, number: 0 };
        (0..MAX_LISTS + 10).for_each(|_| outgoing.push(to, vec![Bytes::from_static(b"x")]));
        assert_eq!(outgoing.bytes.load(Relaxed), MAX_LISTS);
        let mut lists = Vec::new();
        assert_eq!(queue.receiver.recv_many(&mut lists, usize::MAX >> 4).await, MAX_LISTS);
        queue.bytes.store(0, Relaxed);
        let large = Bytes::from(vec![0; 40 << 20]);
        (0..3).for_each(|_| outgoing.push(to, vec![large.clone()]));
        assert_eq!(queue.receiver.recv_many(&mut lists, 10).await, 1);
    }
}
