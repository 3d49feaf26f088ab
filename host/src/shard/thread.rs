//! A shard's thread, and the commands that other threads send it.

use std::future::poll_fn;
use std::io;
use std::net::TcpStream as StdTcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::drain::drain;
use super::line::Line;
use super::mailbox::Event;
use super::orders::Order;
use super::parcel::Parcel;
use super::reader::Reader;
use super::rooms::{Counters, Rooms};
use super::roster::Roster;
use super::stream::Stream;
use super::table::Shard;
use super::tls::TlsSession;
use crate::app::{Decision, Fault, Launch, UpgradeRequest};
use crate::config::Limits;
use crate::error::Error;
use crate::protocol::{self, Agreement};
use crate::room::LineId;
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
    /// The TLS session over it, if there is one.
    pub tls: Option<Box<TlsSession>>,
    /// What came in the same packets as the upgrade request: the first frames.
    pub first: Bytes,
    /// Who it is.
    pub client: Client,
    /// What was agreed on compression.
    pub agreement: Option<Agreement>,
    /// Its place among the connections that the server may have.
    pub permit: Permit,
}

/// Gives a place back when it is dropped. What exactly it gives back is the front door's concern.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
    _more: Option<Box<dyn std::any::Any + Send>>,
}

impl Permit {
    /// A place of all that the server has, and whatever else is taken, if it is.
    pub fn new(place: OwnedSemaphorePermit, more: Option<Box<dyn std::any::Any + Send>>) -> Self {
        Self { _place: place, _more: more }
    }
}

/// What other threads ask of a shard. It takes effect between two events of a room.
#[derive(Debug)]
pub enum Command {
    /// Somebody asks to be let into the room of this name.
    Knock(Arc<str>, Box<UpgradeRequest>, oneshot::Sender<Decision>),
    /// A client has connected, to the room of this name.
    Join(Arc<str>, Newcomer),
    /// The owner sends a message to one client, over this line.
    Send(ClientId, LineId, Message),
    /// The owner sends a message to everybody.
    Broadcast(Message),
    /// The owner disconnects everybody.
    CloseAll(CloseInfo),
    /// The server shuts down: everybody is closed, and the shard ends when they are gone and the rooms are idle, or
    /// at this time.
    Drain(Instant),
}

/// A running shard. Dropped, it lets the thread end with its commands.
#[derive(Debug)]
pub struct ShardHandle<L> {
    /// Where commands go.
    pub commands: mpsc::Sender<Command>,
    /// Where orders to change the release go.
    pub orders: mpsc::Sender<Order<L>>,
    /// The thread, to be joined.
    pub thread: JoinHandle<()>,
}

/// What the shards of one server have in common.
#[derive(Debug, Clone)]
pub struct ShardContext {
    /// The app's name, for errors.
    pub app_name: String,
    /// The server's limits.
    pub limits: Limits,
    /// Who is connected.
    pub roster: Arc<Roster>,
    /// What is counted.
    pub counters: Arc<Counters>,
    /// The room that exists from the start and for ever, on the first shard. Without one, rooms come and go.
    pub shared_room: Option<Arc<str>>,
}

/// Starts a shard. The first one (`index` 0) opens the shared room, if there is one, and waits until its first instance
/// has started.
pub fn spawn<L: Launch>(index: u32, launch: L, context: ShardContext) -> Result<ShardHandle<L>, Error> {
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (orders, order_inbox) = mpsc::channel(1);
    let (started, outcome) = std::sync::mpsc::channel();
    let run = move || {
        let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => runtime,
            Err(source) => return drop(started.send(Err(Error::System { what: "start an event loop", source }))),
        };
        runtime.block_on(async move {
            let shard = Shard::new(context.limits.clone(), Arc::clone(&context.roster));
            let linger = context.shared_room.is_none().then_some(shard.limits.room_linger);
            let rooms = Rooms::new(Rc::clone(&shard), Arc::clone(&context.counters), launch, linger);
            let opened = match &context.shared_room {
                _ if index > 0 => Ok(()),
                Some(name) => open_shared(&rooms, name).await,
                None => rooms.try_out(&rooms.launch()).await,
            };
            let opened = opened.map_err(|fault| cannot_start(context.app_name, fault));
            let failed = opened.is_err();
            let _ = started.send(opened);
            if !failed {
                let following = tokio::task::spawn_local(follow(Rc::clone(&rooms), order_inbox));
                serve(index, &shard, &rooms, inbox).await;
                following.abort();
            }
            rooms.clear();
        });
    };
    let thread = std::thread::Builder::new()
        .name(format!("shard-{index}"))
        .spawn(run)
        .map_err(|source| Error::System { what: "start a thread", source })?;
    let dead = || Error::System { what: "start a shard", source: io::Error::other("its thread ended at once") };
    outcome.recv().map_err(|_| dead())??;
    Ok(ShardHandle { commands, orders, thread })
}

