//! The items of a room's records: the writes of a turn, or a whole state.
//!
//! An item begins with the format and the item's kind, and goes on with changes to its end. Those of a whole state make it from nothing.

use bytes::{Buf as _, Bytes, BytesMut};
use ws_cluster::codec::{Encode as _, kind};

use super::error::{FORMAT, StateError};
use crate::store::Write;

const TURN: u8 = b't';
const WHOLE: u8 = b'w';

/// The item of a turn with these writes.
pub fn encode_writes(writes: &[Write]) -> Bytes {
    let mut item = begin_turn();
    writes.iter().for_each(|write| write.write(&mut item));
    item.freeze()
}

/// The writes of a turn.
///
/// # Errors
/// The bytes are no such item, or have a later format.
#[cfg(test)]
pub fn decode_writes(item: Bytes) -> Result<Vec<Write>, StateError> {
    let mut item = Item::begin(item)?;
    if item.kind != Kind::Turn {
        return Err(StateError::Malformed);
    }
    let mut writes = Vec::new();
    while let Some(write) = item.next()? {
        writes.push(write);
    }
    Ok(writes)
}

/// The item of a turn without writes.
pub(super) fn begin_turn() -> BytesMut {
    BytesMut::from(&[FORMAT, TURN][..])
}

/// The item of a whole state without anything.
pub(super) fn begin_whole(last_event: u64) -> BytesMut {
    let mut item = BytesMut::from(&[FORMAT, WHOLE][..]);
    last_event.write(&mut item);
    item
}

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The writes of a turn.
    Turn,
    /// A whole state.
    Whole {
        /// The largest id of a message that the room has ever sent.
        last_event: u64,
    },
}

/// An item that is read.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    rest: Bytes,
}

impl Item {
    /// Reads its beginning.
    pub(super) fn begin(mut rest: Bytes) -> Result<Self, StateError> {
        match rest.try_get_u8() {
            Ok(FORMAT) => {}
            Ok(format) if format > FORMAT => return Err(StateError::Later(format)),
            _ => return Err(StateError::Malformed),
        }
        let kind = match kind(&mut rest)? {
            TURN => Kind::Turn,
            WHOLE => Kind::Whole { last_event: u64::read(&mut rest)? },
            _ => return Err(StateError::Malformed),
        };
        Ok(Self { kind, rest })
    }

    /// Reads its next change.
    pub(super) fn next(&mut self) -> Result<Option<Write>, StateError> {
        if self.rest.is_empty() { Ok(None) } else { Ok(Some(Write::read(&mut self.rest)?)) }
    }
}
