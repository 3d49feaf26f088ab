//! The socket, and the sender that can be cloned.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use ws_protocol::Message;

use crate::driver::{Command, Driver};
use crate::talk::Item;
use crate::{Address, Closed, Event, InvalidAddress, Options};

/// Events that wait in the channel. Beyond them, the socket reads no further.
const EVENTS: usize = 16;

/// A WebSocket that comes back: a stream of [`Event`]s, and a [`Sender`].
///
/// A task of its own keeps the line. It ends after [`Event::Closed`], and when the socket is dropped, which ends the session. Events must be
/// read, as those of any stream: meanwhile the socket does not read from the server.
#[derive(Debug)]
pub struct Socket {
    sender: Sender,
    events: mpsc::Receiver<Event>,
}

/// Sends messages over a [`Socket`]. A clone sends over the same one.
#[derive(Debug, Clone)]
pub struct Sender {
    commands: mpsc::UnboundedSender<Command>,
    /// The bytes that may wait. A message holds its share until the server has it.
    room: Arc<Semaphore>,
    max_buffered: u32,
}

/// A message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too much waits for the server: see [`Options::max_buffered`].
    #[error("too much waits for the server already")]
    Full,
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

impl Socket {
    /// Connects to a URL, with the default [`Options`]. The first line is made in the background too.
    ///
    /// # Errors
    /// It is not the address of a WebSocket.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn connect(target: impl IntoClientRequest) -> Result<Self, InvalidAddress> {
        Ok(Options::new().connect(Address::new(target)?))
    }

    pub(crate) fn start(address: Address, options: Options) -> Self {
        let (commands, asked) = mpsc::unbounded_channel();
        let (told, events) = mpsc::channel(EVENTS);
        let max_buffered = options.max_buffered;
        let room = Arc::new(Semaphore::new(max_buffered as usize));
        tokio::spawn(Driver::new(address, options, asked, told, room.clone()).run());
        Self { sender: Sender { commands, room, max_buffered }, events }
    }

    /// The next event, or `None` behind [`Event::Closed`]. A call whose future is dropped loses none.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// A sender for other tasks.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// See [`Sender::send`].
    ///
    /// # Errors
    /// `SendError::Closed`
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.sender.send(message).await
    }

    /// Ends the session for good: on a line behind the messages that were sent before, and without one at once. While a line is being made,
    /// messages that wait for it go first, for at most [`Options::connect_timeout`]. Events that nobody has read are dropped.
    pub async fn close(mut self) -> Closed {
        self.sender.close(1000, "");
        loop {
            match self.events.recv().await {
                Some(Event::Closed(closed)) => return closed,
                Some(_) => {}
                // The event was read already.
                None => return Closed::abnormal("the socket is closed"),
            }
        }
    }
}

impl Stream for Socket {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(cx)
    }
}

impl Sender {
    /// Sends a message, now or when a line is there. Waits while too much waits already: nothing is dropped silently.
    ///
    /// # Errors
    /// `SendError::Closed`
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let message = message.into();
        let permit = self.room.clone().acquire_many_owned(self.size(&message)).await.map_err(|_| SendError::Closed)?;
        self.command(Command::Send(Item::new(message, permit)))
    }

    /// Sends a message, now or when a line is there, unless too much waits already.
    ///
    /// # Errors
    /// `SendError::Full`, `SendError::Closed`
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let message = message.into();
        let permit = self.room.clone().try_acquire_many_owned(self.size(&message)).map_err(|error| match error {
            tokio::sync::TryAcquireError::NoPermits => SendError::Full,
            tokio::sync::TryAcquireError::Closed => SendError::Closed,
        })?;
        self.command(Command::Send(Item::new(message, permit)))
    }

    /// The bytes that the server has not confirmed, or without sessions that are not written. Each message counts one more than its
    /// payload.
    pub fn buffered(&self) -> usize {
        self.max_buffered as usize - self.room.available_permits().min(self.max_buffered as usize)
    }

    /// Ends the session for good, as [`Socket::close`] does. [`Event::Closed`] follows. The code is 1000, or 3000 to 4999; the reason is cut to 123 bytes.
    pub fn close(&self, code: u16, reason: &str) {
        // A socket that has ended needs no closing.
        let _ended = self.command(Command::Close(code, ws_protocol::cut_reason(reason).to_owned()));
    }

    /// Tries at once, if the line is away: for an application that knows that the network is back.
    pub fn reconnect(&self) {
        let _ended = self.command(Command::Reconnect);
    }

    fn command(&self, command: Command) -> Result<(), SendError> {
        self.commands.send(command).map_err(|_| SendError::Closed)
    }

    /// The share of a message in the room. A larger message takes all of it.
    fn size(&self, message: &Message) -> u32 {
        u32::try_from(message.as_bytes().len() + 1).unwrap_or(u32::MAX).min(self.max_buffered)
    }
}
