//! Plain HTTP requests to a room: when it takes none, and when one opens it.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;

use super::{Bench, with_limits};
use crate::config::Limits;
use crate::requests::{Answer, HostAnswer, IncomingRequest, Receiver, way};
use crate::shard::command::Command;
use crate::types::Request;

impl Bench {
    /// Asks a room. Its app takes no requests, which is an answer too.
    pub(super) async fn asks_plainly(&self, room: &str) -> Receiver {
        let request = Request::new("/", "", [] as [(&str, &str); 0]);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let request = IncomingRequest { address, method: "GET".to_owned(), request, body: Bytes::new() };
        let (answering, receiver) = way();
        self.command(Command::Request(room.into(), Box::new(request), None, answering)).await;
        receiver
    }
}

pub(super) async fn answer(receiver: &Receiver) -> Answer {
    poll_fn(|cx| receiver.poll_answer(cx)).await.expect("an answer without a body is not cut")
}

#[test]
fn a_room_whose_mailbox_is_full_takes_no_request() {
    with_limits(Limits::with(|limits| limits.mailbox_events = 1), async |bench| {
        let mut client = bench.join("a").await;
        client.hears().await;
        client.say("wait x").await;
        bench.is_told("wait x").await;
        let waits = bench.asks_plainly("a").await;
        let refused = bench.asks_plainly("a").await;
        assert!(matches!(answer(&refused).await, Answer::Refused(HostAnswer::Unavailable)));
        bench.go_on.notify_one();
        assert!(matches!(answer(&waits).await, Answer::Passed));
    });
}
