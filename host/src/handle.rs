//! A server's remote control, for any thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::config::Limits;
use crate::error::Error;
use crate::front::{Notice, Tls};
use crate::shard::{Address, Command, Delivery, Envelope, Roster};
use crate::swap::{Releases, Status, SwapReport};
use crate::types::{Client, ClientId, CloseInfo, Message};

/// A server's remote control. A clone costs two reference counts; no method blocks.
///
/// What it does takes effect between two handlers of the room, in the order of the calls of one thread.
#[derive(Debug, Clone)]
pub struct Handle {
    inner: Arc<Inner>,
    tls: Option<Arc<Tls>>,
}

#[derive(Debug)]
struct Inner {
    shards: Vec<mpsc::Sender<Command>>,
    roster: Arc<Roster>,
    admitting: Arc<AtomicBool>,
    notice: Notice,
    /// The releases of a component; a native app has none.
    releases: Option<Arc<Releases>>,
    stop: watch::Sender<Option<Instant>>,
    drain_timeout: Duration,
    max_message_bytes: usize,
    ended: AtomicBool,
}

impl Handle {
    pub(crate) fn new(
        shards: Vec<mpsc::Sender<Command>>,
        roster: Arc<Roster>,
        admitting: Arc<AtomicBool>,
        notice: Notice,
        releases: Option<Arc<Releases>>,
        stop: watch::Sender<Option<Instant>>,
        limits: &Limits,
    ) -> Self {
        let (drain_timeout, max_message_bytes) = (limits.drain_timeout, limits.max_message_bytes);
        let ended = AtomicBool::new(false);
        Self {
            inner: Arc::new(Inner { shards, roster, admitting, notice, releases, stop, drain_timeout, max_message_bytes, ended }),
            tls: None,
        }
    }

    pub(crate) fn with_tls(mut self, tls: Option<Arc<Tls>>) -> Self {
        self.tls = tls;
        self
    }

    /// The clients that are connected, in the order in which they came.
    pub fn clients(&self) -> Vec<Client> {
        self.inner.roster.clients()
    }

    /// Sends a message to one client.
    ///
    /// # Errors
    /// `NoSuchClient`, `MessageTooBig`, `Busy` or `Stopped`. A client that leaves while the message is under way gets nothing.
    pub fn send(&self, to: ClientId, message: impl Into<Message>) -> Result<(), Error> {
        let message = self.checked(message.into())?;
        let line = self.inner.roster.line(to).ok_or(Error::NoSuchClient(to))?;
        self.command(
            line.shard as usize,
            Command::Deliver(Envelope { to: Address::Client(to, line), what: Delivery::Message(message) }),
        )
    }

    /// Sends a message to everybody.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn broadcast(&self, message: impl Into<Message>) -> Result<(), Error> {
        let message = self.checked(message.into())?;
        self.deliver_all(|| Address::All, &Delivery::Message(message))
    }

    /// Sends a message to the members of a room. If no room has that name, nobody gets it.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn send_to_room(&self, room: &str, message: impl Into<Message>) -> Result<(), Error> {
        let (message, room) = (self.checked(message.into())?, Arc::from(room));
        self.deliver_all(|| Address::Room(Arc::clone(&room)), &Delivery::Message(message))
    }

    /// Sends a message to the subscribers of a topic in a room. If no room has that name, nobody gets it.
    ///
    /// # Errors
    /// `MessageTooBig`, `Busy` or `Stopped`.
    pub fn publish(&self, room: &str, topic: &str, message: impl Into<Message>) -> Result<(), Error> {
        let (message, room, topic) = (self.checked(message.into())?, Arc::from(room), Arc::from(topic));
        self.deliver_all(|| Address::Topic(Arc::clone(&room), Arc::clone(&topic)), &Delivery::Message(message))
    }

    /// From now on, new clients are refused with HTTP status 503. Who is connected stays.
    pub fn deny_new_clients(&self) {
        self.inner.admitting.store(false, Relaxed);
    }

    /// Takes `deny_new_clients` back. What a guest has denied by itself stays denied.
    pub fn allow_new_clients(&self) {
        self.inner.admitting.store(true, Relaxed);
    }

    /// Closes every client with 1001; the server goes on.
    ///
    /// # Errors
    /// `Busy` or `Stopped`.
    pub fn disconnect_clients(&self) -> Result<(), Error> {
        self.deliver_all(|| Address::All, &Delivery::Close(CloseInfo::disconnected()))
    }

    /// Ends the server: it accepts no more, closes its clients with 1001, waits for their close frames and for the app,
    /// and is gone after the drain timeout at the latest. `Server::run` returns then.
    pub fn shutdown(&self) {
        let deadline = Instant::now() + self.inner.drain_timeout;
        // A second call does not move the deadline.
        self.inner.stop.send_if_modified(|stop| stop.is_none().then(|| *stop = Some(deadline)).is_some());
    }

    pub(crate) fn stopped(&self) {
        self.inner.ended.store(true, Relaxed);
    }

    /// Goes to the component in this file while the clients stay connected.
    ///
    /// # Errors
    /// The component is refused, and then nothing has changed; or the app is not a component.
    pub async fn swap(&self, file: &Path) -> Result<SwapReport, Error> {
        self.releases()?.swap(file).await
    }

    /// Goes back to the release before, with the state of the running one.
    ///
    /// # Errors
    /// There is none, it is refused, or the app is not a component.
    pub async fn rollback(&self) -> Result<SwapReport, Error> {
        self.releases()?.rollback().await
    }

    /// Loads the certificate and its key from their files again. New connections get the new certificate; those that there are
    /// go on. A server without TLS has nothing to load. Reads files: to be called where that may block.
    ///
    /// # Errors
    /// `Error::Tls`: they cannot be served with, and the certificate before goes on.
    pub fn reload_tls(&self) -> Result<(), Error> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// What runs.
    ///
    /// # Errors
    /// The app is not a component.
    pub async fn status(&self) -> Result<Status, Error> {
        Ok(self.releases()?.status(self.inner.roster.len()))
    }

    /// Has the page show this text, if the server was built with `notices`; an empty one takes it away.
    pub fn set_notice(&self, text: impl Into<String>) {
        self.inner.notice.set(text.into());
    }

    fn releases(&self) -> Result<&Arc<Releases>, Error> {
        self.inner.releases.as_ref().ok_or(Error::NotAComponent)
    }

    fn checked(&self, message: Message) -> Result<Message, Error> {
        let (size, limit) = (message.as_bytes().len(), self.inner.max_message_bytes);
        if size > limit { Err(Error::MessageTooBig { size, limit }) } else { Ok(message) }
    }

    fn deliver_all(&self, to: impl Fn() -> Address, what: &Delivery) -> Result<(), Error> {
        let mut shards = 0..self.inner.shards.len();
        shards.try_for_each(|shard| self.command(shard, Command::Deliver(Envelope { to: to(), what: what.clone() })))
    }

    fn command(&self, shard: usize, command: Command) -> Result<(), Error> {
        if self.inner.ended.load(Relaxed) {
            return Err(Error::Stopped);
        }
        let shard = &self.inner.shards[shard];
        shard.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy(shard.max_capacity()),
            mpsc::error::TrySendError::Closed(_) => Error::Stopped,
        })
    }
}
