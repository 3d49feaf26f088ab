//! Blocks of client ids, each reserved once for ever.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::core::Core;
use super::records::Stored;
use super::settings::ClusterError;

const VERSION: u8 = 1;
/// The ids of a number. JavaScript's numbers hold those of all 1024.
const PER_NUMBER: u64 = 1 << 43;
/// The time for one step.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Steps until the reservation is given up.
const ATTEMPTS: usize = 5;

/// Reserves a block of ids of this number. Returns the first one.
pub(super) async fn reserve(core: &Core, number: u16, count: u64) -> Result<u64, ClusterError> {
    for _ in 0..ATTEMPTS {
        let Ok(last) = core.records.last(&core.names.nodes_stream(), core.names.ids(number), TIMEOUT).await else { continue };
        let (sequence, next) = match last {
            None => (0, 1),
            Some((sequence, record)) => (sequence, decode(&record).ok_or_else(|| unreadable(number))?),
        };
        let end = next.checked_add(count).filter(|end| *end <= PER_NUMBER).ok_or_else(|| used_up(number))?;
        let stored = core.records.store(core.names.ids(number), sequence, encode(end), TIMEOUT).await;
        // An answer that is lost costs a block of ids.
        if matches!(stored, Stored::At(_)) {
            return Ok(u64::from(number) * PER_NUMBER + next);
        }
    }
    Err(ClusterError("NATS does not answer, so there are no ids for new clients: check that it runs".into()))
}

fn encode(next: u64) -> Bytes {
    let mut record = BytesMut::with_capacity(9);
    record.put_u8(VERSION);
    record.put_u64(next);
    record.freeze()
}

fn decode(record: &[u8]) -> Option<u64> {
    let (&version, next) = record.split_first()?;
    (version == VERSION).then_some(u64::from_be_bytes(next.try_into().ok()?))
}

fn unreadable(number: u16) -> ClusterError {
    ClusterError(format!("the record of the client ids of node {number} is of a later version: update this node"))
}

fn used_up(number: u16) -> ClusterError {
    ClusterError(format!("node {number} has used all its client ids: begin a cluster with another name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_ids_is_read_as_it_was_written() {
        assert_eq!(decode(&encode(1 << 42)), Some(1 << 42));
        for record in [&b""[..], b"\x01", b"\x02\0\0\0\0\0\0\0\0", b"\x01\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(decode(record), None);
        }
    }
}
