//! The threads of a server.

use tokio::sync::mpsc;

use crate::app::Launch;
use crate::bus::Inbox;
use crate::cluster::NewsInbox;
use crate::config::{Config, Instances};
use crate::error::Error;
use crate::server::Thread;
use crate::shard::{self, Order, ShardContext};

/// One room needs one thread; many rooms use all cores.
pub(super) fn shard_count(config: &Config) -> usize {
    match (config.instances, config.shards) {
        (Instances::Shared, _) => 1,
        (_, 0) => std::thread::available_parallelism().map_or(1, usize::from),
        (_, shards) => shards,
    }
}

/// The mail and the news of the cluster for each shard.
pub(super) type Inboxes = (Vec<Inbox>, Vec<NewsInbox>);

/// Where the shards take orders.
type Orders<L> = Vec<mpsc::Sender<Order<L>>>;

/// Starts a shard for each of these inboxes. After an error, the shards that have started end when their senders are dropped.
pub(super) fn start<L: Launch>(
    (mail, news): Inboxes,
    launch: &L,
    context: &ShardContext,
) -> Result<(Vec<Thread>, Orders<L>), Error> {
    let (mut threads, mut orders) = (Vec::new(), Vec::new());
    let mut news = news.into_iter();
    for (index, mail) in (0..).zip(mail) {
        let shard = shard::spawn(index, launch.clone(), context.clone(), mail, news.next())?;
        threads.push(Thread { commands: shard.commands, questions: shard.questions, thread: shard.thread });
        orders.push(shard.orders);
    }
    Ok((threads, orders))
}
