//! Whether a room exists anywhere in the cluster.

use std::time::Duration;

use ws_cluster::RoomRecord;
use ws_cluster::directory;

use super::core::Core;
use super::pieces::Head;
use super::records::Unread;

/// The time for one attempt.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The attempts while NATS is away. A room that asks waits for ten seconds.
const ATTEMPTS: usize = 5;

/// Whether a room of this name exists. NATS is asked about one that the directory does not have: it may be open, or durable since a moment ago.
pub(super) async fn exists(core: &Core, room: &str) -> Result<bool, Unread> {
    for _ in 0..ATTEMPTS {
        if core.directory().has(room) {
            return Ok(true);
        }
        if let Ok(exists) = ask(core, room).await {
            return Ok(exists);
        }
    }
    Err(Unread)
}

async fn ask(core: &Core, room: &str) -> Result<bool, Unread> {
    let (records, names) = (&core.records, &core.names);
    let (rooms, known) = (names.rooms_stream(), names.known_stream());
    let (last, known) =
        tokio::join!(records.last(&rooms, names.room(room), TIMEOUT), records.last(&known, names.known(room), TIMEOUT));
    let Some((_, last)) = last? else { return Ok(known?.is_some()) };
    if known?.is_some() || Head::decode(&last).is_some() {
        return Ok(true);
    }
    // A record of a later version is that of a room.
    let Ok(last) = RoomRecord::decode(last) else { return Ok(true) };
    let neighbours = core.neighbours();
    Ok(directory::exists(&last, |life| neighbours.is_gone(life)))
}
