//! A node's report of the last release that it has to do with.

use bytes::{BufMut as _, Bytes, BytesMut};
use bytestring::ByteString;

use crate::codec::{Encode, Malformed, decoded, encoded, kind};
use crate::life::Life;

const VERSION: u8 = 1;

/// The report of a node. Its last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The node.
    pub life: Life,
    /// The number of the release.
    pub number: u64,
    /// Its end there.
    pub taking: Taking,
}

/// The end of a release at a node: taken or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// The node runs it.
    Taken {
        /// The rooms that changed.
        rooms: u64,
        /// Their clients here.
        clients: u64,
    },
    /// The node stays with what it runs, for this reason.
    Refused(ByteString),
}

impl Report {
    /// Whether the node runs the release.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self.taking, Taking::Taken { .. })
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        encoded(VERSION, self)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are no report of this version.
    pub fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        decoded(VERSION, bytes)
    }
}

impl Encode for Report {
    fn write(&self, to: &mut BytesMut) {
        self.life.write(to);
        self.number.write(to);
        match &self.taking {
            Taking::Taken { rooms, clients } => {
                to.put_u8(b't');
                rooms.write(to);
                clients.write(to);
            }
            Taking::Refused(reason) => {
                to.put_u8(b'r');
                reason.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (life, number) = (Life::read(from)?, u64::read(from)?);
        let taking = match kind(from)? {
            b't' => Taking::Taken { rooms: u64::read(from)?, clients: u64::read(from)? },
            b'r' => Taking::Refused(ByteString::read(from)?),
            _ => return Err(Malformed),
        };
        Ok(Self { life, number, taking })
    }
}
