//! The encoding of one change of a room.
//!
//! Its kind stands in front, as a letter.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use ws_cluster::codec::{Encode, Malformed, kind};

use crate::store::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Write};

impl Encode for Write {
    fn write(&self, to: &mut BytesMut) {
        match self {
            Self::Set(key, value) => {
                to.put_u8(b's');
                key.write(to);
                value.write(to);
            }
            Self::Delete(key) => {
                to.put_u8(b'd');
                key.write(to);
            }
            Self::Clear => to.put_u8(b'c'),
            Self::SetTimer(timer) => tagged(to, b't', timer),
            Self::DropTimer(id) => tagged(to, b'T', id),
            Self::SetRequest(request) => tagged(to, b'r', request),
            Self::DropRequest(id) => tagged(to, b'R', id),
            Self::SetEvent(event) => tagged(to, b'e', event),
            Self::DropEvent { from, id } => {
                to.put_u8(b'E');
                from.write(to);
                id.write(to);
            }
            Self::Save(snapshot) => tagged(to, b'p', snapshot),
            Self::DropSnapshots { except } => tagged(to, b'P', except),
            Self::Close { at_us } => tagged(to, b'z', at_us),
        }
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(match kind(from)? {
            b's' => Self::Set(Arc::read(from)?, owned(from)?),
            b'd' => Self::Delete(Arc::read(from)?),
            b'c' => Self::Clear,
            b't' => Self::SetTimer(DurableTimer::read(from)?),
            b'T' => Self::DropTimer(u64::read(from)?),
            b'r' => Self::SetRequest(OpenRequest::read(from)?),
            b'R' => Self::DropRequest(u64::read(from)?),
            b'e' => Self::SetEvent(StoredEvent::read(from)?),
            b'E' => Self::DropEvent { from: Arc::read(from)?, id: u64::read(from)? },
            b'p' => Self::Save(Snapshot::read(from)?),
            b'P' => Self::DropSnapshots { except: Option::read(from)? },
            b'z' => Self::Close { at_us: u64::read(from)? },
            _ => return Err(Malformed),
        })
    }
}

impl Encode for DurableTimer {
    fn write(&self, to: &mut BytesMut) {
        self.id.write(to);
        self.due_us.write(to);
        self.every_us.write(to);
        self.payload.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (id, due_us, every_us) = (u64::read(from)?, u64::read(from)?, Option::read(from)?);
        Ok(Self { id, due_us, every_us, payload: owned(from)? })
    }
}

impl Encode for OpenRequest {
    fn write(&self, to: &mut BytesMut) {
        self.id.write(to);
        self.context.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        Ok(Self { id: u64::read(from)?, context: owned(from)? })
    }
}

impl Encode for StoredEvent {
    fn write(&self, to: &mut BytesMut) {
        self.id.write(to);
        self.to.write(to);
        self.is_text.write(to);
        self.payload.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (id, to, is_text, payload) = (u64::read(from)?, Arc::read(from)?, bool::read(from)?, owned(from)?);
        if is_text && std::str::from_utf8(&payload).is_err() {
            return Err(Malformed);
        }
        Ok(Self { id, to, is_text, payload })
    }
}

impl Encode for Snapshot {
    fn write(&self, to: &mut BytesMut) {
        self.release.write(to);
        self.sha256.write(to);
        Arc::<str>::from(self.version.as_str()).write(to);
        self.saved_us.write(to);
        self.data.write(to);
    }

    fn read(from: &mut Bytes) -> Result<Self, Malformed> {
        let (release, sha256, version) = (Arc::read(from)?, Arc::read(from)?, Arc::<str>::read(from)?.to_string());
        Ok(Self { release, sha256, version, saved_us: u64::read(from)?, data: owned(from)? })
    }
}

fn tagged(to: &mut BytesMut, tag: u8, value: &impl Encode) {
    to.put_u8(tag);
    value.write(to);
}

/// A copy of bytes. A part of a record would keep all of the record in memory.
fn owned(from: &mut Bytes) -> Result<Bytes, Malformed> {
    Bytes::read(from).map(|bytes| Bytes::copy_from_slice(&bytes))
}
