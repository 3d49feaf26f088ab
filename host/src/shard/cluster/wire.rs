//! The form of what nodes tell each other inside the messages of `ws-cluster`: a version, then postcard's encoding.

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Nodes of one cluster have the same version.
const VERSION: u8 = 1;

/// Another node has sent something that this one cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of another node cannot be read: its version of the server is another one")]
pub struct Malformed;

/// The bytes of a value.
pub fn encode(value: &impl Serialize) -> Bytes {
    let size = postcard::experimental::serialized_size(value).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size + 1);
    bytes.push(VERSION);
    postcard::to_extend(value, bytes).expect("a vector grows, and every length is known").into()
}

/// The value of these bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let Some((&VERSION, rest)) = bytes.split_first() else { return Err(Malformed) };
    postcard::from_bytes(rest).map_err(|_| Malformed)
}

/// Bytes behind a tag.
pub fn tagged(tag: u8, bytes: &[u8]) -> Bytes {
    let mut tagged = BytesMut::with_capacity(bytes.len() + 1);
    tagged.put_u8(tag);
    tagged.extend_from_slice(bytes);
    tagged.freeze()
}
