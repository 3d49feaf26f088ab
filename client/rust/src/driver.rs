//! The task of a socket: one line after the other.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::backoff::Backoff;
use crate::inbox::Inbox;
use crate::line::Line;
use crate::talk::{Item, Outgoing, Talk};
use crate::{Address, Closed, Event, Options, Status};

/// The application needs the socket no more (RFC 6455 §7.4.1).
pub(crate) const NORMAL: u16 = 1000;
/// The server asks its clients to come back later (RFC 6455 §7.4.1, registered).
const TRY_AGAIN_LATER: u16 = 1013;
/// How long a client waits after that code.
const LATER: Duration = Duration::from_secs(5);

/// A wish of the application.
#[derive(Debug)]
pub(crate) enum Command {
    Send(Item),
    Close(u16, String),
    Reconnect,
}

/// The end of a line.
pub(crate) enum End {
    /// The socket comes back, unless its rule says otherwise.
    Lost(Closed),
    /// The socket ends.
    Over(Closed),
    /// The server has no sessions: the next line asks for none.
    Without,
}

/// The owner of the lines.
pub(crate) struct Driver {
    address: Address,
    pub(crate) options: Options,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) events: mpsc::Sender<Event>,
    room: Arc<Semaphore>,
    pub(crate) inbox: Inbox,
    pub(crate) talk: Talk,
    pub(crate) backoff: Backoff,
    /// When the line was lost.
    pub(crate) lost_at: Option<Instant>,
    /// The wait that the server has asked for.
    pub(crate) away: Option<Duration>,
    /// Whether a line was ever ready.
    pub(crate) was_online: bool,
    /// Ends the wait before an attempt.
    hurry: Arc<Notify>,
    /// The application ends the socket. Messages wait for the line that is being made.
    pub(crate) lingers: Option<Linger>,
}

/// An end of the socket that waits for a line.
pub(crate) struct Linger {
    pub(crate) code: u16,
    pub(crate) reason: String,
    /// Until when the line has to be ready.
    pub(crate) until: Instant,
}

impl Driver {
    pub(crate) fn new(
        address: Address,
        options: Options,
        commands: mpsc::UnboundedReceiver<Command>,
        events: mpsc::Sender<Event>,
        room: Arc<Semaphore>,
    ) -> Self {
        let (talk, backoff) = (Talk::new(options.resume), Backoff::new(options.min_delay, options.max_delay));
        Self {
            address,
            options,
            commands,
            events,
            room,
            inbox: Inbox::default(),
            talk,
            backoff,
            lost_at: None,
            away: None,
            was_online: false,
            hurry: Arc::default(),
            lingers: None,
        }
    }

    /// Runs until the socket ends.
    pub(crate) async fn run(mut self) {
        let closed = loop {
            let closed = match Box::pin(self.line()).await {
                End::Over(closed) => break closed,
                End::Without => {
                    self.talk.go_without();
                    continue;
                }
                End::Lost(closed) => closed,
            };
            if self.lingers.is_some() || !(self.options.retry)(&closed) {
                break closed;
            }
            if let Err(closed) = self.rest(closed).await {
                break closed;
            }
        };
        self.room.close();
        self.commands.close();
        self.inbox.push(Event::Closed(closed));
        while !self.inbox.is_empty() {
            self.inbox.deliver(&self.events).await;
        }
    }

