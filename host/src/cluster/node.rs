//! The node as the shards see it: each of its calls is a question or an order.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use ws_cluster::directory::Wake;
use ws_cluster::{Envelope, Life, Neighbours, Publication, RoomRecord, Time};

use super::asking::{self, AskError, Handler};
use super::clock;
use super::core::{Core, Parts};
use super::directory_watch;
use super::existence;
use super::ids;
use super::inboxes::Inboxes;
use super::life;
use super::link::Link;
use super::names::Names;
use super::news::{News, NewsInbox};
use super::purges::{self, Purges};
use super::rooms::Rooms;
use super::sending::{self, Outgoing};
use super::settings::{ClusterError, ClusterSettings};
use super::streams;
use super::waking;
use crate::bus::Placement;

/// The time in which a node joins its cluster.
const JOIN: Duration = Duration::from_secs(10);

/// The node. A clone costs a reference count. No call blocks or waits, but for those that are `async`.
#[derive(Debug, Clone)]
pub struct Node {
    core: Arc<Core>,
    _thread: Arc<Thread>,
}

/// Ends the thread of the node with the last clone.
#[derive(Debug)]
struct Thread(CancellationToken);

impl Drop for Thread {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Has the node leave its cluster in good order when this is dropped, if it has not left before. Clones of the node do not keep it there.
#[derive(Debug)]
pub struct LeavesOnDrop(Node);

impl LeavesOnDrop {
    /// The node.
    pub fn node(&self) -> Node {
        self.0.clone()
    }
}

impl Drop for LeavesOnDrop {
    fn drop(&mut self) {
        self.0.drain();
        self.0.core.leaving.cancel();
    }
}

impl Node {
    /// Joins the cluster: connects, makes the streams if they are missing, and begins a life. Rooms have their shards by this placement. Blocks, ten
    /// seconds at most.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn join(settings: &ClusterSettings, placement: Placement) -> Result<(Self, Vec<NewsInbox>), ClusterError> {
        let names = Names::new(&settings.name)?;
        let (settings, (inboxes, receivers)) = (settings.clone(), Inboxes::new(placement));
        let (joined, result) = mpsc::channel();
        let left = CancellationToken::new();
        let thread = Arc::new(Thread(left.clone()));
        let no_thread = |error| ClusterError(format!("the thread of the cluster cannot start: {error}"));
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    runtime.block_on(left.clone().run_until_cancelled(run(settings, names, inboxes, joined, left)));
                }
                Err(error) => drop(joined.send(Err(no_thread(error)))),
            }
        };
        thread::Builder::new().name("cluster".into()).spawn(run).map_err(no_thread)?;
        let late = |_| {
            ClusterError(
                "NATS does not answer in time, so the node has not joined the cluster: check that JetStream has a leader".into(),
            )
        };
        let core = result.recv_timeout(JOIN).map_err(late)??;
        Ok((Self { core, _thread: thread }, receivers))
    }

    /// The time by the clock that goes on while the machine is suspended.
    pub fn now() -> Time {
        clock::now()
    }

    /// Whether the node counts on its lease now: its owners may take inputs.
    pub fn is_held(&self) -> bool {
        self.core.hold.is_held(clock::now())
    }

    /// The newest release of the app that may have had a part in the states of its rooms. 0 without releases.
    pub fn release(&self) -> u64 {
        self.core.present.tells()
    }

    /// Its present life.
    pub fn life(&self) -> Option<Life> {
        self.core.current().map(|alive| alive.life)
    }

    /// All nodes, as this one sees their records.
    pub fn neighbours(&self) -> Arc<Neighbours> {
        self.core.neighbours()
    }

    /// The lives that are not over, this one included.
    pub fn peers(&self) -> Vec<Life> {
        self.neighbours().alive().into_iter().collect()
    }

    /// The cluster's name, with which the names of its streams and subjects begin.
    pub fn name(&self) -> &str {
        self.core.names.cluster()
    }

    /// Finds the room's owner, or claims the room. `Found`, `Won` or `NotFound` follows. While one such request for a room runs, others do
    /// nothing. After `Won` the node takes the room for its own, until `ended`; requests do nothing meanwhile.
    pub fn find(&self, room: &Arc<str>) {
        let Some(rooms) = self.rooms() else { return };
        if rooms.may_find(room) {
            let (alive, room) = (Arc::clone(&rooms.alive), Arc::clone(room));
            self.core.spawn_for(&alive, async move { rooms.find(room).await });
        }
    }

    /// The shard has no owner of this epoch of the room any more: it was released or stopped, or it has never opened.
    pub fn ended(&self, room: &Arc<str>, epoch: u64) {
        if let Some(rooms) = self.rooms() {
            rooms.ended(room, epoch);
        }
    }

    /// The shard cannot read the state of this room, which the node has just won. It is not looked for again for a while.
    pub fn cannot_open(&self, room: &Arc<str>, epoch: u64) {
        if let Some(rooms) = self.rooms() {
            rooms.ended(room, epoch);
            rooms.keep_shut(room);
        }
    }

    /// Publishes a record of an owner, of any size up to 128 MiB. `Answered` follows. A record that does not fit one message is stored in pieces. `wake`
    /// tells when other nodes are to open the room, as it is with this record: they hear it before that is stored.
    pub fn publish(&self, room: &Arc<str>, epoch: u64, publication: Publication<RoomRecord>, wake: Wake) {
        let Some(rooms) = self.rooms() else { return };
        let (alive, room) = (Arc::clone(&rooms.alive), Arc::clone(room));
        self.core.spawn_for(&alive, async move { rooms.publish(room, epoch, publication, wake).await });
    }

    /// Answers `Stored` with the state as it is, since [`Node::publish`] takes records of any size.
    pub fn store(&self, room: &Arc<str>, epoch: u64, state: Bytes) {
        let Some(rooms) = self.rooms() else { return };
        let (core, room) = (Arc::clone(&self.core), Arc::clone(room));
        self.core.spawn_for(&rooms.alive, async move {
            core.inboxes.tell(&room, News::Stored { room: Arc::clone(&room), epoch, head: Some(state) });
        });
    }

    /// Removes the records of the room up to this sequence. They do not count any more. So do pieces of earlier records.
    pub fn purge(&self, room: &Arc<str>, through: u64) {
        let Some(rooms) = self.rooms() else { return };
        let (alive, room) = (Arc::clone(&rooms.alive), Arc::clone(room));
        self.core.spawn_for(&alive, async move { rooms.purge(room, through).await });
    }

    /// Whether a room of this name exists anywhere in the cluster: it is durable, a node has it open, or it has members. `None` if that cannot be
    /// read now.
    pub fn has_room(&self, room: &str) -> impl Future<Output = Option<bool>> + Send + use<> {
        let is_known = self.core.directory().has(room);
        let (core, room) = (Arc::clone(&self.core), room.to_owned());
        async move {
            if is_known {
                return Some(true);
            }
            let (done, result) = oneshot::channel();
            let asked = Arc::clone(&core);
            core.spawn(async move {
                let _ = done.send(existence::exists(&asked, &room).await.ok());
            });
            result.await.ok().flatten()
        }
    }

    /// The names of durable rooms that begin with `prefix`, behind `after`: the first ones, in order.
    pub fn durable_rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Arc<str>> {
        self.core.directory().names(prefix, after).take(limit).cloned().collect()
    }

    /// Sends messages to another node, in one or more messages of NATS. They may be lost.
    pub fn send(&self, to: Life, envelopes: &[Envelope]) {
        self.core.outgoing.push(to, envelopes.iter().map(Envelope::encode).collect());
    }

    /// NATS has forgotten records that were acknowledged: this life ends.
    pub fn restored(&self) {
        self.core.restored.notify_waiters();
    }

    /// Claims no more rooms, since the server shuts down.
    pub fn drain(&self) {
        self.core.is_draining.store(true, Relaxed);
    }

    /// Ties the node's place in its cluster to the server whose node it is: tasks and shards have clones of the node.
    pub fn leaves_on_drop(&self) -> LeavesOnDrop {
        LeavesOnDrop(self.clone())
    }

    /// Ends the life in good order, as the last thing of the server. Gives up after this time.
    pub async fn leave(&self, within: Duration) {
        self.drain();
        self.core.leaving.cancel();
        if timeout(within, self.core.left.cancelled()).await.is_err() {
            tracing::warn!("the node could not say farewell: others take it for dead in two seconds");
            self.core.quit();
        }
    }

    /// Takes the block of client ids that was reserved before this life began: its first id. `None` once it is taken, or if the life is over.
    pub fn first_ids(&self, life: Life) -> Option<u64> {
        let alive = self.core.current().filter(|alive| alive.life == life)?;
        Some(alive.first_ids.swap(0, Relaxed)).filter(|first| *first > 0)
    }

    /// Reserves a block of client ids for ever. Returns the life to which they belong, and the first of them.
    ///
    /// # Errors
    /// NATS does not answer.
    pub async fn reserve_ids(&self) -> Result<(Life, u64), ClusterError> {
        let gone = || ClusterError("the node has no number now, so there are no ids for new clients: ask again".into());
        let life = self.life().ok_or_else(gone)?;
        let (done, result) = oneshot::channel();
        let core = Arc::clone(&self.core);
        self.core.spawn(async move {
            let _ = done.send(ids::reserve(&core, life).await);
        });
        Ok((life, result.await.map_err(|_| gone())??))
    }

    /// Asks another node. It answers by its [`Node::serve`].
    ///
    /// # Errors
    /// The other node is gone, or does not answer.
    pub async fn ask(&self, to: Life, request: Bytes, within: Duration) -> Result<Bytes, AskError> {
        let (done, result) = oneshot::channel();
        let core = Arc::clone(&self.core);
        self.core.spawn(async move {
            let _ = done.send(asking::ask(&core.link, &core.names, to, request, within).await);
        });
        result.await.unwrap_or(Err(AskError::Gone))
    }

    /// Answers requests of other nodes by this handler, on the thread of the node. Many may run at a time.
    pub fn serve<F: Future<Output = Bytes> + Send + 'static>(&self, handler: impl Fn(Bytes) -> F + Send + Sync + 'static) {
        *self.core.handler.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Handler::new(handler));
    }

    /// Runs a task on the thread of the node. It must not block.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.core.spawn(task);
    }

    /// The connection. It comes back by itself.
    #[cfg(test)]
    pub fn nats(&self) -> async_nats::Client {
        self.core.link.client.clone()
    }

    /// JetStream, by the same connection.
    #[cfg(test)]
    pub fn jetstream(&self) -> async_nats::jetstream::Context {
        self.core.link.jetstream.clone()
    }

    /// The parts that its tasks share.
    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    fn rooms(&self) -> Option<Rooms> {
        Some(Rooms { alive: self.core.current()?, core: Arc::clone(&self.core) })
    }
}

