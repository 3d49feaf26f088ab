//! Messages in several frames, RFC 6455 §5.4.

use bytes::BytesMut;

use super::client::*;
use crate::{Session, Violation};

#[test]
fn fragments_are_put_together() {
    let stream = [more(TEXT, "a"), more(CONTINUATION, "b"), last(CONTINUATION, "c")].concat();
    assert_eq!(events(stream), [text("abc")]);
}

#[test]
fn fragments_can_be_empty() {
    let stream = [more(BINARY, ""), more(CONTINUATION, ""), last(CONTINUATION, "")].concat();
    assert_eq!(events(stream), [binary(b"")]);
    let stream = [more(TEXT, ""), more(CONTINUATION, "middle"), last(CONTINUATION, "")].concat();
    assert_eq!(events(stream), [text("middle")]);
}

#[test]
fn each_fragment_has_a_mask_of_its_own() {
    let stream = [frame(TEXT, [1, 2, 3, 4], b"hel"), frame(FIN, [5, 6, 7, 8], b"lo")].concat();
    assert_eq!(events(stream), [text("hello")]);
}

#[test]
fn messages_in_fragments_follow_one_another() {
    let one = [more(TEXT, "o"), last(CONTINUATION, "ne")].concat();
    let two = [more(BINARY, "t"), last(CONTINUATION, "wo")].concat();
    assert_eq!(events([one, two].concat()), [text("one"), binary(b"two")]);
}

#[test]
fn a_continuation_needs_a_message_to_continue() {
    assert_eq!(violation(last(CONTINUATION, "lost")), Violation::UnexpectedContinuation);
    assert_eq!(violation(more(CONTINUATION, "lost")), Violation::UnexpectedContinuation);
    let after_a_whole_one = [last(TEXT, "whole"), last(CONTINUATION, "lost")].concat();
    assert_eq!(violation(after_a_whole_one), Violation::UnexpectedContinuation);
}

#[test]
fn a_message_must_not_begin_inside_another() {
    for opcode in [TEXT, BINARY] {
        let stream = [more(TEXT, "one"), last(opcode, "two")].concat();
        assert_eq!(violation(stream), Violation::InterleavedMessage);
        let before_any_payload = [more(BINARY, ""), more(opcode, "")].concat();
        assert_eq!(violation(before_any_payload), Violation::InterleavedMessage);
    }
}

#[test]
fn small_fragments_are_counted() {
    let mut session = Session::new(1 << 20);
    let mut counts = |stream: Vec<u8>| {
        let received = session.receive(&mut BytesMut::from(&stream[..]));
        (received.is_ok_and(|event| event.is_some()), session.take_small_fragments())
    };
    assert_eq!(counts([more(TEXT, "a"), more(CONTINUATION, ""), more(CONTINUATION, "")].concat()), (false, 3));
    assert_eq!(counts(more(CONTINUATION, "x".repeat(1024))), (false, 0), "the size of a message bounds their number");
    assert_eq!(counts(more(CONTINUATION, "x".repeat(1023))), (false, 1));
    assert_eq!(counts([more(CONTINUATION, ""), last(CONTINUATION, "")].concat()), (true, 1), "the message counts too");
}
