//! A room without a host, for the tests of an application: `cargo test` runs its handlers with clients of the test.
//!
//! ```
//! use ws_guest::{App, ClientId, Message, broadcast, testing::Room};
//!
//! #[derive(Default)]
//! struct Chat;
//!
//! impl App for Chat {
//!     fn on_message(&mut self, from: ClientId, message: Message) {
//!         broadcast(format!("{from}: {}", message.as_text().unwrap_or("?"))).ok();
//!     }
//! }
//!
//! let mut room = Room::<Chat>::new();
//! let (ann, ben) = (room.join(), room.join());
//! room.says(ann, "hello");
//! assert_eq!(room.hears(ben), [Message::from("1: hello")]);
//! ```
//!
//! A task of [`spawn`](crate::task::spawn) goes on when [`Room::answers`], [`Room::sends_body`] or [`Room::wait`] brings what it waits for.
//!
//! Outside a component the functions of this crate act on the room of their thread; each test has a thread of its own. Handlers run at
//! once. The room keeps the contract's rules for names, codes and closing clients, and has neither slow clients nor the host's limits.
//! `ws-host test` plays dialogues with the real host.

use std::mem;
mod requests;

use std::time::Duration;

use crate::clients::{Address, CloseCause};
use crate::fake;
pub use crate::fake::replies::Reply;
use crate::http::{BodyPart, Failure, FetchId, Request, Response};
use crate::rooms::Source;
use crate::task;
use crate::{App, Client, ClientId, CloseInfo, Events, Message, Presence, Responses, Timers};

/// A room with one instance of an application.
#[derive(Debug, Default)]
pub struct Room<A> {
    /// The instance.
    pub app: A,
    last_id: ClientId,
}

impl<A: App> Room<A> {
    /// An empty room with a fresh instance. An earlier room of this thread is gone.
    #[must_use]
    pub fn new() -> Self {
        task::end_instance();
        fake::with(|room| *room = fake::State::default());
        Self { app: A::default(), last_id: 0 }
    }

    /// A client joins over the path `/`. Returns its id: 1, 2, 3, ...
    pub fn join(&mut self) -> ClientId {
        self.join_as(|_| ())
    }

    /// A client joins whose details the test changes: its path, query, headers, subprotocol, user or address.
    pub fn join_as(&mut self, change: impl FnOnce(&mut Client)) -> ClientId {
        self.last_id += 1;
        let address = Address { ip: "127.0.0.1".to_owned(), port: 50_000 };
        let mut client = Client {
            id: 0,
            address,
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            subprotocol: None,
            user: None,
        };
        change(&mut client);
        client.id = self.last_id;
        fake::with(|room| room.members.insert(self.last_id, client.clone()));
        self.app.on_new_client(client);
        self.settle();
        self.last_id
    }

    /// A client says something. The app does not hear one that has left, or that it has closed.
    pub fn says(&mut self, from: ClientId, message: impl Into<Message>) {
        if fake::with(|room| room.members.contains_key(&from)) {
            self.app.on_message(from, message.into());
            self.settle();
        }
    }

    /// A client closes its connection.
    pub fn leaves(&mut self, id: ClientId) {
        self.end(id, CloseInfo { code: 1005, reason: String::new(), clean: true, cause: CloseCause::Client });
        self.settle();
    }

    /// The messages that a client has got since the last call.
    pub fn hears(&mut self, id: ClientId) -> Vec<Message> {
        fake::with(|room| room.heard.remove(&id).unwrap_or_default())
    }

    /// The code and reason with which the app has closed a client.
    #[must_use]
    pub fn closed(&self, id: ClientId) -> Option<(u16, String)> {
        fake::with(|room| room.closed.get(&id).cloned())
    }

    /// A fresh instance takes over, as after a panic: tasks end, while requests and timers go on. The app begins as `Default`.
    pub fn restarts(&mut self) {
        task::end_instance();
        self.app = A::default();
    }

    /// Whether the room admits new clients.
    #[must_use]
    pub fn is_admitting(&self) -> bool {
        fake::with(|room| !room.is_denying)
    }

    /// Gives the room a name in place of `/`, which `rooms::name` returns.
    pub fn is_named(&mut self, name: impl Into<String>) {
        fake::with(|room| room.name = Some(name.into()));
    }

    /// The messages that the app has sent to other rooms since the last call, with the names of those. To this room itself they are brought
    /// by `hears_from`, too.
    pub fn sent(&mut self) -> Vec<(String, Message)> {
        fake::with(|room| std::mem::take(&mut room.sent))
    }

    /// From now on, no room of this name exists, until the app creates it. All others exist.
    pub fn lacks(&mut self, name: impl Into<String>) {
        fake::with(|room| room.missing.insert(name.into()));
    }

