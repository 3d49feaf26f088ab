//! The same bytes into this session and into tungstenite's `WebSocket`: both must read the same messages
//! from them, and where one finds a violation the other must too, with the same close code.
//!
//! Known, deliberate differences, each with a test of its own below:
//! - A rule that a header or the start of a text breaks is found here at once, there when the frame has arrived
//!   whole. So each stream is continued until its last frame is whole (`complete`).
//! - A header that breaks a rule and announces too much is a violation of the rule (1002) here, and too big
//!   (1009) there. The same holds for a control frame beyond the limit on messages.
//! - A close frame with a wrong code and a wrong reason is refused for the code (1002) here, for the reason
//!   (1007) there.
//! - The code 1014, registered with IANA, is accepted here and refused there.

use std::io::{self, Cursor, Read, Write};

use proptest::prelude::*;
use proptest::sample::Index;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message as Theirs};

use super::client::*;
use super::streams::{any_frame, small_stream};
use crate::Message;
use crate::{CloseFrame, Incoming, Violation};

/// Small, so that streams of a few hundred bytes exceed it now and then.
const LIMIT: usize = 150;

/// A stream in memory, to which answers vanish.
struct Wire(Cursor<Vec<u8>>);

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The close code of the violation that tungstenite finds, if any, and the events before it.
fn oracle(bytes: &[u8]) -> (Vec<Incoming>, Option<u16>) {
    let config = WebSocketConfig::default().read_buffer_size(256).max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let wire = Wire(Cursor::new(bytes.to_vec()));
    let mut socket = WebSocket::from_raw_socket(wire, Role::Server, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Theirs::Text(text)) => Incoming::Message(Message::text(text.as_str())),
            Ok(Theirs::Binary(data)) => Incoming::Message(Message::Binary(data)),
            Ok(Theirs::Ping(payload)) => Incoming::Ping(payload),
            Ok(Theirs::Pong(payload)) => Incoming::Pong(payload),
            // So it says that the client's code is not allowed.
            Ok(Theirs::Close(Some(frame)))
                if frame.code == CloseCode::Protocol && frame.reason.as_str() == "Protocol violation" =>
            {
                return (events, Some(1002));
            }
            Ok(Theirs::Close(frame)) => {
                events.push(Incoming::Close(
                    frame.map(|frame| CloseFrame { code: frame.code.into(), reason: frame.reason.as_str().into() }),
                ));
                return (events, None);
            }
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                return (events, None);
            }
            Err(Error::Protocol(_)) => return (events, Some(1002)),
            Err(Error::Utf8(_)) => return (events, Some(1007)),
            Err(Error::Capacity(_)) => return (events, Some(1009)),
            other => panic!("unexpected {other:?}"),
        });
    }
}

/// The violations that a header shows, which come before the limit here.
fn is_in_the_header(violation: Violation) -> bool {
    matches!(
        violation,
        Violation::Unmasked
            | Violation::ReservedBits
            | Violation::FragmentedControl
            | Violation::ControlTooLong(_)
            | Violation::UnexpectedContinuation
            | Violation::InterleavedMessage
    )
}

fn is_close_1014(event: Option<&Incoming>) -> bool {
    matches!(event, Some(Incoming::Close(Some(frame))) if frame.code == 1014)
}

/// Both readings of the bytes, which must agree but for the differences that this file's head lists.
fn compare(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (ours, violation) = receive_in_reads(LIMIT, [bytes]);
    let (theirs, code) = oracle(bytes);
    match (violation, code) {
        (Some(violation), Some(1009)) if is_in_the_header(violation) => {}
        (Some(Violation::InvalidCloseCode(_)), Some(1007)) => {}
        (None, Some(1002)) if is_close_1014(ours.last()) => {
            prop_assert_eq!(&ours[..ours.len() - 1], &theirs[..]);
            return Ok(());
        }
        (violation, code) => prop_assert_eq!(violation.map(Violation::code), code, "{:?}", violation),
    }
    prop_assert_eq!(ours, theirs);
    Ok(())
}

/// Lets whatever frame is incomplete be completed, and then breaks a rule: an unmasked frame. So both sides
/// reach a verdict, though one of them judges a frame by its header and the other by the whole.
fn complete(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0; LIMIT + 32]].concat()
}

/// Replaces, drops, repeats or inserts a byte, or cuts the stream off.
fn mutate(bytes: &mut Vec<u8>, kind: u8, at: Index, value: u8) {
    if bytes.is_empty() {
        return;
    }
    let at = at.index(bytes.len());
    match kind % 5 {
        0 => bytes[at] ^= 1 << (value % 8),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, bytes[at]),
        3 => bytes.insert(at, value),
        _ => bytes.truncate(at),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn valid_streams_say_the_same(stream in small_stream()) {
        let (events, code) = oracle(&stream.bytes);
        prop_assert_eq!((&events, code), (&stream.events, None));
        prop_assert_eq!(receive_in_reads(LIMIT, [&stream.bytes[..]]), (events, None));
    }

    #[test]
    fn mutated_streams_say_the_same(
        stream in small_stream(),
        mutations in prop::collection::vec((any::<u8>(), any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = stream.bytes;
        for (kind, at, value) in mutations {
            mutate(&mut bytes, kind, at, value);
        }
        compare(&complete(&bytes))?;
    }

    #[test]
    fn frames_in_any_order_say_the_same(frames in prop::collection::vec(any_frame(), 0..8)) {
        compare(&complete(&frames.concat()))?;
    }

    #[test]
    fn arbitrary_bytes_say_the_same(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        compare(&complete(&bytes))?;
    }
}

#[test]
fn a_broken_rule_is_found_before_the_frame_is_whole() {
    for mut stream in [last(TEXT, [0xFF, b'x']), last(0x40 | TEXT, "x")] {
        stream.pop();
        assert!(receive(&stream).1.is_some());
        assert_eq!(oracle(&stream), (vec![], None));
    }
}

#[test]
fn a_broken_rule_comes_before_the_limit() {
    let ping = last(PING, [0; LIMIT + 1]);
    assert_eq!(violation(&ping).code(), 1002);
    assert_eq!(oracle(&ping).1, Some(1009));
}

#[test]
fn a_wrong_close_code_comes_before_a_wrong_reason() {
    let close = close(1005, [0xFF]);
    assert_eq!(violation(&close), Violation::InvalidCloseCode(1005));
    assert_eq!(oracle(&close).1, Some(1007));
}

#[test]
fn the_close_code_1014_is_accepted() {
    let close = close(1014, "");
    assert!(is_close_1014(events(&close).last()));
    assert_eq!(oracle(&close).1, Some(1002));
}
