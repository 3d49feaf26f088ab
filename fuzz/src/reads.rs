//! A session's outcome for bytes that arrive in several reads.

use bytes::BytesMut;

use crate::protocol::{Incoming, Session, Violation};
use crate::script::Numbers;

/// The events, and the violation if there was one.
pub type Outcome = (Vec<Incoming>, Option<Violation>);

/// The outcome of a session for these bytes, which must not depend on how they are cut into reads.
///
/// # Panics
/// If it depends on that, or if a message is larger than the limit.
pub fn receive(new: impl Fn() -> Session, bytes: &[u8], limit: usize, seed: u8) -> Outcome {
    let [whole, by_byte, in_pieces] = in_three_ways(new, bytes, limit, seed);
    assert_eq!(by_byte, whole, "byte by byte it is the same");
    assert_eq!(in_pieces, whole, "in pieces it is the same");
    whole
}

/// The same for compressed messages. If a message breaks several rules, the reads decide which violation is found first: the
/// output of a piece is checked before the next piece is inflated.
///
/// # Panics
/// As in `receive`.
pub fn receive_compressed(new: impl Fn() -> Session, bytes: &[u8], limit: usize, seed: u8) -> Outcome {
    let [whole, by_byte, in_pieces] = in_three_ways(new, bytes, limit, seed);
    for (other, violation) in [by_byte, in_pieces] {
        assert_eq!(other, whole.0, "the events are the same");
        assert_eq!(violation.is_some(), whole.1.is_some(), "{violation:?} and {:?}", whole.1);
    }
    whole
}

fn in_three_ways(new: impl Fn() -> Session, bytes: &[u8], limit: usize, seed: u8) -> [Outcome; 3] {
    let mut numbers = Numbers::new(seed.into());
    let mut rest = bytes;
    let pieces = std::iter::from_fn(|| {
        let len = rest.len().min(1 + numbers.below(40));
        let (read, behind) = rest.split_at(len);
        rest = behind;
        (len > 0).then_some(read)
    });
    let outcomes = [in_reads(new(), [bytes]), in_reads(new(), bytes.chunks(1)), in_reads(new(), pieces)];
    for event in &outcomes[0].0 {
        if let Incoming::Message(message) = event {
            assert!(message.as_bytes().len() <= limit, "a message keeps the limit");
        }
    }
    outcomes
}

fn in_reads<'a>(mut session: Session, reads: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let (mut events, mut violation) = (Vec::new(), None);
    for read in reads {
        let mut input = BytesMut::from(read);
        loop {
            match session.receive(&mut input) {
                Ok(Some(event)) => {
                    assert!(violation.is_none() && !matches!(events.last(), Some(Incoming::Close(_))), "nothing follows the end");
                    events.push(event);
                }
                Ok(None) => break,
                Err(broken) => assert_eq!(violation.replace(broken), None, "a session breaks once"),
            }
        }
        assert!(input.is_empty(), "nothing is left for the next connection");
    }
    (events, violation)
}
