//! A shard's thread.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::cluster::Part;
use super::command::Command;
use super::counters::Counters;
use super::driver::Driver;
use super::journal::DatabaseJournal;
use super::measuring::{Measurement, QUESTIONS, answer};
use super::orders::Order;
use super::resume::Peers;
use super::rooms::Rooms;
use super::roster::Roster;
use super::serve::serve;
use super::table::Shard;
use crate::app::{Fault, Launch};
use crate::bus::{Bus, Inbox};
use crate::cluster::state::ChainJournal;
use crate::cluster::{NewsInbox, Node};
use crate::config::Limits;
use crate::error::Error;
use crate::fetch::Outlet;
use crate::room::{Stores, Total};
use crate::store::Database;
use crate::trace::Tracer;

/// The most commands that wait for a shard. When the queue is full, the front waits, and the owner's calls answer `Busy`.
const COMMANDS: usize = 4096;

/// A running shard. When this is dropped, the thread ends as soon as it has carried out its commands.
#[derive(Debug)]
pub struct ShardHandle<L> {
    /// Where commands go.
    pub commands: mpsc::Sender<Command>,
    /// Where orders to change the release go.
    pub orders: mpsc::Sender<Order<L>>,
    /// Where its numbers are asked for.
    pub questions: mpsc::Sender<Measurement>,
    /// The thread, to be joined.
    pub thread: std::thread::JoinHandle<()>,
}

/// The parts that the shards of one server share.
#[derive(Debug, Clone)]
pub struct ShardContext {
    /// The app's name, for errors.
    pub app_name: String,
    /// The server's limits.
    pub limits: Limits,
    /// The connected clients.
    pub roster: Arc<Roster>,
    /// The shared counters.
    pub counters: Arc<Counters>,
    /// The room that exists from the start and for ever, on the first shard. With `None`, rooms come and go.
    pub shared_room: Option<Arc<str>>,
    /// How long an empty room is kept; `None` means for ever.
    pub linger: Option<Duration>,
    /// Whether a room that ends is kept, with its state and its durable timers.
    pub keeps_rooms: bool,
    /// The rules of requests to HTTP servers.
    pub outlet: Arc<Outlet>,
    /// The way of messages between rooms.
    pub bus: Arc<Bus>,
    /// Where the stores of rooms are.
    pub stores: StorePlace,
    /// Makes the spans of rooms.
    pub tracer: Option<Tracer>,
    /// The cluster that the server is a node of.
    pub node: Option<Node>,
    /// The other nodes of the cluster.
    pub peers: Option<Arc<dyn Peers>>,
}

/// Where the stores of all rooms are.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// In memory. They end with the process, or each with its room.
    Memory {
        /// Whether a store ends with its room.
        of_rooms: bool,
        /// Their size together.
        total: Arc<Total>,
    },
    /// In this database.
    Database(Database),
    /// In the records of the cluster.
    Cluster(Arc<ChainJournal>),
}

impl ShardContext {
    /// The shard's part in the cluster.
    fn part(&self, shard: &Rc<Shard>) -> Option<Rc<Part>> {
        match (&self.node, &self.stores) {
            (Some(node), StorePlace::Cluster(journal)) => {
                let shared = self.shared_room.clone().filter(|_| shard.index() == 0);
                Some(Part::new(node.clone(), Rc::clone(shard), Arc::clone(journal), shared))
            }
            _ => None,
        }
    }
}

impl StorePlace {
    /// The stores of one shard, each of at most `most` bytes.
    fn stores(&self, most: u64) -> Stores {
        match self {
            Self::Memory { of_rooms: true, total } => Stores::of_rooms(most, Arc::clone(total)),
            Self::Memory { of_rooms: false, total } => Stores::in_memory(most, Arc::clone(total)),
            Self::Database(database) => Stores::journaled(Arc::new(DatabaseJournal::new(database.clone())), most),
            Self::Cluster(journal) => Stores::journaled(Arc::<ChainJournal>::clone(journal), most),
        }
    }
}

