//! Blocks of client ids, each reserved once for ever.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use ws_cluster::Life;

use super::core::Core;
use super::records::{Stored, Unread};
use super::settings::ClusterError;

/// The ids of one block. Those that a life does not use are never given.
pub const BLOCK: u64 = 1 << 16;

const VERSION: u8 = 1;
/// The ids of a number. JavaScript's numbers hold those of all 1024.
const PER_NUMBER: u64 = 1 << 43;
/// The time for one step.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Steps until the reservation is given up.
const ATTEMPTS: usize = 5;

/// Reserves a block of ids for a life. Returns the first one.
pub(super) async fn reserve(core: &Core, life: Life) -> Result<u64, ClusterError> {
    let number = life.number;
    for _ in 0..ATTEMPTS {
        let Some((sequence, next)) = read(core, number).await? else { continue };
        let end = next.checked_add(BLOCK).filter(|end| *end <= PER_NUMBER).ok_or_else(|| used_up(number))?;
        // An answer that is lost costs a block of ids.
        if is_stored(core, number, sequence, end).await {
            core.reserved().insert(number, end);
            return Ok(u64::from(number) * PER_NUMBER + next);
        }
    }
    Err(unanswered())
}

/// Before another life begins: sees to it that the records still have all blocks that this process has reserved. NATS may have forgotten them, and
/// other nodes would give their ids again.
pub(super) async fn remind(core: &Core) -> Result<(), ClusterError> {
    let reserved = core.reserved().clone();
    for (number, end) in reserved {
        remind_of(core, number, end).await?;
    }
    Ok(())
}

async fn remind_of(core: &Core, number: u16, end: u64) -> Result<(), ClusterError> {
    for _ in 0..ATTEMPTS {
        match read(core, number).await? {
            Some((_, next)) if next >= end => return Ok(()),
            Some((sequence, _)) if is_stored(core, number, sequence, end).await => return Ok(()),
            _ => {}
        }
    }
    Err(unanswered())
}

/// The sequence of the number's record, and the next id that is not reserved. `None` without an answer.
async fn read(core: &Core, number: u16) -> Result<Option<(u64, u64)>, ClusterError> {
    let last = core.records.last(&core.names.nodes_stream(), core.names.ids(number), TIMEOUT).await;
    Ok(match last {
        Err(Unread) => None,
        Ok(None) => Some((0, 1)),
        Ok(Some((sequence, record))) => Some((sequence, decode(&record).ok_or_else(|| unreadable(number))?)),
    })
}

async fn is_stored(core: &Core, number: u16, sequence: u64, next: u64) -> bool {
    let stored = core.records.store(core.names.ids(number), sequence, encode(next), TIMEOUT).await;
    matches!(stored, Stored::At(_))
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

fn unanswered() -> ClusterError {
    ClusterError("NATS does not answer, so there are no ids for new clients: check that it runs".into())
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
