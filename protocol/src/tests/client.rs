//! A client as the tests need it: it masks frames by hand and reads what a session makes of them.

use bytes::BytesMut;

use crate::Message;
use crate::{Incoming, Session, Violation};

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;

pub(super) const FIN: u8 = 0x80;
pub(super) const MASKED: u8 = 0x80;

/// A limit that no test reaches by accident.
pub(super) const ROOMY: usize = 1 << 20;

/// The mask of the examples in RFC 6455 §5.7.
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A final frame.
pub(super) fn last(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | opcode, MASK, payload.as_ref())
}

/// A frame that more fragments follow.
pub(super) fn more(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(opcode, MASK, payload.as_ref())
}

/// A masked frame with this first byte.
pub(super) fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, mask, payload.len() as u64);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The header of a masked frame (RFC 6455 §5.2), whatever follows it.
pub(super) fn header(first: u8, mask: [u8; 4], len: u64) -> Vec<u8> {
    let mut header = vec![first];
    match len {
        0..=125 => header.push(MASKED | len as u8),
        126..=0xFFFF => {
            header.push(MASKED | 126);
            header.extend((len as u16).to_be_bytes());
        }
        _ => {
            header.push(MASKED | 127);
            header.extend(len.to_be_bytes());
        }
    }
    header.extend(mask);
    header
}

/// A close frame with this code and reason.
pub(super) fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    last(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

pub(super) fn text(text: &str) -> Incoming {
    Incoming::Message(Message::text(text))
}

pub(super) fn binary(data: &[u8]) -> Incoming {
    Incoming::Message(Message::binary(data.to_vec()))
}

/// The outcome of some bytes: the events, and the broken rule if there was one.
pub(super) type Outcome = (Vec<Incoming>, Option<Violation>);

/// Everything that a new session makes of these bytes in one read.
pub(super) fn receive(bytes: impl AsRef<[u8]>) -> Outcome {
    receive_in_reads(ROOMY, [bytes.as_ref()])
}

/// The events of a stream that breaks no rule.
pub(super) fn events(bytes: impl AsRef<[u8]>) -> Vec<Incoming> {
    let (events, violation) = receive(bytes);
    assert_eq!(violation, None);
    events
}

/// The rule that a stream breaks.
pub(super) fn violation(bytes: impl AsRef<[u8]>) -> Violation {
    let (events, violation) = receive(bytes);
    violation.unwrap_or_else(|| panic!("no rule was broken, and these came: {events:?}"))
}

/// The outcome of a session with this limit, for bytes that arrive in these reads.
pub(super) fn receive_in_reads<'a>(limit: usize, reads: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut session = Session::new(limit);
    let mut outcome = Outcome::default();
    for read in reads {
        let (events, violation) = feed(&mut session, read);
        outcome.0.extend(events);
        outcome.1 = outcome.1.or(violation);
    }
    outcome
}

/// One read: lends a buffer to the session, which must return it empty.
pub(super) fn feed(session: &mut Session, read: &[u8]) -> Outcome {
    let mut input = BytesMut::from(read);
    let mut events = Vec::new();
    let mut broken = None;
    loop {
        match session.receive(&mut input) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break,
            Err(violation) => {
                assert_eq!(broken, None, "a session breaks only once");
                broken = Some(violation);
            }
        }
    }
    assert!(input.is_empty(), "{} bytes are left for the next connection", input.len());
    (events, broken)
}
