//! Whether a room exists that the directory does not have.

use crate::life::Life;
use crate::room_record::{Act, RoomRecord};

/// Whether a room with this last record exists: it is durable, a living node has it open, or the node that gave it up has left members or a state.
#[must_use]
pub fn exists(last: &RoomRecord, is_gone: impl Fn(Life) -> bool) -> bool {
    match &last.act {
        Act::Commit { .. } => true,
        Act::Claim { .. } => !is_gone(last.owner),
        Act::Release { entry, is_empty } => !is_empty || !entry.data.is_empty(),
    }
}