    /// Makes a line, and serves it until its end.
    async fn line(&mut self) -> End {
        self.inbox.status(Status::Connecting);
        let limit = self.linger_until(Instant::now() + self.options.connect_timeout);
        let (request, max_message) = (self.address.clone().request(self.talk.handle()), self.options.max_message);
        let connect = async {
            match request.await {
                Ok(Ok(request)) => Line::connect(request, max_message).await.map_err(End::Lost),
                // It would be as wrong the next time.
                Ok(Err(invalid)) => Err(End::Over(Closed::abnormal(invalid.to_string()))),
                Err(failed) => Err(End::Lost(Closed::abnormal(failed.to_string()))),
            }
        };
        // The handshake's future is large, and is needed for a moment.
        let attempt = Box::pin(timeout_at(limit, connect));
        let line = match self.meanwhile(attempt, true).await {
            Ok(Ok(Ok(line))) => line,
            Ok(Ok(Err(end))) => return end,
            Ok(Err(_)) => return End::Lost(Closed::abnormal("the attempt takes too long")),
            Err(closed) => return End::Over(closed),
        };
        let end = self.serve(line, limit).await;
        self.talk.lost();
        self.lost_at.get_or_insert_with(Instant::now);
        end
    }

    /// Waits until the next attempt.
    async fn rest(&mut self, closed: Closed) -> Result<(), Closed> {
        self.lost_at.get_or_insert_with(Instant::now);
        if closed.code == TRY_AGAIN_LATER {
            self.away.get_or_insert(LATER);
        }
        let delay = self.backoff.next(fastrand::f64());
        let retry_in = self.away.take().unwrap_or(delay);
        let cause = closed.to_string();
        self.inbox.status(Status::Away { attempt: self.backoff.attempts(), retry_in, cause });
        // An earlier wish has had its attempt.
        self.hurry = Arc::new(Notify::new());
        let hurry = self.hurry.clone();
        let wait = async {
            tokio::select! {
                () = tokio::time::sleep(retry_in) => false,
                () = hurry.notified() => true,
            }
        };
        if self.meanwhile(wait, false).await? {
            self.backoff.reset();
        }
        Ok(())
    }

    /// The application has dropped the socket: takes what it has sent before, and the code and reason of the end.
    pub(crate) fn last_commands(&mut self, out: &mut VecDeque<Outgoing>) -> (u16, String) {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Send(item)) => self.talk.send(item, out),
                Ok(Command::Reconnect) => {}
                Ok(Command::Close(code, reason)) => return (code, reason),
                Err(_) => return (NORMAL, String::new()),
            }
        }
    }

    /// Whether messages wait for the server.
    pub(crate) fn has_waiting(&self) -> bool {
        self.room.available_permits() < self.options.max_buffered as usize
    }

    /// The application ends the socket, and messages wait for a line. Returns the time until when it has to be ready.
    pub(crate) fn linger(&mut self, code: u16, reason: String) -> Instant {
        let until = Instant::now() + self.options.connect_timeout;
        self.lingers = Some(Linger { code, reason, until });
        until
    }

    /// This limit, or an earlier one of the end of the socket.
    pub(crate) fn linger_until(&self, limit: Instant) -> Instant {
        self.lingers.as_ref().map_or(limit, |linger| linger.until.min(limit))
    }

    /// Serves the application while no line is there. Fails when the application ends the socket, unless messages wait for the attempt.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>, is_attempt: bool) -> Result<T, Closed> {
        let mut work = std::pin::pin!(work);
        // Nothing is written without a line.
        let mut out = VecDeque::new();
        loop {
            let (code, reason) = tokio::select! {
                result = &mut work => return Ok(result),
                command = self.commands.recv(), if self.lingers.is_none() => match command {
                    Some(Command::Send(item)) => {
                        self.talk.send(item, &mut out);
                        continue;
                    }
                    Some(Command::Reconnect) => {
                        self.hurry.notify_one();
                        continue;
                    }
                    Some(Command::Close(code, reason)) => (code, reason),
                    None => (NORMAL, String::new()),
                },
                () = self.inbox.deliver(&self.events), if !self.inbox.is_empty() => continue,
                () = self.events.closed(), if self.lingers.is_none() => self.last_commands(&mut out),
            };
            if !is_attempt || !self.has_waiting() {
                return Err(Closed::abnormal("closed while no line was there"));
            }
            self.linger(code, reason);
        }
    }
}
