//! Reads the same bytes by tungstenite's `WebSocket`. `protocol/src/tests/differential.rs` explains and tests the intended
//! differences, which are allowed here too.

use std::io::{self, Cursor, Read, Write};

use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message as Theirs};

use crate::protocol::{CloseFrame, Incoming, Violation};
use crate::reads::Outcome;
use crate::types::Message;

/// A stream in memory that discards answers.
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

/// The bytes, followed by enough others to complete an incomplete frame and then break a rule. This is needed because one
/// side judges a frame by its header, and the other by the whole frame.
pub fn completed(bytes: &[u8], limit: usize) -> Vec<u8> {
    [bytes, &vec![0; limit.max(125) + 32]].concat()
}

/// Compares the outcome of a session on completed bytes with the outcome of tungstenite.
///
/// # Panics
/// If they differ in a way that is not intended.
pub fn agrees(bytes: &[u8], limit: usize, (ours, violation): Outcome) {
    let (theirs, code) = read(bytes, Role::Server, limit);
    match (violation, code) {
        (Some(violation), Some(1009)) if is_in_the_header(violation) => {}
        (Some(Violation::InvalidCloseCode(_)), Some(1007)) => {}
        (None, Some(1002)) if is_close_1014(ours.last()) => return assert_eq!(ours[..ours.len() - 1], theirs[..]),
        (violation, code) => assert_eq!(violation.map(Violation::code), code, "{violation:?}"),
    }
    assert_eq!(ours, theirs);
}

/// The messages that a client of tungstenite reads in these bytes.
///
/// # Panics
/// If the bytes break a rule.
pub fn as_client(bytes: &[u8]) -> Vec<Incoming> {
    let (events, code) = read(bytes, Role::Client, 1 << 20);
    assert_eq!(code, None, "the server keeps the rules");
    events
}

/// The events, and the close code of the violation that ends them, if there is one.
fn read(bytes: &[u8], role: Role, limit: usize) -> (Vec<Incoming>, Option<u16>) {
    let config = WebSocketConfig::default().read_buffer_size(256).max_message_size(Some(limit)).max_frame_size(Some(limit));
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(bytes.to_vec())), role, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Theirs::Text(text)) => Incoming::Message(Message::text(text.as_str())),
            Ok(Theirs::Binary(data)) => Incoming::Message(Message::Binary(data)),
            Ok(Theirs::Ping(payload)) => Incoming::Ping(payload),
            Ok(Theirs::Pong(payload)) => Incoming::Pong(payload),
            // This is tungstenite's way to report an invalid close code.
            Ok(Theirs::Close(Some(frame)))
                if frame.code == CloseCode::Protocol && frame.reason.as_str() == "Protocol violation" =>
            {
                return (events, Some(1002));
            }
            Ok(Theirs::Close(frame)) => {
                let frame = frame.map(|frame| CloseFrame { code: frame.code.into(), reason: frame.reason.as_str().into() });
                events.push(Incoming::Close(frame));
                return (events, None);
            }
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => return (events, None),
            Err(Error::Protocol(_)) => return (events, Some(1002)),
            Err(Error::Utf8(_)) => return (events, Some(1007)),
            Err(Error::Capacity(_)) => return (events, Some(1009)),
            other => panic!("unexpected {other:?}"),
        });
    }
}

/// Whether a header shows this violation. The session checks these before the limit.
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
