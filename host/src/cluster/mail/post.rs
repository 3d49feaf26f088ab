//! The messages between the owners of two rooms.

use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use ws_cluster::codec::{Encode, Malformed, kind};

use crate::store::StoredEvent;

const VERSION: u8 = 1;

/// A message between the owners of two rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mail {
    /// From the sender's owner.
    Post(Post),
    /// From the receiver's.
    Receipt(Receipt),
}

/// A room's message to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The sender.
    pub from: Arc<str>,
    /// The id of the message to the same room before it, if that may not be handled yet; otherwise 0.
    pub after: u64,
    /// The message. One that is not stored has the id 0.
    pub event: StoredEvent,
}

/// The receiver's records have the messages of a sender up to an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The sender of the messages, which this goes to.
    pub from: Arc<str>,
    /// Their receiver.
    pub by: Arc<str>,
    /// The id.
    pub through: u64,
}

impl Mail {
    /// The room that it is for.
    pub fn room(&self) -> &Arc<str> {
        match self {
            Self::Post(post) => &post.event.to,
            Self::Receipt(receipt) => &receipt.from,
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Bytes {
        let mut to = BytesMut::from(&[VERSION][..]);
        match self {
            Self::Post(Post { from, after, event }) => {
                to.put_u8(b'p');
                from.write(&mut to);
                after.write(&mut to);
                event.write(&mut to);
            }
            Self::Receipt(Receipt { from, by, through }) => {
                to.put_u8(b'r');
                from.write(&mut to);
                by.write(&mut to);
                through.write(&mut to);
            }
        }
        to.freeze()
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are no such message of this version.
    pub fn decode(mut from: Bytes) -> Result<Self, Malformed> {
        if from.try_get_u8() != Ok(VERSION) {
            return Err(Malformed);
        }
        let read = &mut from;
        let mail = match kind(read)? {
            b'p' => Self::Post(Post { from: Arc::read(read)?, after: u64::read(read)?, event: StoredEvent::read(read)? }),
            b'r' => Self::Receipt(Receipt { from: Arc::read(read)?, by: Arc::read(read)?, through: u64::read(read)? }),
            _ => return Err(Malformed),
        };
        if from.is_empty() { Ok(mail) } else { Err(Malformed) }
    }
}
