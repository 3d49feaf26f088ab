//! Records for the directory of durable rooms.

use std::sync::Arc;
use std::time::Duration;

use ws_cluster::directory::{KnownRecord, Wake};
use ws_cluster::{Life, Publication};

use super::core::Core;
use super::records::Stored;

/// The time for one step.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Steps until the caller is to try again.
const ATTEMPTS: usize = 4;

/// Has the directory say at least this of a room before the room's next record is stored. Returns whether it does.
pub(super) async fn note(core: &Core, room: &Arc<str>, record: KnownRecord, is_closing: bool) -> bool {
    for _ in 0..ATTEMPTS {
        let Some(publication) = lacks(core, room, record, is_closing) else { return true };
        match store(core, room, &publication).await {
            Stored::At(_) => {}
            Stored::Unknown => return false,
            Stored::Refused => {
                let subject = core.names.known(room);
                let Ok(last) = core.records.last(&core.names.known_stream(), subject, TIMEOUT).await else { return false };
                // One of a later version says nothing to this node, and is replaced.
                let unreadable = KnownRecord { owner: Life { since: 0, number: 0 }, epoch: 0, wake: Wake::Never };
                let last = last.map(|(sequence, bytes)| (sequence, KnownRecord::decode(bytes).unwrap_or(unreadable)));
                core.directory().found(room, last);
            }
        }
    }
    false
}

/// The same, unless another record comes first: a room that this node has open is not to be opened by others.
pub(super) async fn note_open(core: &Core, room: &Arc<str>, publication: Publication<KnownRecord>) {
    store(core, room, &publication).await;
}

/// The record that the directory lacks. It is published with no other step in between, so that a room which closes meanwhile is not noted as open.
pub(super) fn lacks(core: &Core, room: &str, record: KnownRecord, is_closing: bool) -> Option<Publication<KnownRecord>> {
    let neighbours = core.neighbours();
    core.directory().lacks(room, record, is_closing, |life| neighbours.is_gone(life))
}

async fn store(core: &Core, room: &Arc<str>, Publication { expected, record }: &Publication<KnownRecord>) -> Stored {
    let stored = core.records.store(core.names.known(room), *expected, record.encode(), TIMEOUT).await;
    if let Stored::At(sequence) = stored {
        core.directory().record(sequence, room, *record);
    }
    stored
}