async fn open_shared<L: Launch>(rooms: &Rc<Rooms<L>>, name: &str) -> Result<(), Fault> {
    let (started, outcome) = oneshot::channel();
    rooms.open(name, started);
    outcome.await.unwrap_or_else(|_| Err(Fault::new("its room ended at once")))
}

fn cannot_start(name: String, fault: Fault) -> Error {
    if let Some(backtrace) = &fault.backtrace {
        tracing::debug!("{fault}\n{backtrace}");
    }
    Error::Start { name, reason: fault.message }
}

async fn follow<L: Launch>(rooms: Rc<Rooms<L>>, mut orders: mpsc::Receiver<Order<L>>) {
    while let Some(order) = orders.recv().await {
        rooms.follow(order).await;
    }
}

async fn serve<L: Launch>(index: u32, shard: &Rc<Shard>, rooms: &Rc<Rooms<L>>, mut inbox: mpsc::Receiver<Command>) {
    let writer = Rc::clone(shard);
    tokio::task::spawn_local(poll_fn(move |cx| writer.poll_turn(cx)));
    let limits = &shard.limits;
    let period = SWEEP.min(limits.ping_interval / 4).min(limits.pong_timeout / 4).min(limits.close_timeout / 4);
    let mut sweeps = tokio::time::interval(period.max(Duration::from_millis(1)));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let command = tokio::select! {
            command = inbox.recv() => command,
            _ = sweeps.tick() => {
                shard.sweep(sweeps.period());
                continue;
            }
        };
        match command {
            Some(Command::Knock(room, request, answer)) => knock(rooms, &room, request, answer),
            Some(Command::Join(room, newcomer)) => join(index, shard, rooms, &room, newcomer),
            Some(Command::Send(id, line, message)) => send(shard, id, line, &message),
            Some(Command::Broadcast(message)) => {
                let frame = encode(&message);
                let mut parcel = Parcel::whole(&frame, false);
                shard.for_each(|line| line.queue_uncounted(shard, &mut parcel));
            }
            Some(Command::CloseAll(info)) => close_all(shard, &info),
            Some(Command::Drain(deadline)) => return drain(shard, rooms, deadline, &mut sweeps, inbox).await,
            // Nobody can send commands any more: the server was dropped without a shutdown.
            None => return,
        }
    }
}

fn knock<L: Launch>(rooms: &Rc<Rooms<L>>, room: &str, request: Box<UpgradeRequest>, answer: oneshot::Sender<Decision>) {
    match rooms.get_or_open(room) {
        Some(seat) => seat.deliver(Event::Upgrade(request, answer)),
        None => drop(answer.send(Decision::Refuse(503))),
    }
}

fn join<L: Launch>(index: u32, shard: &Rc<Shard>, rooms: &Rc<Rooms<L>>, room: &str, newcomer: Newcomer) {
    let Newcomer { stream, tls, first, client, agreement, permit } = newcomer;
    // The room was there when it let this client in; it can be gone only if it lingers for less than a handshake takes.
    let Some(seat) = rooms.get_or_open(room) else { return };
    let socket = match TcpStream::from_std(stream) {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(client = client.id.get(), "a new connection is lost: {error}"),
    };
    let stream = Stream::new(socket, tls);
    let (id, line) = shard.insert(index, client, |member| Line::new(member, Rc::clone(&seat), stream, agreement, shard.now()));
    let member = Arc::clone(&line.member);
    tokio::task::spawn_local(Reader::new(Rc::clone(shard), id, line, first, agreement, permit));
    seat.deliver(Event::Joined(member));
}

fn send(shard: &Shard, id: ClientId, line: LineId, message: &Message) {
    if let Some(line) = shard.line(id, line) {
        line.queue_uncounted(shard, &mut Parcel::whole(&encode(message), true));
    }
}

fn encode(message: &Message) -> Bytes {
    let mut frame = Vec::new();
    protocol::write_message(&mut frame, message.as_text().is_some(), message.as_bytes());
    frame.into()
}

fn close_all(shard: &Shard, info: &CloseInfo) {
    shard.for_each(|line| line.close(shard, info.clone()));
}
