//! One change of a room, as plain data.

use std::sync::Arc;

use bytes::Bytes;

/// A change of what the database has of a room. The changes of one commit are made in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a key to a value.
    Set(Arc<str>, Bytes),
    /// Removes a key. One that does not exist is no error.
    Delete(Arc<str>),
    /// Removes all keys. Timers, requests and snapshots stay.
    Clear,
    /// Sets a timer, in place of one with the same id.
    SetTimer(DurableTimer),
    /// Removes a timer. One that does not exist is no error.
    DropTimer(u64),
    /// Keeps a request to an HTTP server until it is answered.
    SetRequest(OpenRequest),
    /// Removes a request. One that does not exist is no error.
    DropRequest(u64),
    /// Keeps a message to another room until that has handled it, in place of one with the same id.
    SetEvent(StoredEvent),
    /// Removes a message that another room, or this one, has sent. One that does not exist is no error.
    DropEvent {
        /// The sender.
        from: Arc<str>,
        /// Its id.
        id: u64,
    },
    /// Saves the state of the room's instance, in place of the one that the same release has saved.
    Save(Snapshot),
    /// Removes the saved states of all releases but the one with this SHA-256.
    DropSnapshots {
        /// The release whose saved state stays.
        except: Option<Arc<str>>,
    },
    /// The room ends in good order. Unless a later commit follows, the next opening finds it `clean`.
    Close {
        /// When it ends, in microseconds since 1970.
        at_us: u64,
    },
}

/// A timer that outlives the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurableTimer {
    /// Its id, unique in the room.
    pub id: u64,
    /// When it is due, in microseconds since 1970.
    pub due_us: u64,
    /// The interval of a repeating timer, in microseconds.
    pub every_us: Option<u64>,
    /// The bytes that the handler gets.
    pub payload: Bytes,
}

/// A request to an HTTP server that has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// Its id, unique in the room.
    pub id: u64,
    /// The bytes that come back with the answer.
    pub context: Bytes,
}

/// A message to another room that it has not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id. The messages of all rooms are in the order of their ids.
    pub id: u64,
    /// The receiver.
    pub to: Arc<str>,
    /// Whether it is text, in UTF-8.
    pub is_text: bool,
    /// The content.
    pub payload: Bytes,
}

impl StoredEvent {
    /// The bytes that it counts for.
    pub fn bytes(&self) -> usize {
        self.to.len() + self.payload.len()
    }
}

/// The saved state of a room's instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The name of the release that saved it.
    pub release: Arc<str>,
    /// The SHA-256 of that release, in hexadecimal.
    pub sha256: Arc<str>,
    /// The app's own name for the format of `data`.
    pub version: String,
    /// The state.
    pub data: Bytes,
    /// When it was saved, in microseconds since 1970.
    pub saved_us: u64,
}

impl Snapshot {
    /// The bytes that it counts for.
    pub fn bytes(&self) -> usize {
        self.version.len() + self.data.len()
    }
}

impl Write {
    /// The bytes that this change adds at most, as the room's usage or the database's total counts them.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Set(key, value) => key.len() + value.len(),
            Self::SetTimer(timer) => timer.payload.len(),
            Self::SetRequest(request) => request.context.len(),
            Self::SetEvent(event) => event.bytes(),
            Self::Save(snapshot) => snapshot.bytes(),
            Self::Delete(_)
            | Self::Clear
            | Self::DropTimer(_)
            | Self::DropRequest(_)
            | Self::DropEvent { .. }
            | Self::DropSnapshots { .. }
            | Self::Close { .. } => 0,
        }
    }
}
