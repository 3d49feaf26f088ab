//! The record of a durable room in the directory.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::codec::{Encode, Malformed, decoded, encoded, kind};
use crate::life::Life;

const VERSION: u8 = 1;

/// The last word of an owner about its durable room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRecord {
    /// The owner.
    pub owner: Life,
    /// Its epoch.
    pub epoch: u64,
    /// Whether another node has to open the room.
    pub wake: Wake,
}

/// When a room is to be opened though no client asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Not at all.
    Never,
    /// As soon as the owner's life is over. Until then the owner does what is due.
    AfterOwner,
    /// At this time, in microseconds since 1970. The room is closed.
    At(u64),
}

impl KnownRecord {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        encoded(VERSION, self)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are no record of this version.
    pub fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        decoded(VERSION, bytes)
    }
}

impl Encode for KnownRecord {
    fn write(&self, to: &mut BytesMut) {
        self.owner.write(to);
        self.epoch.write(to);
        match self.wake {
            Wake::Never => to.put_u8(b'n'),
            Wake::AfterOwner => to.put_u8(b'o'),
            Wake::At(due_us) => {
                to.put_u8(b'a');
                due_us.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (owner, epoch) = (Life::read(from)?, u64::read(from)?);
        let wake = match kind(from)? {
            b'n' => Wake::Never,
            b'o' => Wake::AfterOwner,
            b'a' => Wake::At(u64::read(from)?),
            _ => return Err(Malformed),
        };
        Ok(Self { owner, epoch, wake })
    }
}
