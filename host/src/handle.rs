//! A server's remote control, for any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::error::Error;
use crate::shard::{Command, Door, Roster};
use crate::types::{Client, ClientId, CloseInfo, Message};

/// A server's remote control. A clone costs a few reference counts; no method blocks.
///
/// What it does takes effect between two handlers of the room, in the order of the calls of one thread.
#[derive(Debug, Clone)]
pub struct Handle {
    shard: mpsc::Sender<Command>,
    roster: Arc<Roster>,
    door: Arc<Door>,
    stop: Arc<watch::Sender<Option<Instant>>>,
    drain_timeout: Duration,
    ended: Arc<AtomicBool>,
}

impl Handle {
    pub(crate) fn new(
        shard: mpsc::Sender<Command>,
        roster: Arc<Roster>,
        door: Arc<Door>,
        stop: watch::Sender<Option<Instant>>,
        drain_timeout: Duration,
    ) -> Self {
        Self { shard, roster, door, stop: Arc::new(stop), drain_timeout, ended: Arc::default() }
    }

    /// The clients that are connected, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.roster.clients()
    }

    /// Sends a message to one client.
    ///
    /// # Errors
    /// `NoSuchClient`, `Busy` or `Stopped`. A client that leaves while the message is under way gets nothing.
    pub fn send(&self, to: ClientId, message: impl Into<Message>) -> Result<(), Error> {
        let entry = self.roster.get(to).ok_or(Error::NoSuchClient(to))?;
        self.command(Command::Send(to, entry.slot, message.into()))
    }

    /// Sends a message to everybody.
    ///
    /// # Errors
    /// `Busy` or `Stopped`.
    pub fn broadcast(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.command(Command::Broadcast(message.into()))
    }

    /// From now on, new clients are refused with HTTP status 503. Who is connected stays.
    pub fn deny_new_clients(&self) {
        self.door.admitting.store(false, Relaxed);
    }

    /// Takes `deny_new_clients` back.
    pub fn allow_new_clients(&self) {
        self.door.admitting.store(true, Relaxed);
    }

    /// Closes every client with 1001; the server goes on.
    ///
    /// # Errors
    /// `Busy` or `Stopped`.
    pub fn disconnect_clients(&self) -> Result<(), Error> {
        self.command(Command::CloseAll(CloseInfo::shutdown()))
    }

    /// Ends the server: it accepts no more, closes its clients with 1001, waits for their close frames and for the app,
    /// and is gone after the drain timeout at the latest. `Server::run` returns then.
    pub fn shutdown(&self) {
        let deadline = Instant::now() + self.drain_timeout;
        // A second call does not move the deadline.
        self.stop.send_if_modified(|stop| stop.is_none().then(|| *stop = Some(deadline)).is_some());
    }

    pub(crate) fn stopped(&self) {
        self.ended.store(true, Relaxed);
    }

    fn command(&self, command: Command) -> Result<(), Error> {
        if self.ended.load(Relaxed) {
            return Err(Error::Stopped);
        }
        self.shard.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy(self.shard.max_capacity()),
            mpsc::error::TrySendError::Closed(_) => Error::Stopped,
        })
    }
}
