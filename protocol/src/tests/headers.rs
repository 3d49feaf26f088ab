//! A frame's header, RFC 6455 §5.2.

use super::client::*;
use crate::Violation;

#[test]
fn a_masked_text_frame_is_a_message() {
    // The example in RFC 6455 §5.7.
    let hello = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
    assert_eq!(events(hello), [text("Hello")]);
}

#[test]
fn a_message_can_be_empty() {
    assert_eq!(events([last(TEXT, ""), last(BINARY, "")].concat()), [text(""), binary(b"")]);
}

#[test]
fn each_width_of_the_length_is_understood() {
    for len in [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000] {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        assert_eq!(events(last(BINARY, &data)), [binary(&data)], "{len} bytes");
    }
}

#[test]
fn a_length_in_more_bytes_than_needed_is_accepted() {
    let frame = [FIN | BINARY, MASKED | 126, 0, 1, 0, 0, 0, 0, b'x'];
    assert_eq!(events(frame), [binary(b"x")]);
}

#[test]
fn frames_in_one_read_are_taken_one_after_the_other() {
    let stream = [last(TEXT, "one"), last(PING, "two"), last(BINARY, "three")].concat();
    let (events, violation) = receive(stream);
    assert_eq!((events.len(), violation), (3, None));
}

#[test]
fn an_unmasked_frame_is_refused() {
    assert_eq!(violation([FIN | TEXT, 2, b'h', b'i']), Violation::Unmasked);
    assert_eq!(violation([FIN | PING, 0]), Violation::Unmasked);
}

#[test]
fn a_reserved_bit_is_refused() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(violation(last(bit | TEXT, "hi")), Violation::ReservedBits);
        assert_eq!(violation(last(bit | PING, "hi")), Violation::ReservedBits);
        let fragments = [more(TEXT, "h"), last(bit | CONTINUATION, "i")].concat();
        assert_eq!(violation(fragments), Violation::ReservedBits);
    }
}

#[test]
fn a_reserved_opcode_is_refused() {
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        assert_eq!(violation(last(opcode, "")), Violation::ReservedOpcode(opcode));
    }
}

#[test]
fn a_violation_is_found_before_the_payload_arrives() {
    let mut frame = last(0x40 | TEXT, "hello");
    frame.truncate(6);
    assert_eq!(violation(frame), Violation::ReservedBits);
}

#[test]
fn events_before_a_violation_count_and_bytes_after_it_do_not() {
    let stream = [last(TEXT, "before"), vec![FIN | TEXT, 0], last(TEXT, "after")].concat();
    let reads = [&stream[..], &last(TEXT, "later")];
    assert_eq!(receive_in_reads(ROOMY, reads), (vec![text("before")], Some(Violation::Unmasked)));
}
