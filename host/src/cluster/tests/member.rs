//! A node with the inbox of its only shard.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use ws_cluster::directory::Wake;
use ws_cluster::{Act, Answer, Entry, Life, Publication, RoomRecord, Standing, Stop};

use super::server::Server;
use crate::bus::Placement;
use crate::cluster::{News, NewsInbox, Node};
use crate::config::ClusterSettings;

/// A test fails when news has not come by then.
const DEADLINE: Duration = Duration::from_secs(60);

pub(super) struct Member {
    pub(super) node: Node,
    pub(super) inbox: NewsInbox,
}

pub(super) fn settings(server: &Server) -> ClusterSettings {
    ClusterSettings { servers: vec![server.url()], name: "c".into(), replicas: 1, ..ClusterSettings::default() }
}

impl Member {
    /// A node that has just begun its first life.
    pub(super) async fn join(server: &Server) -> Self {
        let (node, mut inboxes) = Node::join(&settings(server), Placement::new(1)).expect("the node joins");
        let mut member = Self { node, inbox: inboxes.remove(0) };
        member.begun().await;
        member
    }

    /// Waits for news of this kind. Other news is dropped.
    pub(super) async fn until<T>(&mut self, mut wanted: impl FnMut(News) -> Option<T>) -> T {
        let search = async {
            loop {
                let news = self.inbox.recv().await.expect("the node lives");
                if let Some(found) = wanted(news) {
                    return found;
                }
            }
        };
        timeout(DEADLINE, search).await.expect("the news comes")
    }

    pub(super) async fn begun(&mut self) -> Life {
        self.until(|news| if let News::Begun(life, _) = news { Some(life) } else { None }).await
    }

    pub(super) async fn over(&mut self) -> Stop {
        self.until(|news| if let News::Over(stop) = news { Some(stop) } else { None }).await
    }

    pub(super) fn life(&self) -> Life {
        self.node.life().expect("the node lives")
    }

    /// Waits until exactly these lives are not over.
    pub(super) async fn sees(&mut self, lives: impl IntoIterator<Item = Life>) {
        let lives = lives.into_iter().collect();
        while self.node.neighbours().alive() != lives {
            self.until(|news| matches!(news, News::Seen(_)).then_some(())).await;
        }
    }

    /// Finds the owner of a room.
    pub(super) async fn find(&mut self, room: &Arc<str>) -> Finding {
        self.node.find(room);
        self.found(room).await
    }

    pub(super) async fn found(&mut self, wanted: &Arc<str>) -> Finding {
        self.until(|news| match news {
            News::Won { room, standing } if room == *wanted => Some(Finding::Won(standing)),
            News::Found { room, owner, epoch } if room == *wanted => Some(Finding::Of(owner, epoch)),
            News::NotFound { room } if room == *wanted => Some(Finding::Nothing),
            _ => None,
        })
        .await
    }

    pub(super) async fn wins(&mut self, room: &Arc<str>) -> Standing {
        match self.find(room).await {
            Finding::Won(standing) => *standing,
            other => panic!("the room is {other:?}"),
        }
    }

    /// Publishes a record of this node behind another. Returns the answer.
    pub(super) async fn publish(&mut self, room: &Arc<str>, epoch: u64, expected: u64, act: Act) -> Answer<RoomRecord> {
        self.publish_with(room, epoch, expected, act, Wake::Never).await
    }

    /// The same for a room that others open then.
    pub(super) async fn publish_with(
        &mut self,
        room: &Arc<str>,
        epoch: u64,
        expected: u64,
        act: Act,
        wake: Wake,
    ) -> Answer<RoomRecord> {
        let record = RoomRecord { owner: self.life(), release: self.node.release(), act };
        self.node.publish(room, epoch, Publication { expected, record }, wake);
        self.until(|news| match news {
            News::Answered { room: answered, epoch: of, answer } if answered == *room && of == epoch => Some(answer),
            _ => None,
        })
        .await
    }

    /// Publishes a commit. Returns its sequence.
    pub(super) async fn commits(
        &mut self,
        room: &Arc<str>,
        after: u64,
        (epoch, number): (u64, u64),
        data: Bytes,
        whole: bool,
    ) -> u64 {
        let entry = Entry { epoch, number, data: vec![data], ..Entry::default() };
        match self.publish(room, epoch, after, Act::Commit { entry, whole }).await {
            Answer::Stored(sequence) => sequence,
            other => panic!("the commit is {other:?}"),
        }
    }

    pub(super) async fn leave(self) {
        self.node.leave(DEADLINE).await;
    }
}

/// The answer to a search for a room's owner.
#[derive(Debug)]
pub(super) enum Finding {
    Won(Box<Standing>),
    Of(Life, u64),
    Nothing,
}
