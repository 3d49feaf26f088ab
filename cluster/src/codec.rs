//! Numbers, bytes and lists as they stand in records and messages.
//!
//! A number is a varint: seven bits in each byte, the lowest first, and the highest bit set in all bytes but the last. Bytes and lists
//! have their length in front. Other content of records is written in the same way, by [`Encode`].

use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use bytestring::ByteString;

/// The bytes are no record or message of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Something that has an encoding.
pub trait Encode: Sized {
    /// Adds its bytes.
    fn write(&self, to: &mut BytesMut);

    /// Takes its bytes from the front.
    ///
    /// # Errors
    /// They do not encode such a value.
    fn read(from: &mut Bytes) -> Result<Self, Malformed>;
}

impl Encode for u64 {
    fn write(&self, to: &mut BytesMut) {
        let mut rest = *self;
        while rest >= 0x80 {
            to.put_u8(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        to.put_u8(rest.to_le_bytes()[0]);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let mut number = 0;
        // Ten bytes hold 64 bits, and the tenth holds one of them.
        for shift in (0..64).step_by(7) {
            let byte = from.try_get_u8().map_err(|_| Malformed)?;
            if shift == 63 && byte > 1 {
                return Err(Malformed);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }
}

impl Encode for u16 {
    fn write(&self, to: &mut BytesMut) {
        u64::from(*self).write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        u64::read(from)?.try_into().map_err(|_| Malformed)
    }
}

impl Encode for bool {
    fn write(&self, to: &mut BytesMut) {
        to.put_u8(u8::from(*self));
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        match from.try_get_u8() {
            Ok(0) => Ok(false),
            Ok(1) => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl Encode for Bytes {
    fn write(&self, to: &mut BytesMut) {
        (self.len() as u64).write(to);
        to.put_slice(self);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let length = usize::try_from(u64::read(from)?).map_err(|_| Malformed)?;
        if length > from.len() { Err(Malformed) } else { Ok(from.split_to(length)) }
    }
}

impl Encode for ByteString {
    fn write(&self, to: &mut BytesMut) {
        let bytes: &Bytes = self.as_bytes();
        bytes.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Self::try_from(Bytes::read(from)?).map_err(|_| Malformed)
    }
}

impl Encode for Arc<str> {
    fn write(&self, to: &mut BytesMut) {
        (self.len() as u64).write(to);
        to.put_slice(self.as_bytes());
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        std::str::from_utf8(&Bytes::read(from)?).map(Self::from).map_err(|_| Malformed)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn write(&self, to: &mut BytesMut) {
        (self.len() as u64).write(to);
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        // The list grows with its items: a length that lies reserves nothing.
        (0..u64::read(from)?).map(|_| T::read(from)).collect()
    }
}

impl<T: Encode> Encode for Option<T> {
    fn write(&self, to: &mut BytesMut) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        if bool::read(from)? { T::read(from).map(Some) } else { Ok(None) }
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn write(&self, to: &mut BytesMut) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok((A::read(from)?, B::read(from)?))
    }
}

/// The encoding behind the version.
pub(crate) fn encoded(version: u8, value: &impl Encode) -> Bytes {
    let mut to = BytesMut::new();
    to.put_u8(version);
    value.write(&mut to);
    to.freeze()
}

/// Reads what [`encoded`] wrote, to its end.
pub(crate) fn decoded<T: Encode>(version: u8, mut from: Bytes) -> Result<T, Malformed> {
    if from.try_get_u8() != Ok(version) {
        return Err(Malformed);
    }
    let value = T::read(&mut from)?;
    if from.is_empty() { Ok(value) } else { Err(Malformed) }
}

/// Takes the byte in front, which tells the kind.
///
/// # Errors
/// Nothing is there.
pub fn kind(from: &mut Bytes) -> Result<u8, Malformed> {
    from.try_get_u8().map_err(|_| Malformed)
}
