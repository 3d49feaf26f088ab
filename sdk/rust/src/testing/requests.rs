//! Plain HTTP requests of a test to its application.

use super::Room;
use crate::Requests;
use crate::clients::Address;
use crate::fake;
use crate::fake::replies::{Caller, Reply};
use crate::requests::{Request, RequestId};

impl<A: Requests> Room<A> {
    /// A client asks for a path by `GET`. Returns the id of its request: 1, 2, 3, ...
    pub fn gets(&mut self, path: &str) -> RequestId {
        self.asks(|request| path.clone_into(&mut request.path))
    }

    /// A client sends a request that the test makes of a `GET /`.
    pub fn asks(&mut self, change: impl FnOnce(&mut Request)) -> RequestId {
        let mut request = Request {
            address: Address { ip: "127.0.0.1".to_owned(), port: 50_000 },
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        change(&mut request);
        let id = fake::with(|room| {
            room.last_caller += 1;
            room.callers.insert(room.last_caller, Caller::default());
            room.last_caller
        });
        self.app.on_request(id, request);
        self.settle();
        id
    }

    /// The answer to a request, as far as the client has got it.
    #[must_use]
    pub fn reply(&self, id: RequestId) -> Option<Reply> {
        fake::with(|room| room.callers.get(&id)?.reply.clone())
    }

    /// The client of a request has read all that waited of its answer.
    pub fn drains(&mut self, id: RequestId) {
        if Self::waits(id) {
            self.app.on_request_drained(id);
            self.settle();
        }
    }

    /// The client of a request goes. Nothing happens if its answer is complete.
    pub fn hangs_up(&mut self, id: RequestId) {
        if Self::waits(id) {
            fake::with(|room| room.callers.entry(id).or_default().has_gone = true);
            self.app.on_request_gone(id);
            self.settle();
        }
    }

    fn waits(id: RequestId) -> bool {
        fake::with(|room| room.callers.get(&id).is_some_and(Caller::waits))
    }
}

#[cfg(test)]
mod tests {
    use crate::requests::{self, Head, RequestId};
    use crate::testing::Room;
    use crate::{App, ClientId, Message, Requests};

    #[derive(Debug, Default)]
    struct Desk {
        stream: Option<RequestId>,
        told: Vec<String>,
    }

    impl App for Desk {
        fn on_message(&mut self, _: ClientId, message: Message) {
            let Some(id) = self.stream else { return };
            match message.as_text() {
                Some("end") => requests::end(id).expect("its client waits"),
                Some("abort all") => requests::open().iter().for_each(|open| requests::abort(open.id)),
                Some(text) => self.told.push(format!("{:?}", requests::chunk(id, text))),
                None => {}
            }
        }
    }

    impl Requests for Desk {
        fn on_request(&mut self, id: RequestId, request: requests::Request) {
            match request.path.as_str() {
                "/stream" => {
                    requests::begin(id, Head::new(200).header("Content-Type", "text/event-stream")).expect("it is new");
                    self.stream = Some(id);
                }
                "/later" => {}
                "/split" => {
                    let error = requests::respond(id, Head::new(200).header("x", "a\r\nb"), "").expect_err("it is refused");
                    self.told.push(error.to_string());
                }
                _ => {
                    let body = format!("{} {}", request.header("X-Note").unwrap_or("-"), request.text());
                    requests::respond(id, 201, body).expect("it is new");
                    self.told.push(format!("{:?}", requests::respond(id, 200, "again")));
                }
            }
        }

        fn on_request_drained(&mut self, id: RequestId) {
            self.told.push(format!("{id} drained"));
        }

        fn on_request_gone(&mut self, id: RequestId) {
            self.told.push(format!("{id} gone"));
        }
    }

    #[test]
    fn a_test_asks_the_app_and_sees_its_answers() {
        let mut room = Room::<Desk>::new();
        let ann = room.join();
        let whole = room.asks(|request| {
            request.headers.push(("x-note".to_owned(), "n".to_owned()));
            request.body = b"body".to_vec();
        });
        let reply = room.reply(whole).expect("it is answered");
        assert_eq!((reply.status, reply.body, reply.is_complete), (201, b"n body".to_vec(), true));
        let stream = room.gets("/stream");
        room.says(ann, "one ");
        room.drains(stream);
        room.says(ann, "two");
        let reply = room.reply(stream).expect("it has begun");
        assert_eq!((reply.body, reply.is_complete), (b"one two".to_vec(), false));
        assert_eq!(reply.headers, [("content-type".to_owned(), "text/event-stream".to_owned())]);
        room.hangs_up(stream);
        room.says(ann, "three");
        let other = room.gets("/stream");
        room.says(ann, "end");
        room.hangs_up(other);
        assert!(room.reply(other).is_some_and(|reply| reply.is_complete));
        let (begun, waits) = (room.gets("/stream"), room.gets("/later"));
        room.says(ann, "abort all");
        room.hangs_up(begun);
        assert!(room.reply(begun).is_some_and(|reply| reply.is_cut && !reply.is_complete));
        assert!(room.reply(waits).is_some_and(|reply| reply.status == 500));
        let split = room.gets("/split");
        assert_eq!(room.reply(split), None);
        let gone = "Err(RespondError::NoSuchRequest)";
        let queued = "Ok(SendStatus::Queued)";
        assert_eq!(room.app.told[..6], [gone, queued, "2 drained", queued, "2 gone", gone]);
        assert!(room.app.told[6].contains("control characters"), "{:?}", room.app.told);
    }
}
