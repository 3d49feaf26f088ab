//! The identity of a node from its start to its end.

use bytes::{Bytes, BytesMut};

use crate::codec::{Encode, Malformed};

/// One life of a node. A process that comes back, or that was taken for dead, has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    /// The sequence of its first record, so a later life has a higher one.
    pub since: u64,
    /// Its number, 0 to 1023.
    pub number: u16,
}

impl Encode for Life {
    fn write(&self, to: &mut BytesMut) {
        self.since.write(to);
        self.number.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self { since: u64::read(from)?, number: u16::read(from)? })
    }
}
