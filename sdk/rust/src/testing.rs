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
//! A [task](crate::task) goes on when [`Room::answers`], [`Room::sends_body`] or [`Room::wait`] brings what it waits for.
//!
//! Outside a component the functions of this crate act on the room of their thread; each test has a thread of its own. Handlers run at
//! once. The room keeps the contract's rules for names, codes and closing clients, and has neither slow clients nor the host's limits.
//! `ws-host test` plays dialogues with the real host.

use std::mem;
use std::time::Duration;

use crate::clients::{Address, CloseCause};
use crate::fake;
use crate::http::{BodyPart, Failure, FetchId, Request, Response};
use crate::task;
use crate::{App, Client, ClientId, CloseInfo, Message, Responses, Timers};

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
mod tests {
    use std::time::Duration;

    use super::Room;
    use crate::http::{self, BodyPart, Failure, FailureCause, FetchId, Response};
    use crate::{App, Client, ClientId, CloseInfo, Message, Responses, TimerId, Timers};
    use crate::{
        attachment, broadcast, broadcast_except, clients, clients_of_user, close, control, send, set_attachment, store, topics,
    };

    #[derive(Debug, Default)]
    struct Club {
        left: Vec<String>,
    }

    impl App for Club {
        fn on_new_client(&mut self, client: Client) {
            set_attachment(client.id, client.path.as_bytes()).ok();
            broadcast_except(format!("{} is here", client.id), &[client.id]).ok();
        }

        fn on_message(&mut self, from: ClientId, message: Message) {
            match message.as_text() {
                Some("close") => close(from, 4000, "as you wish").expect("the code is allowed"),
                Some("subscribe") => topics::subscribe(from, "news").expect("the topic is right"),
                Some("count") => {
                    let seen = store::get("seen").map_or(0, |seen| seen[0]) + 1;
                    store::set("seen", [seen]).expect("the store takes it");
                    control::set_interval(Duration::from_millis(10), &[seen]).expect("a timer can be set");
                }
                _ => topics::publish("news", message).expect("it can be sent"),
            }
        }

        fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
            let path = attachment(id).unwrap_or_default();
            self.left.push(format!("{id} {} {} of {:?}", info.code, String::from_utf8_lossy(&path), clients()));
        }
    }

    impl Timers for Club {
        fn on_timer(&mut self, id: TimerId, payload: Vec<u8>) {
            broadcast(payload).expect("it can be sent");
            if self.left.is_empty() {
                control::cancel_timer(id);
            }
        }
    }

    #[test]
    fn clients_hear_what_the_app_sends_to_them() {
        let mut room = Room::<Club>::new();
        let (ann, ben) = (room.join(), room.join());
        assert_eq!((room.hears(ann), room.hears(ben)), (vec![Message::from("2 is here")], vec![]));
        room.says(ben, "subscribe");
        room.says(ann, vec![1]);
        assert_eq!((room.hears(ann), room.hears(ben)), (vec![], vec![Message::from(vec![1])]));
        assert!(send(99, "nobody").is_err());
    }

    #[test]
    fn a_client_that_the_app_closes_leaves_and_is_heard_no_more() {
        let mut room = Room::<Club>::new();
        let ann = room.join_as(|client| client.path = "/blue".to_owned());
        room.says(ann, "close");
        assert_eq!(room.closed(ann), Some((4000, "as you wish".to_owned())));
        room.says(ann, "close");
        let ben = room.join();
        room.leaves(ben);
        room.leaves(ben);
        assert_eq!(room.app.left, ["1 4000 /blue of []", "2 1005 / of []"]);
    }

    #[test]
    fn the_store_bounds_keys_values_and_what_it_lists_at_once() {
        let _room = Room::<Club>::new();
        assert_eq!(store::set(&"k".repeat(513), ""), Err(store::StoreError::KeyTooLong));
        assert_eq!(store::set("a", vec![0; (128 << 10) + 1]), Err(store::StoreError::ValueTooBig));
        for n in 0..9 {
            store::set(&format!("{n}"), vec![0; 128 << 10]).expect("the store takes it");
        }
        assert_eq!((store::list("", None, 1000).len(), store::entries("").count()), (7, 9));
    }

    #[test]
    fn clients_of_one_user_and_topics_of_one_client_are_listed() {
        let mut room = Room::<Club>::new();
        let [ann, ben, again] = ["ann", "ben", "ann"].map(|name| room.join_as(|client| client.user = Some(name.to_owned())));
        assert_eq!((clients_of_user("ann"), clients_of_user("eve")), (vec![ann, again], vec![]));
        room.leaves(ann);
        assert_eq!(clients_of_user("ann"), [again]);
        room.says(ben, "subscribe");
        assert_eq!((topics::of_client(ben), topics::of_client(ann)), (vec!["news".to_owned()], vec![]));
    }

    #[test]
    fn timers_run_while_the_test_waits() {
        let mut room = Room::<Club>::new();
        let (ann, ben) = (room.join(), room.join());
        room.leaves(ben);
        room.says(ann, "count");
        room.hears(ann);
        room.wait(Duration::from_millis(25));
        assert_eq!(room.hears(ann), vec![Message::from(vec![1]); 2]);
        room.wait(Duration::from_millis(5));
        assert_eq!(room.hears(ann).len(), 1);
        assert_eq!(store::usage().keys, 1);
    }

    #[derive(Debug, Default)]
    struct Asker {
        told: Vec<String>,
    }

    impl App for Asker {
        fn on_message(&mut self, _: ClientId, message: Message) {
            let url = message.as_text().unwrap_or_default();
            match http::fetch(&http::Request::post(url, "body").header("a", "b").stream(), url) {
                Ok(id) if url.ends_with("cancelled") => http::cancel(id),
                Ok(_) => {}
                Err(error) => self.told.push(error.to_string()),
            }
        }
    }

    impl Responses for Asker {
        fn on_response(&mut self, id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
            let outcome = outcome.map_or_else(|failure| failure.detail, |response| response.text().into_owned());
            self.told.push(format!("{id} {} {outcome}", String::from_utf8_lossy(&context)));
        }

        fn on_body(&mut self, id: FetchId, _: Vec<u8>, part: BodyPart) {
            self.told.push(format!("{id} {part:?}"));
        }
    }

    #[test]
    fn a_test_answers_the_requests_of_the_app() {
        let mut room = Room::<Asker>::new();
        let ann = room.join();
        ["http://a", "http://b", "http://cancelled", "http://c", "c"].into_iter().for_each(|url| room.says(ann, url));
        let asked: Vec<_> = room.requests().into_iter().map(|(id, request)| (id, request.url)).collect();
        assert_eq!(asked, [(1, "http://a".to_owned()), (2, "http://b".to_owned()), (4, "http://c".to_owned())]);
        let whole = Response { status: 200, headers: Vec::new(), body: Some(b"hello".to_vec()) };
        room.answers(1, Ok(whole.clone()));
        room.answers(3, Ok(whole.clone()));
        room.answers(4, Ok(Response { body: None, ..whole.clone() }));
        room.sends_body(4, BodyPart::End);
        room.answers(2, Err(Failure { cause: FailureCause::Timeout, detail: "too late".to_owned() }));
        room.answers(1, Ok(whole));
        assert!(room.requests().is_empty());
        assert!(room.app.told[0].contains("not absolute"), "{:?}", room.app.told);
        assert_eq!(room.app.told[1..], ["1 http://a hello", "4 http://c ", "4 BodyPart::End", "2 http://b too late"]);
    }
}
