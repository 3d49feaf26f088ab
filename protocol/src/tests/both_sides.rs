//! A client's session: the server reads the client's masked frames, and the client reads the server's frames (RFC 6455 §5.1).

use bytes::BytesMut;
use proptest::prelude::*;

use super::client::*;
use crate::{
    Deflater, Incoming, Inflaters, Inflation, Message, Session, Violation, write_close, write_masked, write_message, write_ping,
};

fn masked(frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_masked(&mut out, frame, [0x37, 0xFA, 0x21, 0x3D]);
    out
}

#[test]
fn a_masked_frame_is_that_of_the_standard() {
    // The examples of "Hello" in RFC 6455 §5.7, unmasked and masked.
    let mut frame = Vec::new();
    write_message(&mut frame, true, b"Hello");
    assert_eq!(masked(&frame), [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]);
}

#[test]
fn a_client_refuses_masked_frames_and_a_server_unmasked_ones() {
    let mut frame = Vec::new();
    write_message(&mut frame, true, b"Hello");
    assert_eq!(feed(&mut Session::client(ROOMY, None), &masked(&frame)), (vec![], Some(Violation::Masked)));
    assert_eq!(Violation::Masked.code(), 1002);
    assert_eq!(feed(&mut Session::new(ROOMY), &frame), (vec![], Some(Violation::Unmasked)));
}

#[test]
fn control_frames_and_the_end_reach_a_client() {
    let mut frames = Vec::new();
    write_ping(&mut frames, b"here?");
    write_close(&mut frames, 1001, "bye");
    let (events, violation) = feed(&mut Session::client(ROOMY, None), &frames);
    assert_eq!((events.len(), violation), (2, None));
    assert_eq!(events[0], Incoming::Ping("here?".into()));
    assert!(matches!(&events[1], Incoming::Close(Some(frame)) if frame.code == 1001 && frame.reason == "bye"));
}

#[test]
fn compressed_messages_go_both_ways() {
    let text = "again and again and again and again";
    let mut deflater = Deflater::new(15);
    let frame = deflater.alone(true, text.as_bytes()).expect("it gets smaller").to_vec();
    let inflation = || Inflation::new(Inflaters::new(), true);
    let expected = (vec![Incoming::Message(Message::text(text))], None);
    assert_eq!(feed(&mut Session::client(ROOMY, Some(inflation())), &frame), expected);
    assert_eq!(feed(&mut Session::with_inflation(ROOMY, inflation()), &masked(&frame)), expected);
}

proptest! {
    #[test]
    fn each_side_reads_the_frames_of_the_other(
        payload in proptest::collection::vec(any::<u8>(), 0..70_000),
        key in any::<[u8; 4]>(),
        read_len in 1_usize..9000,
    ) {
        let mut frame = Vec::new();
        write_message(&mut frame, false, &payload);
        let mut sent = Vec::new();
        write_masked(&mut sent, &frame, key);
        let expected = [Incoming::Message(Message::binary(payload))];
        for (mut session, bytes) in [(Session::new(ROOMY), &sent), (Session::client(ROOMY, None), &frame)] {
            let mut events = Vec::new();
            for piece in bytes.chunks(read_len) {
                let mut input = BytesMut::from(piece);
                while let Some(event) = session.receive(&mut input).expect("no rule is broken") {
                    events.push(event);
                }
            }
            prop_assert_eq!(&events[..], &expected[..]);
        }
    }
}