/// Is the thread of the node.
async fn run(
    settings: ClusterSettings,
    names: Names,
    inboxes: Inboxes,
    joined: mpsc::Sender<Result<Arc<Core>, ClusterError>>,
    left: CancellationToken,
) {
    let connected = async {
        let link = Link::connect(&settings).await?;
        streams::ensure(&link, &names, settings.replicas).await?;
        Ok(link)
    };
    let link = match connected.await {
        Ok(link) => link,
        Err(error) => return drop(joined.send(Err(error))),
    };
    let ((outgoing, queue), (purges, released)) = (Outgoing::new(), Purges::new());
    let replicas = settings.replicas;
    let runtime = tokio::runtime::Handle::current();
    let core = Arc::new(Core::new(Parts { names, replicas, link, inboxes, outgoing, purges, runtime, left }));
    let node = Arc::clone(&core);
    let ready = Box::new(move |result: Result<(), ClusterError>| drop(joined.send(result.map(|()| node))));
    tokio::select! {
        () = life::live(&core, ready) => {}
        () = core.inboxes.forward() => {}
        () = sending::run(queue, &core.link, &core.names, asking::random()) => {}
        () = purges::run(released, core.chains()) => {}
        () = directory_watch::run(&core) => {}
        () = waking::run(&core) => {}
    }
}
