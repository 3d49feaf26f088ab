//! Records that do not fit one message of NATS.
//!
//! Their bytes are stored in pieces first. A *head* stands for them in the room's chain: it names the pieces by their sequences.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use super::link::Link;
use super::names::Names;
use super::records::{Records, Unread};

/// The largest record that is stored in one message.
const INLINE: usize = 512 << 10;
/// The largest piece.
const PIECE: usize = 256 << 10;
/// The largest record in pieces.
const MAX_RECORD: u64 = 128 << 20;
/// In front of a head. Records begin with their version, which is 1 or more.
const HEAD: [u8; 2] = [0, 1];
/// The time for one piece.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Stands for a record in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Whether the record is a whole one, before which none counts.
    pub(super) is_whole: bool,
    length: u64,
    hash: [u8; 32],
    sequences: Vec<u64>,
}

/// Why the pieces of a record cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// They cannot be read now.
    Unread,
    /// One of them is not there, or is another's.
    Missing(u64),
    /// They are not those of the head.
    Differs,
}

impl Head {
    /// Where the first piece is.
    pub(super) fn first(&self) -> Option<u64> {
        self.sequences.first().copied()
    }

    fn encode(&self) -> Bytes {
        let mut to = BytesMut::with_capacity(64 + 8 * self.sequences.len());
        to.put_slice(&HEAD);
        to.put_u8(u8::from(self.is_whole));
        to.put_u64(self.length);
        to.put_slice(&self.hash);
        self.sequences.iter().for_each(|sequence| to.put_u64(*sequence));
        to.freeze()
    }

    /// Reads a head. `None` if the message is a record by itself, or a head of a later version.
    pub(super) fn decode(message: &Bytes) -> Option<Self> {
        let mut from = message.strip_prefix(&HEAD)?;
        let is_whole = from.try_get_u8().ok()? == 1;
        let length = from.try_get_u64().ok()?;
        let (hash, mut rest) = from.split_at_checked(32)?;
        let mut sequences = Vec::new();
        while let Ok(sequence) = rest.try_get_u64() {
            sequences.push(sequence);
        }
        let is_plausible = rest.is_empty() && !sequences.is_empty() && length <= MAX_RECORD;
        is_plausible.then_some(Self { is_whole, length, hash: hash.try_into().ok()?, sequences })
    }
}

/// Whether a record of this many bytes is stored in pieces.
pub(super) fn is_large(link: &Link, bytes: usize) -> bool {
    bytes > link.message_bytes(INLINE)
}

/// The hash by which a head knows its record.
pub(super) fn hash(record: &[u8]) -> [u8; 32] {
    Sha256::digest(record).into()
}

/// Stores the pieces of a record. Returns the message that stands for it, with the sequence of the first piece.
pub(super) async fn store(
    records: &Records,
    (link, names): (&Link, &Names),
    (room, epoch): (&str, u64),
    record: Bytes,
    is_whole: bool,
) -> Result<(Bytes, u64), Unread> {
    let (length, hash) = (record.len() as u64, hash(&record));
    if length > MAX_RECORD {
        tracing::error!(room = %crate::log::printable(room), "a record of {length} bytes is too large for the cluster");
        return Err(Unread);
    }
    let (mut rest, mut sequences) = (record, Vec::new());
    while !rest.is_empty() {
        let piece = rest.split_to(rest.len().min(link.message_bytes(PIECE)));
        let subject = names.piece(room, epoch, sequences.len());
        sequences.push(records.add(subject, piece, TIMEOUT).await.ok_or(Unread)?);
    }
    let head = Head { is_whole, length, hash, sequences };
    let first = head.first().unwrap_or_default();
    Ok((head.encode(), first))
}

/// Reads the record of a head.
pub(super) async fn load(records: &Records, names: &Names, head: &Head, room: &str) -> Result<Bytes, Trouble> {
    let (stream, subjects) = (names.rooms_stream(), names.pieces(room));
    let prefix = subjects.trim_end_matches("*.*");
    // The length is a stranger's word until the pieces have come.
    let mut record = BytesMut::new();
    for &sequence in &head.sequences {
        let piece = records.at(&stream, sequence, TIMEOUT).await.map_err(|Unread| Trouble::Unread)?;
        let (subject, piece) = piece.ok_or(Trouble::Missing(sequence))?;
        if !subject.starts_with(prefix) {
            return Err(Trouble::Missing(sequence));
        }
        record.extend_from_slice(&piece);
        if record.len() as u64 > head.length {
            return Err(Trouble::Differs);
        }
    }
    let record = record.freeze();
    let is_whole = record.len() as u64 == head.length && hash(&record) == head.hash;
    if is_whole { Ok(record) } else { Err(Trouble::Differs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = Head { is_whole: true, length: 300_000, hash: hash(b"record"), sequences: vec![7, 8, 1 << 40] };
        assert_eq!(Head::decode(&head.encode()), Some(head.clone()));
        assert_eq!(head.first(), Some(7));
    }

    #[test]
    fn messages_that_are_no_heads_are_told_apart() {
        let head = Head { is_whole: false, length: 1, hash: [0; 32], sequences: vec![7] }.encode();
        let cut = |end| Head::decode(&head.slice(..end));
        assert_eq!([0, 1, 10, 43, head.len() - 1].map(cut), [const { None }; 5]);
        let record = ws_cluster::RoomRecord {
            owner: ws_cluster::Life { since: 1, number: 0 },
            release: 0,
            act: ws_cluster::Act::Claim { attempt: 1 },
        };
        assert_eq!(Head::decode(&record.encode()), None);
        let huge = Head { is_whole: false, length: MAX_RECORD + 1, hash: [0; 32], sequences: vec![7] };
        assert_eq!(Head::decode(&huge.encode()), None);
    }
}
