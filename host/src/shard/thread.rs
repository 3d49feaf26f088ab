//! A shard's thread, and the commands that other threads send it.

use std::future::poll_fn;
use std::io;
use std::net::TcpStream as StdTcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::connection::Connection;
use super::door::Door;
use super::mailbox::{Event, Mailbox};
use super::reader;
use super::room_loop::RoomLoop;
use super::roster::Roster;
use super::seat::Seat;
use super::table::Shard;
use crate::app::{Decision, Launch, UpgradeRequest};
use crate::config::Limits;
use crate::error::Error;
use crate::protocol;
use crate::room::{Room, RoomLimits};
use crate::types::{Client, ClientId, CloseInfo, Message};

/// Commands that wait for a shard. When it is full, the front door waits, and the owner's calls answer `Busy`.
const COMMANDS: usize = 4096;
/// The longest time between two looks at silent and closing connections.
const SWEEP: Duration = Duration::from_secs(1);

/// A connection that has been upgraded, on its way to its shard.
#[derive(Debug)]
pub struct Newcomer {
    /// The socket, in non-blocking mode, registered with no runtime.
    pub stream: StdTcpStream,
    /// What came in the same packets as the upgrade request: the first frames.
    pub first: Bytes,
    /// Who it is.
    pub client: Client,
    /// Its place among the connections that the server may have.
    pub permit: OwnedSemaphorePermit,
}

/// What other threads ask of a shard. It takes effect between two events of the room.
#[derive(Debug)]
pub enum Command {
    /// A client has connected.
    Join(Newcomer),
    /// Somebody asks to be let in, and the app has a gate.
    Upgrade(Box<UpgradeRequest>, oneshot::Sender<Decision>),
    /// The owner sends a message to one client, at this place.
    Send(ClientId, usize, Message),
    /// The owner sends a message to everybody.
    Broadcast(Message),
    /// The owner disconnects everybody.
    CloseAll(CloseInfo),
    /// The server shuts down: everybody is closed, and the shard ends when they are gone and the room is idle, or
    /// at this time.
    Drain(Instant),
}

/// A running shard. Dropped, it lets the thread end with its commands.
#[derive(Debug)]
pub struct ShardHandle {
    /// Where commands go.
    pub commands: mpsc::Sender<Command>,
    thread: JoinHandle<()>,
}

impl ShardHandle {
    /// Waits for the thread's end. Blocks.
    pub fn join(self) {
        drop(self.commands);
        if self.thread.join().is_err() {
            tracing::error!("a shard's thread panicked");
        }
    }
}

/// Starts a shard with one room, and waits until the room's first instance has started. `name` is the app's, for errors.
pub fn spawn<L: Launch>(
    index: usize,
    name: &str,
    launch: L,
    limits: Limits,
    door: Arc<Door>,
    roster: Arc<Roster>,
) -> Result<ShardHandle, Error> {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (started, outcome) = std::sync::mpsc::channel();
    let app_name = name.to_owned();
    let run = move || {
        let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime,
            Err(source) => return drop(started.send(Err(Error::System { what: "start an event loop", source }))),
        };
        runtime.block_on(async move {
            let shard = Shard::new(limits, roster);
            match open_room(&shard, &door, launch, app_name).await {
                Ok(seat) => {
                    let _ = started.send(Ok(()));
                    serve(index, shard, seat, door, inbox).await;
                }
                Err(error) => drop(started.send(Err(error))),
            }
        });
    };
    let thread = std::thread::Builder::new()
        .name(format!("shard-{index}"))
        .spawn(run)
        .map_err(|source| Error::System { what: "start a thread", source })?;
    let dead = || Error::System { what: "start a shard", source: io::Error::other("its thread ended at once") };
    outcome.recv().map_err(|_| dead())??;
    Ok(ShardHandle { commands, thread })
}

async fn open_room<L: Launch>(shard: &Rc<Shard>, door: &Arc<Door>, launch: L, app_name: String) -> Result<Rc<Seat>, Error> {
    let limits = &shard.limits;
    let seat = Seat::new(Mailbox::new(limits.mailbox_events, limits.mailbox_bytes));
    let room_limits = RoomLimits { max_message_bytes: limits.max_message_bytes, outbox_soft_bytes: limits.outbox_soft_bytes };
    let room = Room::new("main", room_limits);
    let room_loop =
        RoomLoop::start(Rc::clone(shard), Rc::clone(&seat), Arc::clone(door), launch, room).await.map_err(|fault| {
            if let Some(backtrace) = &fault.backtrace {
                tracing::debug!("{fault}\n{backtrace}");
            }
            Error::Start { name: app_name, reason: fault.message }
        })?;
    seat.work(room_loop.run());
    Ok(seat)
}