    /// Runs the tasks that are awake, and has the clients leave that the app has closed.
    fn settle(&mut self) {
        self.run_tasks();
        let next = || {
            fake::with(|room| {
                let (id, (code, reason)) = room.closed.iter().find(|(id, _)| room.members.contains_key(id))?;
                Some((*id, CloseInfo { code: *code, reason: reason.clone(), clean: true, cause: CloseCause::Guest }))
            })
        };
        while let Some((id, info)) = next() {
            self.end(id, info);
        }
    }

    fn end(&mut self, id: ClientId, info: CloseInfo) {
        let is_member = fake::with(|room| {
            room.leaver = room.members.remove(&id);
            room.away.remove(&id);
            for those in room.topics.values_mut() {
                those.remove(&id);
            }
            room.leaver.is_some()
        });
        if is_member {
            self.app.on_client_left(id, info);
            self.run_tasks();
            fake::with(|room| room.leaver = None);
        }
    }

    /// The tasks borrow the app, for which another one stands in meanwhile.
    fn run_tasks(&mut self) {
        if task::are_awake() {
            self.app = task::hold(mem::take(&mut self.app), task::run);
        }
    }
}

impl<A: Timers> Room<A> {
    /// Lets time pass, and runs the timers that become due, in the order of their times.
    pub fn wait(&mut self, time: Duration) {
        let end = fake::with(|room| room.now + time);
        let next = || {
            fake::with(|room| {
                let (&id, timer) = room.timers.iter().min_by_key(|(id, timer)| (timer.due, **id))?;
                let timer = timer.clone();
                if timer.due > end {
                    return None;
                }
                room.now = timer.due;
                match timer.every {
                    Some(every) => room.timers.insert(id, fake::Timer { due: timer.due + every, ..timer.clone() }),
                    None => room.timers.remove(&id),
                };
                Some((id, timer.payload))
            })
        };
        while let Some((id, payload)) = next() {
            if let Some(payload) = task::timer(id, payload) {
                self.app.on_timer(id, payload);
            }
            self.settle();
        }
        fake::with(|room| room.now = end);
    }
}

impl<A: Presence> Room<A> {
    /// The connection of a client with a session breaks. It stays a member, and hears what is sent to it when it is back.
    pub fn goes_away(&mut self, id: ClientId) {
        if fake::with(|room| room.members.contains_key(&id) && room.away.insert(id)) {
            self.app.on_line_lost(id);
            self.settle();
        }
    }

    /// A client that is away comes back.
    pub fn comes_back(&mut self, id: ClientId) {
        if fake::with(|room| room.away.remove(&id)) {
            self.app.on_line_back(id);
            self.settle();
        }
    }
}

impl<A: Events> Room<A> {
    /// Somebody outside sends an event through the server's API, with the token of this name.
    pub fn hears_from_outside(&mut self, token: &str, message: impl Into<Message>) {
        self.app.on_event(Source::Api(token.into()), message.into());
        self.settle();
    }

    /// Another room, which has this name, sends a message.
    pub fn hears_from(&mut self, name: impl Into<String>, message: impl Into<Message>) {
        self.app.on_event(Source::Room(name.into()), message.into());
        self.settle();
    }
}

impl<A: Responses> Room<A> {
    /// The requests of the app that have no answer yet, in the order of their ids.
    #[must_use]
    pub fn requests(&self) -> Vec<(FetchId, Request)> {
        let asked: Vec<_> = fake::with(|room| room.asked.iter().map(|(id, (asked, _))| (*id, asked.clone())).collect());
        let request = |(id, fake::http::Asked { method, url, headers, body, stream, timeout })| {
            (id, Request { method, url, headers, body, stream, timeout })
        };
        asked.into_iter().map(request).collect()
    }

    /// A server answers a request. Nothing happens if the app has given the request up. A streamed answer goes on with `sends_body`.
    pub fn answers(&mut self, id: FetchId, outcome: Result<Response, Failure>) {
        let is_begun = outcome.as_ref().is_ok_and(|response| response.body.is_none());
        if let Some(context) = Self::context(id, !is_begun) {
            if let Some(outcome) = task::response(id, outcome) {
                self.app.on_response(id, context, outcome);
            }
            self.settle();
        }
    }

    /// A server sends a part of the body of a streamed answer.
    pub fn sends_body(&mut self, id: FetchId, part: BodyPart) {
        let is_last = !matches!(part, BodyPart::Piece(_));
        if let Some(context) = Self::context(id, is_last) {
            if let Some(part) = task::part(id, part) {
                self.app.on_body(id, context, part);
            }
            self.settle();
        }
    }

    fn context(id: FetchId, is_last: bool) -> Option<Vec<u8>> {
        fake::with(|room| {
            let asked = room.asked.get(&id).map(|(_, context)| context.clone());
            if is_last {
                room.asked.remove(&id);
            }
            asked
        })
    }
}

#[cfg(test)]
mod tests;
