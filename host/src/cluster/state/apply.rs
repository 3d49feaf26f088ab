//! The effect of a change on a room's state: that of the same change in the local database.

use std::sync::Arc;

use bytes::Bytes;

use super::room_state::RoomState;
use crate::store::{StoredEvent, Usage, Write};

impl RoomState {
    /// Makes a change.
    pub fn apply(&mut self, write: &Write) {
        self.is_known = true;
        self.is_clean = matches!(write, Write::Close { .. });
        match write {
            Write::Set(key, value) => self.set(key, value),
            Write::Delete(key) => self.delete(key),
            Write::Clear => {
                self.entries.clear();
                self.usage = Usage::default();
            }
            Write::SetTimer(timer) => {
                let before = self.timers.insert(timer.id, timer.clone());
                self.keep(before.map(|timer| timer.payload.len()), timer.payload.len());
            }
            Write::DropTimer(id) => {
                let before = self.timers.remove(id);
                self.keep(before.map(|timer| timer.payload.len()), 0);
            }
            Write::SetRequest(request) => {
                let before = self.requests.insert(request.id, request.clone());
                self.keep(before.map(|request| request.context.len()), request.context.len());
            }
            Write::DropRequest(id) => {
                let before = self.requests.remove(id);
                self.keep(before.map(|request| request.context.len()), 0);
            }
            Write::SetEvent(event) => {
                self.last_event = self.last_event.max(event.id);
                let before = self.events.insert(event.id, event.clone());
                self.keep(before.as_ref().map(StoredEvent::bytes), event.bytes());
            }
            Write::DropEvent { from, id } if *from == self.name => {
                let before = self.events.remove(id);
                self.keep(before.as_ref().map(StoredEvent::bytes), 0);
            }
            // The sender's own records have the message, until it hears of this.
            Write::DropEvent { from, id } => self.marks.note(from, *id),
            Write::Save(snapshot) => {
                self.snapshots.retain(|saved| saved.sha256 != snapshot.sha256);
                self.snapshots.push(snapshot.clone());
            }
            Write::DropSnapshots { except } => self.snapshots.retain(|saved| Some(&saved.sha256) == except.as_ref()),
            Write::Close { .. } => {}
        }
    }

    fn set(&mut self, key: &Arc<str>, value: &Bytes) {
        self.usage.bytes += value.len() as u64;
        match self.entries.insert(Arc::clone(key), value.clone()) {
            Some(before) => self.usage.bytes -= before.len() as u64,
            None => self.usage = Usage { keys: self.usage.keys + 1, bytes: self.usage.bytes + key.len() as u64 },
        }
    }

    fn delete(&mut self, key: &str) {
        if let Some(before) = self.entries.remove(key) {
            let bytes = (key.len() + before.len()) as u64;
            self.usage = Usage { keys: self.usage.keys - 1, bytes: self.usage.bytes - bytes };
        }
    }

    /// Counts something kept in place of an earlier thing.
    fn keep(&mut self, before: Option<usize>, after: usize) {
        self.kept = self.kept + after as u64 - before.unwrap_or(0) as u64;
    }
}