async fn serve(index: usize, shard: Rc<Shard>, seat: Rc<Seat>, door: Arc<Door>, mut inbox: mpsc::Receiver<Command>) {
    let writer = Rc::clone(&shard);
    tokio::task::spawn_local(poll_fn(move |cx| writer.poll_turn(cx)));
    let limits = &shard.limits;
    let period = SWEEP.min(limits.ping_interval / 4).min(limits.pong_timeout / 4).min(limits.close_timeout / 4);
    let mut sweeps = tokio::time::interval(period.max(Duration::from_millis(1)));
    loop {
        let command = tokio::select! {
            command = inbox.recv() => command,
            _ = sweeps.tick() => {
                shard.sweep();
                continue;
            }
        };
        match command {
            Some(Command::Join(newcomer)) => join(index, &shard, &seat, newcomer),
            Some(Command::Upgrade(request, answer)) => seat.deliver(Event::Upgrade(request, answer)),
            Some(Command::Send(id, slot, message)) => send(&shard, id, slot, &message),
            Some(Command::Broadcast(message)) => {
                for connection in shard.all() {
                    queue_message(&shard, &connection, &message);
                }
            }
            Some(Command::CloseAll(info)) => close_all(&shard, &info),
            Some(Command::Drain(deadline)) => return drain(&shard, &seat, &door, deadline, &mut sweeps, inbox).await,
            // Nobody can send commands any more: the server was dropped without a shutdown.
            None => return,
        }
    }
}

fn join(index: usize, shard: &Rc<Shard>, seat: &Rc<Seat>, newcomer: Newcomer) {
    let Newcomer { stream, first, client, permit } = newcomer;
    let (reader, writer) = match TcpStream::from_std(stream) {
        Ok(stream) => stream.into_split(),
        Err(error) => return tracing::warn!(client = client.id, "a new connection is lost: {error}"),
    };
    let connection = shard.insert(index, client, |peer| Connection::new(peer, Rc::clone(seat), writer, shard.now()));
    let peer = Arc::clone(&connection.peer);
    let task_shard = Rc::clone(shard);
    tokio::task::spawn_local(async move {
        reader::run(task_shard, connection, reader, first).await;
        drop(permit);
    });
    seat.deliver(Event::Joined(peer));
}

fn send(shard: &Shard, id: ClientId, slot: usize, message: &Message) {
    if let Some(connection) = shard.connection(id, slot) {
        queue_message(shard, &connection, message);
    }
}

fn queue_message(shard: &Shard, connection: &Rc<Connection>, message: &Message) {
    if connection.is_open() {
        let text = message.as_text().is_some();
        connection.queue_control(shard, |out| protocol::write_message(out, text, message.as_bytes()));
    }
}

fn close_all(shard: &Shard, info: &CloseInfo) {
    for connection in shard.all() {
        connection.close(shard, info.clone());
    }
}

/// Closes everybody, also who still arrives, and returns when all are gone and the room is idle, or at the deadline.
async fn drain(
    shard: &Rc<Shard>,
    seat: &Rc<Seat>,
    door: &Door,
    deadline: Instant,
    sweeps: &mut tokio::time::Interval,
    mut inbox: mpsc::Receiver<Command>,
) {
    door.admitting.store(false, Relaxed);
    close_all(shard, &CloseInfo::shutdown());
    inbox.close();
    let drained = async {
        loop {
            tokio::select! {
                biased;
                // Whoever is not drained from the inbox is dropped with it: the connection just ends.
                Some(_) = inbox.recv() => {}
                () = shard.emptied() => break,
                _ = sweeps.tick() => shard.sweep(),
            }
        }
        seat.idle().await;
    };
    if tokio::time::timeout_at(deadline.into(), drained).await.is_err() {
        tracing::warn!("the drain deadline has passed: the remaining connections are cut");
    }
}
