//! Messages and requests between nodes.

use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ws_cluster::{Envelope, Event, Input, Life, Message};

use super::member::Member;
use super::server::Server;
use crate::cluster::News;
use crate::cluster::asking::AskError;

const MINUTE: Duration = Duration::from_secs(60);

fn envelope(from: Life, first: u64, length: usize) -> Envelope {
    let input = Input { event: Event::Message, member: 1, payload: vec![7; length].into() };
    let message = Message::Inputs { first, inputs: vec![input] };
    Envelope { from, room: ByteString::from_static("/a"), epoch: 1, session: 1, message }
}

#[tokio::test]
async fn messages_of_any_size_arrive_in_order() {
    let server = Server::start();
    let (one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let lengths = [10, 300_000, 300_000, 5_000_000, 0, 700_000];
    let sent: Vec<_> = (1..).zip(lengths).map(|(first, length)| envelope(one.life(), first, length)).collect();
    // The life before this one had the same number, and its messages are not for this one.
    let earlier = Life { since: two.life().since - 1, ..two.life() };
    one.node.send(earlier, &[envelope(one.life(), 99, 1)]);
    one.node.send(two.life(), &sent);
    for expected in sent {
        let received = two.until(|news| if let News::Received(envelope) = news { Some(envelope) } else { None }).await;
        assert!(received == expected, "the messages come in their order");
    }
}

#[tokio::test]
async fn bytes_that_are_no_messages_are_dropped() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    let Life { since, number } = one.life();
    let subject = format!("c.to.{number}.{since}");
    for payload in [&b""[..], b"\x01p\0\0\0\x01x", b"nothing"] {
        one.node.nats().publish(subject.clone(), Bytes::copy_from_slice(payload)).await.expect("NATS is there");
    }
    one.node.send(one.life(), &[envelope(one.life(), 1, 1)]);
    let received = one.until(|news| if let News::Received(envelope) = news { Some(envelope) } else { None }).await;
    assert_eq!(received, envelope(one.life(), 1, 1));
}

#[tokio::test]
async fn a_node_answers_requests_of_others_and_its_own() {
    let server = Server::start();
    let (one, two) = (Member::join(&server).await, Member::join(&server).await);
    two.node.serve(|mut request| async move {
        request.truncate(3_000_000);
        request
    });
    let request = Bytes::from(vec![7; 4_000_000]);
    for node in [&one.node, &two.node] {
        assert_eq!(node.ask(two.life(), Bytes::from_static(b"hello"), MINUTE).await, Ok(Bytes::from_static(b"hello")));
        let answer = node.ask(two.life(), request.clone(), MINUTE).await;
        assert!(answer.is_ok_and(|answer| answer == request[..3_000_000]));
    }
    let too_large = one.node.ask(two.life(), Bytes::from(vec![7; (16 << 20) + 1]), MINUTE).await;
    assert_eq!(too_large, Err(AskError::TooLarge));
}

#[tokio::test]
async fn requests_are_answered_at_the_same_time() {
    let server = Server::start();
    let (one, two) = (Member::join(&server).await, Member::join(&server).await);
    // Each waits for the other.
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    two.node.serve(move |request| {
        let barrier = std::sync::Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            request
        }
    });
    let ask = |request| one.node.ask(two.life(), Bytes::from_static(request), MINUTE);
    let answers = tokio::join!(ask(b"1"), ask(b"2"));
    assert_eq!(answers, (Ok(Bytes::from_static(b"1")), Ok(Bytes::from_static(b"2"))));
}

#[tokio::test]
async fn a_request_to_a_life_that_is_over_is_answered_at_once() {
    let server = Server::start();
    let (one, two) = (Member::join(&server).await, Member::join(&server).await);
    let gone = two.life();
    two.leave().await;
    assert_eq!(one.node.ask(gone, Bytes::new(), MINUTE).await, Err(AskError::Gone));
}
