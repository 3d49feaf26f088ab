//! The embeddable server: it accepts connections until it is told to stop, then closes its clients.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::api::takeover::Taking;
use crate::close::CloseInfo;
use crate::cluster::{LeavesOnDrop, Node};
use crate::config::Listening;
use crate::error::Error;
use crate::front::{Front, Listener, Listeners, Stop, Why, Wishes};
use crate::handle::Handle;
use crate::shard::{Command, Measurement};
use crate::store::Database;
use crate::trace::Tracer;

/// How long a node may take to say that it leaves its cluster.
const LEAVING: Duration = Duration::from_secs(2);

/// A server that listens already: connections wait in the kernel's queue until `run` or `run_forever` accepts them.
///
/// ```no_run
/// # fn main() -> Result<(), ws_host::Error> {
/// let server = ws_host::Server::builder()
///     .port(13254)
///     .on_new_client(|room, _client| {
///         let _ = room.broadcast("Hey all, a new client has joined us");
///     })
///     .build()?;
/// server.run_forever()
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    places: Vec<Listening>,
    addresses: Vec<SocketAddr>,
    front: Front,
    shards: Vec<Thread>,
    handle: Handle,
    wishes: Wishes,
    database: Option<Database>,
    tracer: Option<Tracer>,
    /// The node of a cluster that it is.
    node: Option<Node>,
    leaves: Option<LeavesOnDrop>,
    /// The running server whose place this one takes.
    taking: Option<Taking>,
}

impl Server {
    pub(crate) fn new(
        listeners: Vec<Listener>,
        front: Front,
        shards: Vec<Thread>,
        handle: Handle,
        wishes: Wishes,
    ) -> Result<Self, Error> {
        let places: Vec<_> = listeners.iter().map(Listener::place).collect::<io::Result<_>>().map_err(unusable)?;
        let addresses = places.iter().filter(|place| !place.redirects).filter_map(|place| place.address).collect();
        Ok(Self {
            listeners,
            places,
            addresses,
            front,
            shards,
            handle,
            wishes,
            database: None,
            tracer: None,
            node: None,
            leaves: None,
            taking: None,
        })
    }

    /// The database that is closed at the end.
    pub(crate) fn with_database(self, database: Option<Database>) -> Self {
        Self { database, ..self }
    }

    /// It leaves the cluster at the end, and when it is dropped.
    pub(crate) fn with_node(self, leaves: Option<LeavesOnDrop>) -> Self {
        Self { node: leaves.as_ref().map(LeavesOnDrop::node), leaves, ..self }
    }

    /// Its spans are sent at the end.
    pub(crate) fn with_tracer(self, tracer: Option<Tracer>) -> Self {
        Self { tracer, ..self }
    }

    /// The running server whose place this one takes.
    pub(crate) fn in_place_of(self, taking: Option<Taking>) -> Self {
        Self { taking, ..self }
    }

    /// The first address that it listens on. With port 0, it has the port that the system chose. A server that listens on Unix sockets alone has none:
    /// then it is `127.0.0.1`, port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses.first().copied().unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// All addresses that it listens on: those of the host name, on one port, or those of the places and listeners that the builder was given.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// All places that it listens at, Unix sockets too.
    pub fn listening(&self) -> &[Listening] {
        &self.places
    }

    /// A handle for other threads and tasks. When the server has ended, its commands return `Error::Stopped`.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until `Handle::shutdown`, or until another process has taken over. Then it closes the clients with 1001, or 1012, and returns when
    /// they are gone, at the latest after the drain timeout. Call it within a tokio runtime; the rooms run on threads of their own.
    ///
    /// # Errors
    /// A listening socket cannot be used, or the database cannot be read (`Error::Data`).
    pub async fn run(self) -> Result<(), Error> {
        let Self { listeners, front, shards, wishes, handle, database, tracer, node, leaves, taking, .. } = self;
        // Also when this future is dropped.
        let (ended, _leaves) = (Ended(handle.clone()), leaves);
        let served = match prepare(listeners, front, (database.clone(), node.clone())).await {
            Ok((listeners, front)) => {
                begin(taking, &handle);
                Ok(front.run(listeners, wishes).await)
            }
            Err(error) => Err(Taking::give_up(taking, error)),
        };
        // Also a server that cannot serve has a room, whose state takes time to be kept.
        let (deadline, close) = match &served {
            Ok(Stop { deadline, why: Why::Takeover, .. }) => (*deadline, CloseInfo::restart()),
            Ok(Stop { deadline, why: Why::Shutdown, .. }) => (*deadline, CloseInfo::shutdown()),
            Err(_) => (handle.drain_deadline(), CloseInfo::shutdown()),
        };
        node.iter().for_each(Node::drain);
        // In each queue, the command to drain stands behind all clients admitted before it.
        for shard in &shards {
            let _ = shard.commands.send(Command::Drain(deadline, close.clone())).await;
        }
        let joined = tokio::task::spawn_blocking(move || {
            let panicked = shards.into_iter().map(Thread::join).filter(|ended| !ended).count();
            if let Some(database) = database {
                database.close();
            }
            panicked
        });
        match joined.await {
            Ok(0) => {}
            _ => tracing::error!("a shard's thread panicked"),
        }
        if let Some(node) = node {
            node.leave(LEAVING).await;
        }
        // Another process may wait for the data folder, and the collector may not answer.
        drop(ended);
        if let Some(tracer) = tracer {
            let _flushed = tokio::task::spawn_blocking(move || tracer.flush()).await;
        }
        served.map(drop)
    }

    /// Serves until `shutdown` is ready or `Handle::shutdown` is called, whichever comes first, and then ends as `run` does.
    ///
    /// # Errors
    /// As `run`.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let handle = self.handle();
        let mut running = pin!(self.run());
        tokio::select! {
            ended = &mut running => return ended,
            () = shutdown => handle.shutdown(),
        }
        running.await
    }

    /// The same as `run` on a runtime of its own, for programs that have none. Blocks.
    ///
    /// # Errors
    /// As `run`, or the runtime cannot be started.
    pub fn run_forever(self) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|source| Error::System { what: "start an event loop", source })?.block_on(self.run())
    }
}

/// Says at its end that the server has ended.
struct Ended(Handle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.stopped();
    }
}

/// Gets everything ready that can fail.
async fn prepare(
    listeners: Vec<Listener>,
    mut front: Front,
    (database, node): (Option<Database>, Option<Node>),
) -> Result<(Listeners, Front), Error> {
    let listeners = Listeners::new(listeners).map_err(unusable)?;
    if let Some(database) = database {
        front.resume(database).await.map_err(Error::Data)?;
    }
    if let Some(node) = node {
        front.join(node);
    }
    Ok((listeners, front))
}

/// Notes that the server accepts connections. One that takes another's place is the service as soon as that one has left.
fn begin(taking: Option<Taking>, handle: &Handle) {
    let Some(mut taking) = taking else { return handle.serves() };
    taking.serving();
    let handle = handle.clone();
    tokio::task::spawn_blocking(move || {
        taking.wait_until_left();
        handle.serves();
    });
}

fn unusable(source: io::Error) -> Error {
    Error::System { what: "use the listening socket", source }
}

/// A shard's thread, whatever app it runs.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) questions: mpsc::Sender<Measurement>,
    pub(crate) thread: std::thread::JoinHandle<()>,
}

impl Thread {
    /// Waits for its end. Returns false if it panicked. Blocks.
    fn join(self) -> bool {
        drop((self.commands, self.questions));
        self.thread.join().is_ok()
    }
}
