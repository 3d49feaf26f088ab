//! The way of news to the shards.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};
use ws_cluster::Envelope;

use super::news::{News, NewsInbox};
use crate::bus::Placement;

/// The news that a shard's inbox holds.
const CAPACITY: usize = 8192;
/// The part of it that messages of other nodes leave free for news that must arrive.
const RESERVE: usize = 4096;

/// The inboxes of all shards. Only the thread of the node writes to them.
#[derive(Debug)]
pub(super) struct Inboxes {
    placement: Placement,
    inboxes: Vec<Inbox>,
}

#[derive(Debug)]
struct Inbox {
    sender: mpsc::Sender<News>,
    /// News for which there was no place. Its size is bounded by the requests of the shard, which it answers.
    waiting: Mutex<VecDeque<News>>,
    has_waiting: Notify,
}

impl Inboxes {
    pub(super) fn new(placement: Placement) -> (Self, Vec<NewsInbox>) {
        let (senders, receivers): (Vec<_>, _) = (0..placement.shards()).map(|_| mpsc::channel(CAPACITY)).unzip();
        let inbox = |sender| Inbox { sender, waiting: Mutex::default(), has_waiting: Notify::new() };
        (Self { placement, inboxes: senders.into_iter().map(inbox).collect() }, receivers)
    }

    pub(super) fn tell_all(&self, news: impl Fn() -> News) {
        self.inboxes.iter().for_each(|inbox| inbox.tell(news()));
    }

    /// News for the shard of this room.
    pub(super) fn tell(&self, room: &str, news: News) {
        self.inbox(room).tell(news);
    }

    /// A message of another node. Returns whether it is taken.
    pub(super) fn receive(&self, envelope: Envelope) -> bool {
        let inbox = self.inbox(&envelope.room);
        let has_place = inbox.sender.capacity() > RESERVE && inbox.waiting().is_empty();
        has_place && inbox.sender.try_send(News::Received(envelope)).is_ok()
    }

    /// Gives the news that waits to its shard when there is place again, for ever.
    pub(super) async fn forward(&self) {
        futures_util::future::join_all(self.inboxes.iter().map(Inbox::forward)).await;
        // All shards have ended.
        std::future::pending::<()>().await;
    }

    fn inbox(&self, room: &str) -> &Inbox {
        &self.inboxes[self.placement.shard_of(room)]
    }
}

impl Inbox {
    fn tell(&self, news: News) {
        let mut waiting = self.waiting();
        let unsent = if waiting.is_empty() { self.sender.try_send(news) } else { Err(mpsc::error::TrySendError::Full(news)) };
        if let Err(mpsc::error::TrySendError::Full(news)) = unsent {
            waiting.push_back(news);
            self.has_waiting.notify_one();
        }
    }

    async fn forward(&self) {
        loop {
            self.has_waiting.notified().await;
            loop {
                if self.waiting().is_empty() {
                    break;
                }
                // A shard that has ended reads nothing.
                let Ok(place) = self.sender.reserve().await else { return };
                let mut waiting = self.waiting();
                if let Some(news) = waiting.pop_front() {
                    place.send(news);
                }
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<News>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;
    use ws_cluster::{Life, Message, Stop};

    use super::*;

    fn envelope(session: u64) -> Envelope {
        let (from, room) = (Life { since: 1, number: 0 }, ByteString::from_static("main"));
        Envelope { from, room, epoch: 0, session, message: Message::Bye }
    }

    #[tokio::test]
    async fn messages_are_dropped_when_the_inbox_is_half_full_and_news_waits_in_order() {
        let (inboxes, mut receivers) = Inboxes::new(Placement::new(1));
        let taken = (0..CAPACITY as u64).filter(|n| inboxes.receive(envelope(*n))).count();
        assert_eq!(taken, CAPACITY - RESERVE);
        let looked = |epoch| News::Looked { room: "main".into(), epoch, last: None };
        (0..CAPACITY as u64).for_each(|epoch| inboxes.tell("main", looked(epoch)));
        inboxes.tell_all(|| News::Over(Stop::Replaced));
        let mut inbox = receivers.remove(0);
        let read = async {
            for _ in 0..taken {
                assert!(matches!(inbox.recv().await, Some(News::Received(_))));
            }
            for n in 0..CAPACITY as u64 {
                assert!(matches!(inbox.recv().await, Some(News::Looked { epoch, .. }) if epoch == n));
            }
            assert!(matches!(inbox.recv().await, Some(News::Over(Stop::Replaced))));
        };
        tokio::select! {
            () = inboxes.forward() => panic!("it goes on for ever"),
            () = read => {}
        }
    }
}
