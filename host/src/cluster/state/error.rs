//! Why a room's records cannot be read.

use ws_cluster::codec::Malformed;

/// The newest format of items. A change of a released one is a new format.
pub(super) const FORMAT: u8 = 1;

/// The state of a room cannot be read from its records. The room does not open then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The bytes are no state of a room.
    #[error("a record of the room is damaged. Restore the room's stream, or remove the room's messages from it")]
    Malformed,
    /// The bytes have a later format.
    #[error(
        "a newer ws-host has written a record of the room, in format {0}, and this one reads {FORMAT} at most. Update this node"
    )]
    Later(u8),
}

impl From<Malformed> for StateError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}
