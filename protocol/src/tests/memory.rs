//! The memory of a session, and the time at which it is freed.

use bytes::BytesMut;

use super::client::*;
use crate::Message;
use crate::{Incoming, Session};

fn next(session: &mut Session, input: &mut BytesMut) -> Option<Incoming> {
    session.receive(input).expect("no rule is broken")
}

#[test]
fn an_idle_session_is_a_few_words() {
    assert!(size_of::<Session>() <= 32, "{} bytes", size_of::<Session>());
    assert!(Session::new(ROOMY).is_idle());
}

#[test]
fn a_whole_message_shares_the_memory_of_the_read_buffer() {
    let frames = [last(TEXT, "hello"), last(BINARY, "world"), last(PING, "still here")].concat();
    let mut input = BytesMut::from(&frames[..]);
    let buffer = input.as_ptr_range();
    let mut session = Session::new(ROOMY);
    let mut received = 0;
    while let Some(event) = next(&mut session, &mut input) {
        let start = match &event {
            Incoming::Message(message) => message.as_bytes().as_ptr(),
            Incoming::Ping(payload) => payload.as_ptr(),
            other => panic!("unexpected {other:?}"),
        };
        assert!(buffer.contains(&start), "the payload was copied");
        assert!(session.is_idle());
        received += 1;
    }
    assert_eq!(received, 3);
}

#[test]
fn a_payload_that_follows_its_header_in_one_read_is_not_copied_either() {
    let frame = last(TEXT, "hello");
    let mut session = Session::new(ROOMY);
    feed(&mut session, &frame[..6]);
    let mut input = BytesMut::from(&frame[6..]);
    let buffer = input.as_ptr_range();
    let Some(Incoming::Message(Message::Text(text))) = next(&mut session, &mut input) else { panic!("no text") };
    assert!(buffer.contains(&text.as_bytes().as_ptr()));
    assert!(session.is_idle());
}

#[test]
fn a_ping_inside_a_message_is_not_copied_either() {
    let mut session = Session::new(ROOMY);
    feed(&mut session, &more(TEXT, "hello"));
    let mut input = BytesMut::from(&last(PING, "still here")[..]);
    let buffer = input.as_ptr_range();
    let Some(Incoming::Ping(payload)) = next(&mut session, &mut input) else { panic!("no ping") };
    assert!(buffer.contains(&payload.as_ptr()));
}

#[test]
fn a_read_without_bytes_keeps_nothing() {
    let mut session = Session::new(ROOMY);
    feed(&mut session, &[]);
    assert!(session.is_idle());
}

#[test]
fn memory_is_given_back_with_the_event_that_completes_it() {
    for whole in [last(TEXT, "hello"), last(PING, "hello"), last(CLOSE, [0x03, 0xE8, b'b', b'y', b'e'])] {
        let mut session = Session::new(ROOMY);
        let (start, end) = whole.split_at(8);
        feed(&mut session, start);
        assert!(!session.is_idle());
        feed(&mut session, end);
        assert!(session.is_idle());
    }
}

#[test]
fn memory_is_given_back_after_a_violation() {
    let mut session = Session::new(ROOMY);
    feed(&mut session, &more(TEXT, "hello"));
    assert!(!session.is_idle());
    assert!(feed(&mut session, &last(TEXT, "again")).1.is_some());
    assert!(session.is_idle());
    feed(&mut session, &more(BINARY, "and again"));
    assert!(session.is_idle());
}

#[test]
fn a_buffer_never_grows_beyond_what_the_message_may_have() {
    // 999 bytes whose characters the fragments cut apart.
    let payload = "\u{20AC}".repeat(333);
    for (first, size) in [(TEXT, 10), (TEXT, 500), (BINARY, 10), (BINARY, 500)] {
        let mut session = Session::new(1000);
        for piece in payload.as_bytes().chunks(size) {
            let opcode = if session.is_idle() { first } else { CONTINUATION };
            feed(&mut session, &more(opcode, piece));
            assert!(session.held() <= 1000, "{} bytes are held", session.held());
        }
    }
}

#[test]
fn a_buffer_grows_in_few_steps() {
    let mut session = Session::new(ROOMY);
    feed(&mut session, &header(FIN | BINARY, [0; 4], 10_000));
    let mut capacities = std::collections::BTreeSet::new();
    for _ in 0..9_999 {
        feed(&mut session, &[0]);
        capacities.insert(session.held());
    }
    assert!(capacities.len() < 20, "{} reallocations", capacities.len());
    assert_eq!(session.held(), 10_000);
}
