//! Frames to the client, RFC 6455 §5.2, §5.5 and §5.7.

use std::io::Cursor;

use proptest::prelude::*;
use tungstenite::protocol::{Role, WebSocket};

use crate::encode::message_header;
use crate::{message_len, write_close, write_message, write_ping, write_pong};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

#[test]
fn a_text_message_is_one_unmasked_frame() {
    // The example in RFC 6455 §5.7.
    let frame = written(|out| write_message(out, true, b"Hello"));
    assert_eq!(frame, [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]);
}

#[test]
fn a_binary_message_has_a_length_of_its_own_width() {
    // The examples in RFC 6455 §5.7, and the edges between the widths.
    for (len, header) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (256, &[0x82, 0x7E, 0x01, 0x00]),
        (0xFFFF, &[0x82, 0x7E, 0xFF, 0xFF]),
        (0x1_0000, &[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let payload = vec![0xAB; len];
        let frame = written(|out| write_message(out, false, &payload));
        assert_eq!(frame, [header, &payload].concat());
        assert_eq!(&*message_header(false, len), header);
        assert_eq!(message_len(len), frame.len());
    }
}

#[test]
fn a_message_of_known_length_fits_a_buffer_of_that_size() {
    let mut out = Vec::with_capacity(message_len(300));
    let capacity = out.capacity();
    write_message(&mut out, true, &[b'x'; 300]);
    assert_eq!(out.capacity(), capacity);
}

#[test]
fn frames_are_appended() {
    let mut out = b"before".to_vec();
    write_ping(&mut out, b"");
    write_message(&mut out, true, b"hi");
    assert_eq!(out, b"before\x89\x00\x81\x02hi");
}

#[test]
fn pings_and_pongs_carry_their_payload() {
    assert_eq!(written(|out| write_ping(out, b"Hello")), b"\x89\x05Hello");
    assert_eq!(written(|out| write_pong(out, b"Hello")), b"\x8A\x05Hello");
    assert_eq!(written(|out| write_pong(out, &[7; 125])).len(), 127);
}

#[test]
fn a_control_frame_never_exceeds_125_bytes() {
    let ping = written(|out| write_ping(out, &[7; 300]));
    assert_eq!(ping, [&[0x89, 125][..], &[7; 125]].concat());
    let close = written(|out| write_close(out, 1000, &"x".repeat(300)));
    assert_eq!((close[1], close.len()), (125, 127));
}

#[test]
fn a_close_frame_has_a_code_and_a_reason() {
    assert_eq!(written(|out| write_close(out, 1001, "bye")), b"\x88\x05\x03\xE9bye");
    assert_eq!(written(|out| write_close(out, 4000, "")), b"\x88\x02\x0F\xA0");
}

#[test]
fn a_code_that_is_never_on_the_wire_makes_an_empty_close_frame() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 5000] {
        assert_eq!(written(|out| write_close(out, code, "why")), b"\x88\x00", "{code}");
    }
}

#[test]
fn a_close_reason_is_cut_between_characters() {
    let close = written(|out| write_close(out, 1000, &"é".repeat(62)));
    assert_eq!(&close[4..], "é".repeat(61).as_bytes());
    assert_eq!(usize::from(close[1]), close.len() - 2);
}

proptest! {
    #[test]
    fn another_implementation_reads_what_is_written(
        text in prop::collection::vec(any::<char>(), 0..200),
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let text = String::from_iter(text);
        let mut out = Vec::new();
        write_message(&mut out, true, text.as_bytes());
        write_message(&mut out, false, &data);
        let mut client = WebSocket::from_raw_socket(Cursor::new(out), Role::Client, None);
        prop_assert_eq!(client.read()?, tungstenite::Message::text(text));
        prop_assert_eq!(client.read()?, tungstenite::Message::binary(data));
    }
}
