//! A client with a session, and what holds for it.

mod arrivals;
mod ends;
mod gathered;
mod lines;
mod memory;
mod private;

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::protocol::Message as Sent;

use super::super::resume::Claim;
use super::{Bench, TestClient};
use crate::config::Limits;
use crate::protocol::resume::{self, ClientSession, Fresh, FromClient, FromHost, Outcome};
use crate::types::Message;

/// A client with a session, over its present line.
struct Resuming {
    line: Option<TestClient>,
    session: ClientSession<Message>,
    claim: Claim,
}

impl Resuming {
    /// Connects without a session. The app hears of it when it has said hello.
    async fn new(shard: &Bench, room: &str) -> Self {
        let line = shard.connect(room, Ipv4Addr::LOCALHOST, Some(Claim::New)).await;
        let mut client = Self { line: Some(line), session: ClientSession::new(resume::Limits::default()), claim: Claim::New };
        assert_eq!(client.greet().await, Outcome::Fresh { reason: Fresh::New, unknown: vec![] });
        client
    }

    /// Comes back over another line. Returns the line before.
    async fn comes_back(&mut self, shard: &Bench, room: &str) -> (Option<TestClient>, Outcome<Message>) {
        let line = shard.connect(room, Ipv4Addr::LOCALHOST, Some(self.claim)).await;
        let before = self.line.replace(line);
        (before, self.greet().await)
    }

    /// Says hello over a line that is on its way.
    async fn greets(&mut self, line: TestClient) -> Outcome<Message> {
        self.line = Some(line);
        self.greet().await
    }

    async fn greet(&mut self) -> Outcome<Message> {
        let hello = self.session.hello();
        self.tell(FromClient::Hello(hello)).await;
        let FromHost::Welcome { handle, welcome, .. } = self.next().await else { panic!("a welcome comes first") };
        self.claim = Claim::read(&handle).expect("it is a handle");
        let outcome = self.session.welcomed(welcome).expect("the host keeps the rules");
        let number = self.session.confirmation();
        self.tell(FromClient::Received(number)).await;
        let unconfirmed: Vec<_> = self.session.unconfirmed().cloned().collect();
        for message in unconfirmed {
            self.tell(FromClient::Message(message)).await;
        }
        outcome
    }

    async fn tell(&mut self, message: FromClient) {
        let Message::Text(text) = message.write() else { panic!("the test sends text") };
        self.line().say(&text).await;
    }

    async fn next(&mut self) -> FromHost {
        let text = self.line().hears().await;
        FromHost::read(Message::text(text.clone())).unwrap_or_else(|_| panic!("a message of the protocol, not {text:?}"))
    }

    async fn says(&mut self, text: &str) {
        if self.session.send(text.into(), text.len()) {
            self.tell(FromClient::Message(text.into())).await;
        }
    }

    /// The next message of the application.
    async fn hears(&mut self) -> String {
        loop {
            match self.next().await {
                FromHost::Message(message) => {
                    self.session.received(message.as_bytes().len()).expect("the host has said welcome");
                    return message.as_text().expect("the test sends text").to_owned();
                }
                FromHost::Received(number) => self.session.confirmed(number).expect("so many were sent"),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The connection breaks.
    async fn loses_its_line(&mut self, shard: &Bench) {
        let before = shard.sessions().away();
        self.session.lost();
        self.line = None;
        shard.has_away(before + 1).await;
    }

    fn line(&mut self) -> &mut TestClient {
        self.line.as_mut().expect("it has a line")
    }

    /// Waits until the shard has read everything that it has sent.
    async fn is_read(&mut self) {
        self.tell(FromClient::Ping("x".into())).await;
        while !matches!(self.next().await, FromHost::Pong(_)) {}
    }
}

impl TestClient {
    /// The next thing that comes over the line, past this confirmation: a sweep sends it at any time.
    async fn hears_past(&mut self, confirmation: &str) -> String {
        let heard = self.hears().await;
        if heard == confirmation { self.hears().await } else { heard }
    }

    /// The last thing that comes over the line.
    async fn hears_last(&mut self) -> String {
        let mut last = self.hears().await;
        while !last.starts_with("close") {
            last = self.hears().await;
        }
        last
    }

    /// Waits until the shard has read everything that it has sent, past messages that come meanwhile.
    async fn is_read_with_messages(&mut self) {
        self.0.send(Sent::Ping("x".into())).await.expect("it is connected");
        while !matches!(self.0.next().await, Some(Ok(Sent::Pong(_)))) {}
    }
}

impl Bench {
    fn sessions(&self) -> &super::super::resume::Sessions {
        &self.rooms.shard().resources().sessions
    }

    async fn has_away(&self, count: usize) {
        while self.sessions().away() != count {
            tokio::task::yield_now().await;
        }
    }
}

/// Limits with a short time to come back, and sweeps each few milliseconds.
fn short() -> Limits {
    Limits { resume_for: Duration::from_millis(20), close_timeout: Duration::from_millis(20), ..Limits::default() }
}

fn fresh(reason: Fresh) -> Outcome<Message> {
    Outcome::Fresh { reason, unknown: vec![] }
}
