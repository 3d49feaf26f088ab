//! The record of a release: the component that the cluster runs from then on.

use bytes::{BufMut as _, Bytes, BytesMut};
use bytestring::ByteString;

use crate::codec::{Encode, Malformed, decoded, encoded, kind};
use crate::life::Life;

const VERSION: u8 = 1;

/// A component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The SHA-256 of its bytes, in hexadecimal. The object store has them by this name.
    pub sha256: ByteString,
    /// Its file's name, for people.
    pub name: ByteString,
}

/// A record in the stream of releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// One more than that of the record before.
    pub number: u64,
    /// The component that runs.
    pub component: Component,
    /// Whether the instances of the release before hand their states on.
    pub keeps_state: bool,
    /// The node that has published the record.
    pub by: Life,
    /// The time of day by its clock, in seconds since 1970, for people. No rule looks at it.
    pub at: u64,
    /// The reason.
    pub why: Why,
}

/// Why a release runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The first node of the cluster has brought it.
    First,
    /// Somebody has swapped to it.
    Swap,
    /// Somebody has gone back to it.
    Rollback,
    /// The release after it is called off.
    Undo(ByteString),
}

impl ReleaseRecord {
    /// Whether it calls off the release before it.
    #[must_use]
    pub fn is_undo(&self) -> bool {
        matches!(self.why, Why::Undo(_))
    }

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

impl Encode for ReleaseRecord {
    fn write(&self, to: &mut BytesMut) {
        self.number.write(to);
        self.component.sha256.write(to);
        self.component.name.write(to);
        self.keeps_state.write(to);
        self.by.write(to);
        self.at.write(to);
        match &self.why {
            Why::First => to.put_u8(b'f'),
            Why::Swap => to.put_u8(b's'),
            Why::Rollback => to.put_u8(b'b'),
            Why::Undo(reason) => {
                to.put_u8(b'u');
                reason.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let number = u64::read(from)?;
        let component = Component { sha256: ByteString::read(from)?, name: ByteString::read(from)? };
        let (keeps_state, by, at) = (bool::read(from)?, Life::read(from)?, u64::read(from)?);
        let why = match kind(from)? {
            b'f' => Why::First,
            b's' => Why::Swap,
            b'b' => Why::Rollback,
            b'u' => Why::Undo(ByteString::read(from)?),
            _ => return Err(Malformed),
        };
        Ok(Self { number, component, keeps_state, by, at, why })
    }
}
