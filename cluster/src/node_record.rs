//! The record of a node: the last message of its subject tells whether it lives.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::codec::{Encode, Malformed, decoded, encoded, kind};

const VERSION: u8 = 1;

/// A record of the node that has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRecord {
    /// The node lives, and renews its lease.
    Alive {
        /// Random, and the same in all records of one life.
        nonce: u64,
        /// The sequence of the first record of this life. 0 in that record itself.
        since: u64,
        /// Counts the records of this life, from 0.
        beat: u64,
    },
    /// The life that began at this sequence is over.
    Gone {
        /// The sequence of its first record.
        since: u64,
    },
}

impl NodeRecord {
    /// The sequence at which the life of this record began. `sequence` is that of the record.
    #[must_use]
    pub fn since(&self, sequence: u64) -> u64 {
        match *self {
            Self::Alive { since: 0, .. } => sequence,
            Self::Alive { since, .. } | Self::Gone { since } => since,
        }
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

impl Encode for NodeRecord {
    fn write(&self, to: &mut BytesMut) {
        match self {
            Self::Alive { nonce, since, beat } => {
                to.put_u8(b'a');
                [nonce, since, beat].into_iter().for_each(|number| number.write(to));
            }
            Self::Gone { since } => {
                to.put_u8(b'g');
                since.write(to);
            }
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        match kind(from)? {
            b'a' => Ok(Self::Alive { nonce: u64::read(from)?, since: u64::read(from)?, beat: u64::read(from)? }),
            b'g' => Ok(Self::Gone { since: u64::read(from)? }),
            _ => Err(Malformed),
        }
    }
}
