//! The checks and the undoing of a write.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;

use super::contents::{Contents, Origin};
use super::entry::{Entries, Entry};
use super::usage::{StoreError, changed, size};
use crate::store::{MAX_KEY_BYTES, Usage, Write};

/// The most that one handler may write, in bytes of keys, values, payloads of durable timers and contexts of requests. It fits into one message of NATS.
const MAX_WRITTEN_BYTES: usize = 768 << 10;

/// The writes of a turn.
#[derive(Debug, Default)]
pub(in crate::room) struct Written {
    /// The writes in their order, if they go to a journal.
    pub(in crate::room) writes: Vec<Write>,
    /// The bytes of keys and values, of the payloads of durable timers, and of the contexts of requests.
    bytes: usize,
    /// How much the store held before the turn, if it has written.
    usage_before: Option<Usage>,
}

/// How to undo one write.
#[derive(Debug)]
pub(in crate::room) enum Unwrite {
    /// The key's state before the handler.
    Key(Arc<str>, Option<Entry>),
    /// The entries before a `clear`, and which commit had cleared the store before.
    Clear(Entries, Option<u64>),
}

impl Written {
    /// Whether the turn has written anything.
    pub(in crate::room) fn has_any(&self) -> bool {
        self.usage_before.is_some()
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes + bytes <= MAX_WRITTEN_BYTES
    }

    /// Counts the payload of a durable timer, unless the handler or all rooms together have written as much as they may. A timer that the
    /// handler cancels again counts too, since it is written and removed.
    pub(in crate::room) fn take_timer(&mut self, contents: &Contents, bytes: usize) -> bool {
        let fits = self.has_room_for(bytes) && contents.has_room_for(self.bytes + bytes);
        if fits {
            self.bytes += bytes;
        }
        fits
    }

    /// Counts the context of a request, which the journal keeps if the turn writes.
    ///
    /// # Errors
    /// The handler, or all rooms together, have written as much as they may.
    pub(in crate::room) fn take_context(&mut self, contents: &Contents, bytes: usize) -> Result<(), StoreError> {
        if contents.journal().is_none() {
            return Ok(());
        }
        if !self.has_room_for(bytes) {
            return Err(StoreError::Limit);
        }
        // Whether the turn will write is unknown yet. A write behind it counts these bytes too.
        if !self.writes.is_empty() && !contents.has_room_for(self.bytes + bytes) {
            return Err(StoreError::TotalFull);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Forgets all of it, and keeps a small buffer.
    pub(in crate::room) fn clear(&mut self) {
        self.writes.clear();
        self.writes.shrink_to(64);
        (self.bytes, self.usage_before) = (0, None);
    }
}

impl Contents {
    /// Sets a key to a value, or removes it. Returns how to undo that; nothing if nothing has changed.
    pub(in crate::room) async fn write(
        &mut self,
        written: &mut Written,
        key: &str,
        value: Option<Bytes>,
    ) -> Result<Option<Unwrite>, StoreError> {
        if key.len() > MAX_KEY_BYTES {
            return Err(StoreError::KeyTooLong);
        }
        let len = value.as_ref().map(Bytes::len);
        let bytes = key.len() + len.unwrap_or(0);
        self.check_write(written, bytes)?;
        let before = self.value(key).await?.map(|value| value.len());
        if (before, len) == (None, None) {
            return Ok(None);
        }
        self.hold(written, changed(self.usage, key.len(), before, len))?;
        written.bytes += bytes;
        let key: Arc<str> = key.into();
        if self.journal().is_some() {
            let key = Arc::clone(&key);
            written
                .writes
                .push(value.clone().map_or_else(|| Write::Delete(Arc::clone(&key)), |value| Write::Set(Arc::clone(&key), value)));
        }
        let before = self.put(Arc::clone(&key), value);
        Ok(Some(Unwrite::Key(key, before)))
    }

    /// Removes all keys. Returns how to undo that; nothing if nothing has changed.
    pub(in crate::room) fn clear(&mut self, written: &mut Written) -> Result<Option<Unwrite>, StoreError> {
        self.check_write(written, 0)?;
        if self.usage == Usage::default() {
            return Ok(None);
        }
        self.hold(written, Usage::default())?;
        let cleared_by = self.cleared_by;
        if self.journal().is_some() {
            written.writes.push(Write::Clear);
            self.cleared_by = Some(self.commits + 1);
        }
        Ok(Some(Unwrite::Clear(mem::take(&mut self.entries), cleared_by)))
    }

    /// Undoes one write of the running turn, which is the last one.
    pub(in crate::room) fn undo_write(&mut self, unwrite: Unwrite) {
        match unwrite {
            Unwrite::Key(key, Some(entry)) => drop(self.entries.insert(key, entry)),
            Unwrite::Key(key, None) => drop(self.entries.remove(&key)),
            Unwrite::Clear(entries, cleared_by) => (self.entries, self.cleared_by) = (entries, cleared_by),
        }
    }

    /// Goes back to the usage before the running turn.
    pub(in crate::room) fn undo_usage(&mut self, written: &mut Written) {
        let Some(before) = written.usage_before.take() else { return };
        if let Origin::Memory { total, .. } = &self.origin {
            total.replace(size(self.usage), size(before));
        }
        self.usage = before;
    }

    /// Checks that the running handler may write this many bytes more.
    fn check_write(&self, written: &Written, bytes: usize) -> Result<(), StoreError> {
        if !self.takes_writes() {
            return Err(StoreError::Unavailable);
        }
        if written.has_room_for(bytes) { Ok(()) } else { Err(StoreError::Limit) }
    }

    /// Notes that the store holds this much from now on, unless that is too much.
    fn hold(&mut self, written: &mut Written, after: Usage) -> Result<(), StoreError> {
        let (before, new) = (size(self.usage), size(after));
        if new > before && new > self.most {
            return Err(StoreError::RoomFull);
        }
        let fits = match &self.origin {
            Origin::Memory { total, .. } => total.try_replace(before, new),
            // The journal does not count the writes of a running turn yet.
            Origin::Backed { backing, .. } => new <= before || backing.has_room_for(new - before + written.bytes as u64),
        };
        if !fits {
            return Err(StoreError::TotalFull);
        }
        written.usage_before.get_or_insert(self.usage);
        self.usage = after;
        Ok(())
    }

    /// Sets or removes a key. Returns its previous state.
    fn put(&mut self, key: Arc<str>, value: Option<Bytes>) -> Option<Entry> {
        if value.is_none() && self.journal().is_none() {
            return self.entries.remove(&key);
        }
        self.entries.insert(key, Entry { value, commit: self.commits + 1 })
    }
}
