//! All connections, and their poller.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::mem;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::client::Client;
use super::message::Prepared;
use super::options::Options;
use super::target::Target;
use super::transport::Buffers;

/// Concurrent upgrades: a number that the backlogs of all servers hold without loss.
const UPGRADES: usize = 64;
/// The timeout of a connection with its upgrade.
const PATIENCE: Duration = Duration::from_secs(10);
/// The poller counts in milliseconds. Shorter waits need other means.
const POLLER_TICK: Duration = Duration::from_millis(1);
/// The kernel wakes a thread about 50 µs late. The rest of a wait is spent spinning.
const AWAKE: Duration = Duration::from_micros(80);

/// All connections.
#[derive(Debug)]
pub struct Pool {
    /// The message that they send.
    pub message: Prepared,
    /// Open connections that ended without our request.
    pub lost: usize,
    /// Connections that failed to open.
    pub failed: usize,
    /// The reasons, with their counts.
    pub reasons: BTreeMap<String, usize>,
    target: Target,
    rooms: usize,
    compression: bool,
    poll: Poll,
    events: Events,
    buffers: Buffers,
    clients: Vec<Option<Client>>,
    open: usize,
    upgrading: VecDeque<(usize, Instant)>,
    epoch: Instant,
}

/// A receiver of the events of connections.
pub trait Happenings {
    /// A connection is open.
    fn opened(&mut self, pool: &mut Pool, client: usize);
    /// Messages have arrived.
    fn received(&mut self, pool: &mut Pool, client: usize, messages: u32);
    /// A connection has ended, or could not be opened.
    fn gone(&mut self, pool: &mut Pool, client: usize);
}

impl Pool {
    /// No connection yet.
    pub fn new(target: Target, message: Prepared, options: &Options) -> io::Result<Self> {
        Ok(Self {
            message,
            lost: 0,
            failed: 0,
            reasons: BTreeMap::new(),
            target,
            rooms: options.rooms,
            compression: options.compression,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffers: Buffers::default(),
            clients: (0..options.connections).map(|_| None).collect(),
            open: 0,
            upgrading: VecDeque::new(),
            epoch: Instant::now(),
        })
    }

    /// The time since the start, the only clock of a run.
    pub fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// The intended number of connections.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Whether a connection can send.
    pub fn is_open(&self, client: usize) -> bool {
        self.clients[client].as_ref().is_some_and(Client::is_open)
    }

    /// The room of a connection.
    pub fn room(&self, client: usize) -> usize {
        client % self.rooms
    }

    /// Whether one more upgrade may begin. Until the first has succeeded they run one by one, so that an error is reported at once.
    pub fn takes_more(&self) -> bool {
        self.upgrading.len() < if self.open == 0 { 1 } else { UPGRADES }
    }

    /// The number of connections that are being opened.
    pub fn upgrading(&self) -> usize {
        self.upgrading.len()
    }

    /// Begins a connection.
    pub fn connect(&mut self, client: usize) -> io::Result<()> {
        let mut made = Client::connect(&self.target)?;
        self.poll.registry().register(made.transport.socket(), Token(client), Interest::READABLE | Interest::WRITABLE)?;
        self.clients[client] = Some(made);
        self.upgrading.push_back((client, Instant::now()));
        Ok(())
    }

    /// Sends messages on an open connection.
    pub fn send(&mut self, client: usize, messages: usize) {
        self.act(client, |client| client.queue(messages));
    }

    /// Ends a connection in order.
    pub fn close(&mut self, client: usize) {
        if self.is_open(client) {
            self.open -= 1;
        }
        self.act(client, Client::close);
    }

    /// The poller also reports a broken connection, so this ignores errors.
    fn act(&mut self, client: usize, what: impl FnOnce(&mut Client)) {
        if let Some(client) = &mut self.clients[client] {
            what(client);
            let _ = client.flush(self.message.frames(client.compressed));
        }
    }

    /// Waits for events until `until`, and reports them.
    pub fn turn(&mut self, until: Option<Duration>, happenings: &mut impl Happenings) -> io::Result<()> {
        self.wait(until)?;
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            self.happened(event, happenings);
        }
        self.events = events;
        self.give_up(happenings);
        Ok(())
    }

    fn wait(&mut self, until: Option<Duration>) -> io::Result<()> {
        let mut left = until.map(|until| until.saturating_sub(self.now()));
        if let Some(short) = left.filter(|left| *left < 2 * POLLER_TICK) {
            if short > AWAKE {
                let nanos = (short - AWAKE).subsec_nanos();
                let timeout = Timespec { tv_sec: 0, tv_nsec: nanos.into() };
                poll(&mut [PollFd::new(self.poll.registry(), PollFlags::IN)], Some(&timeout))
                    .map_err(io::Error::from)
                    .or_else(ignore_signals)?;
            }
            left = Some(Duration::ZERO);
        }
        // The poller rounds up, so this waits for whole ticks. The next turn waits for the rest.
        let left = left.map(|left| left.saturating_sub(POLLER_TICK));
        self.poll.poll(&mut self.events, left).or_else(|error| ignore_signals(error).map(drop))
    }

    fn happened(&mut self, event: &Event, happenings: &mut impl Happenings) {
        let index = event.token().0;
        let Some(mut client) = self.clients[index].take() else { return };
        if client.is_connecting() {
            let room = self.room(index);
            let asked = client.ask(&self.target, room, self.compression);
            return match asked {
                Ok(()) => self.clients[index] = Some(client),
                Err(error) => self.is_over(index, false, Some(error.to_string()), happenings),
            };
        }
        let was_open = client.is_open();
        let came = client.read(&mut self.buffers);
        if came.over.is_none() {
            let _ = client.flush(self.message.frames(client.compressed));
        }
        self.clients[index] = Some(client);
        if came.opened {
            self.open += 1;
            self.upgrading.retain(|(upgrading, _)| *upgrading != index);
            happenings.opened(self, index);
        }
        if came.messages > 0 {
            happenings.received(self, index, came.messages);
        }
        if let Some(why) = came.over {
            let is_open = self.is_open(index);
            self.clients[index] = None;
            self.open -= usize::from(is_open);
            self.is_over(index, was_open || came.opened, why, happenings);
        }
    }

    /// Ends a connection. An end that we have asked for has no reason.
    fn is_over(&mut self, index: usize, was_open: bool, why: Option<String>, happenings: &mut impl Happenings) {
        self.upgrading.retain(|(upgrading, _)| *upgrading != index);
        if let Some(why) = why {
            *(if was_open { &mut self.lost } else { &mut self.failed }) += 1;
            *self.reasons.entry(why).or_default() += 1;
        }
        happenings.gone(self, index);
    }

    /// Ends upgrades past the timeout.
    fn give_up(&mut self, happenings: &mut impl Happenings) {
        while let Some((index, since)) = self.upgrading.front().copied()
            && since.elapsed() > PATIENCE
        {
            self.clients[index] = None;
            self.is_over(index, false, Some("the server did not answer in time".to_owned()), happenings);
        }
    }
}

fn ignore_signals(error: io::Error) -> io::Result<usize> {
    if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) }
}
