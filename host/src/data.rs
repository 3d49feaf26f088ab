//! The place and the time for which a server keeps its rooms.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;

use crate::bus::Bus;
use crate::config::{Instances, Limits};
use crate::error::Error;
use crate::memory;
use crate::room::Total;
use crate::shard::StorePlace;
use crate::socket_file::FileId;
use crate::store::{Database, OpenError, Settings, StoredEvent, Sync, wall_us};
use crate::types::Message;

/// How long a process that has failed may take to leave the data folder.
const LEAVING: Duration = Duration::from_secs(10);

/// The data folder, if there is one.
#[derive(Debug, Default)]
pub(crate) struct DataFolder {
    pub(crate) folder: Option<PathBuf>,
    pub(crate) sync: Sync,
}

impl DataFolder {
    /// Opens its database.
    pub(crate) fn open(&self, limits: &Limits) -> Result<Option<Database>, Error> {
        self.try_open(limits).map_err(|error| Error::Data(error.to_string()))
    }

    /// Opens its database as soon as the process that has the folder leaves it, which ends. Blocks.
    pub(crate) fn open_when_free(&self, limits: &Limits) -> Result<Option<Database>, Error> {
        let deadline = Instant::now() + LEAVING;
        loop {
            match self.try_open(limits) {
                // The lock belongs to a process, and nothing tells of its end.
                Err(OpenError::InUse { .. }) if Instant::now() < deadline => std::thread::sleep(LEAVING / 200),
                opened => return opened.map_err(|error| Error::Data(error.to_string())),
            }
        }
    }

    fn try_open(&self, limits: &Limits) -> Result<Option<Database>, OpenError> {
        let (total_bytes, expire_after) = (limits.store_total_bytes, limits.store_expiry);
        let settings = Settings { sync: self.sync, total_bytes, expire_after, ..Settings::default() };
        self.folder.as_deref().map(|folder| Database::open(folder, &settings)).transpose()
    }

    /// Identifies the folder, whatever its path.
    pub(crate) fn id(&self) -> Option<FileId> {
        FileId::of(&self.folder.as_deref()?.canonicalize().ok()?).ok()
    }
}

/// The place of the stores of rooms. Nobody can come back to the store of one client, so it is in memory and ends with its room.
pub(crate) fn store_place(instances: Instances, limits: &Limits, database: Option<Database>) -> StorePlace {
    let of_rooms = instances == Instances::PerClient;
    match database {
        Some(database) if !of_rooms => StorePlace::Database(database),
        _ => {
            let most = limits.store_total_bytes.unwrap_or_else(|| memory::available() as u64 / 4);
            StorePlace::Memory { of_rooms, total: Arc::new(Total::new(most)) }
        }
    }
}

/// How long an empty room is kept. Nobody can come back to the room of one client.
pub(crate) fn linger(instances: Instances, limits: &Limits) -> Option<Duration> {
    match instances {
        Instances::Shared => None,
        Instances::PerRoom => Some(limits.room_linger),
        Instances::PerClient => Some(Duration::ZERO),
    }
}

/// Has the messages go on that rooms of an earlier process have sent and not handled. One whose receiver no room can be any more stays in the
/// database.
pub(crate) fn resume_events(database: Option<&Database>, bus: &Bus) {
    // An archive may have messages of an earlier process: none of this one has their numbers, and no import replaces it.
    bus.number_from(wall_us());
    let mut left = 0;
    for (from, StoredEvent { id, to, is_text, payload }) in database.map(Database::take_events).unwrap_or_default() {
        let text = is_text.then(|| ByteString::try_from(payload.clone()).ok()).flatten();
        let message = text.map_or(Message::Binary(payload), Message::Text);
        left += usize::from(!bus.resume(id, (&from, &to), message));
    }
    if left > 0 {
        tracing::warn!("{left} stored messages are for rooms whose names this server does not know, and stay in the database");
    }
}
