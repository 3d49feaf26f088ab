//! Control frames, RFC 6455 §5.5.

use bytes::Bytes;

use super::client::*;
use crate::{Incoming, Violation};

#[test]
fn a_ping_keeps_its_payload_for_the_pong() {
    assert_eq!(events(last(PING, "are you there")), [Incoming::Ping(Bytes::from("are you there"))]);
}

#[test]
fn a_pong_that_nobody_asked_for_is_fine() {
    assert_eq!(events(last(PONG, "")), [Incoming::Pong(Bytes::new())]);
}

#[test]
fn a_control_frame_holds_125_bytes_and_no_more() {
    assert_eq!(events(last(PING, [7; 125])), [Incoming::Ping(Bytes::from(vec![7; 125]))]);
    for opcode in [PING, PONG, CLOSE] {
        assert_eq!(violation(last(opcode, [7; 126])), Violation::ControlTooLong(126));
    }
}

#[test]
fn a_control_frame_must_not_be_fragmented() {
    for opcode in [PING, PONG, CLOSE] {
        assert_eq!(violation(more(opcode, "")), Violation::FragmentedControl);
    }
}

#[test]
fn a_control_frame_may_be_longer_than_the_longest_message() {
    assert_eq!(receive_in_reads(2, [&last(PING, "longer")[..]]).1, None);
}

#[test]
fn a_control_frame_may_stand_between_fragments() {
    let stream = [more(TEXT, "hel"), last(PING, "?"), last(PONG, "!"), last(CONTINUATION, "lo")].concat();
    let ping = Incoming::Ping(Bytes::from("?"));
    let pong = Incoming::Pong(Bytes::from("!"));
    assert_eq!(events(stream), [ping, pong, text("hello")]);
}

#[test]
fn a_control_frame_between_fragments_may_arrive_in_pieces_itself() {
    let stream = [more(TEXT, "hel"), last(PING, "??"), last(CONTINUATION, "lo")].concat();
    let outcome = receive_in_reads(ROOMY, stream.chunks(1));
    assert_eq!(outcome, (vec![Incoming::Ping(Bytes::from("??")), text("hello")], None));
}

#[test]
fn a_close_frame_ends_an_incomplete_message_too() {
    let stream = [more(TEXT, "hel"), last(CLOSE, ""), last(CONTINUATION, "lo")].concat();
    assert_eq!(events(stream), [Incoming::Close(None)]);
}