/// Starts a shard. The first one (`index` 0) opens the shared room, if there is one, and waits until its first instance
/// has started.
pub fn spawn<L: Launch>(
    index: u32,
    launch: L,
    context: ShardContext,
    mail: Inbox,
    news: Option<NewsInbox>,
) -> Result<ShardHandle<L>, Error> {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (orders, order_inbox) = mpsc::channel(1);
    let (questions, asked) = mpsc::channel(QUESTIONS);
    let (started, outcome) = std::sync::mpsc::channel();
    let run = move || {
        let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime,
            Err(source) => return drop(started.send(Err(Error::System { what: "start an event loop", source }))),
        };
        runtime.block_on(async move {
            let (shard, driver) = match begin(index, &context) {
                Ok(begun) => begun,
                Err(source) => return drop(started.send(Err(Error::System { what: "watch the sockets of a shard", source }))),
            };
            let _cleared = ClearedAtEnd(Rc::clone(&shard));
            let stores = context.stores.stores(context.limits.store_of_room(context.node.is_some()));
            let kept = (context.linger, context.keeps_rooms);
            let part = context.part(&shard);
            shard.resources().sessions.set_peers(context.peers.clone());
            let rooms = Rooms::new(Rc::clone(&shard), Arc::clone(&context.counters), stores, launch, kept, part.clone());
            let opened = match &context.shared_room {
                _ if index > 0 => Ok(()),
                Some(name) if part.is_none() => rooms.open_shared(name).await,
                _ => rooms.try_out(&rooms.launch()).await,
            };
            let opened = opened.map_err(|fault| cannot_start(context.app_name, &fault));
            let failed = opened.is_err();
            let _ = started.send(opened);
            if !failed {
                let driving = tokio::task::spawn_local(driver.run());
                let following = tokio::task::spawn_local(follow(Rc::clone(&rooms), order_inbox));
                let opening = tokio::task::spawn_local(Rc::clone(&rooms).open_due());
                let taking = tokio::task::spawn_local(Rc::clone(&rooms).take_events(mail));
                let answering = tokio::task::spawn_local(answer(Rc::clone(&rooms), asked));
                let parting =
                    part.zip(news).map(|(part, news)| tokio::task::spawn_local(Rc::clone(&rooms).take_part(part, news)));
                serve(&shard, &rooms, inbox).await;
                driving.abort();
                parting.iter().for_each(JoinHandle::abort);
                answering.abort();
                following.abort();
                opening.abort();
                taking.abort();
            }
            rooms.clear();
        });
        // A name may still be looked up, which cannot be cancelled and may take a minute.
        runtime.shutdown_background();
    };
    let thread = std::thread::Builder::new()
        .name(format!("shard-{index}"))
        .spawn(run)
        .map_err(|source| Error::System { what: "start a thread", source })?;
    let dead = || Error::System { what: "start a shard", source: io::Error::other("its thread ended at once") };
    outcome.recv().map_err(|_| dead())??;
    Ok(ShardHandle { commands, orders, questions, thread })
}

fn begin(index: u32, context: &ShardContext) -> io::Result<(Rc<Shard>, Driver)> {
    let shard = Shard::new(
        index,
        context.limits.clone(),
        Arc::clone(&context.roster),
        Arc::clone(&context.outlet),
        Arc::clone(&context.bus),
        context.tracer.clone(),
    )?;
    let driver = Driver::new(&shard)?;
    Ok((shard, driver))
}

/// Clears the shard when its thread ends, also by a panic.
struct ClearedAtEnd(Rc<Shard>);

impl Drop for ClearedAtEnd {
    fn drop(&mut self) {
        self.0.clear();
        self.0.bus().note_end(self.0.index());
    }
}

fn cannot_start(name: String, fault: &Fault) -> Error {
    if let Some(backtrace) = &fault.backtrace {
        tracing::debug!("{fault}\n{backtrace}");
    }
    Error::Start { name, reason: fault.in_full() }
}

async fn follow<L: Launch>(rooms: Rc<Rooms<L>>, mut orders: mpsc::Receiver<Order<L>>) {
    while let Some(order) = orders.recv().await {
        rooms.follow(order).await;
    }
}
