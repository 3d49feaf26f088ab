//! Entries that were read lately, of all rooms of a shard.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// The memory of an entry beside its key and value, about.
const ENTRY_BYTES: usize = 128;

/// A bounded cache: the value of each key, or that the key does not exist.
///
/// It has two generations. When the young one has half of the memory, it becomes the old one, and what was in the old one is forgotten.
/// An entry that is asked for moves to the young one. So what is used stays, without a list in the order of use.
///
/// One thread uses it; the lock is for the compiler, which cannot know that.
#[derive(Debug)]
pub(super) struct Cache(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<(u64, Box<str>), Option<Bytes>>,
    old: HashMap<(u64, Box<str>), Option<Bytes>>,
    young_bytes: usize,
    most_bytes: usize,
    rooms: u64,
}

impl Cache {
    /// A cache of at most this size.
    pub(super) fn new(most_bytes: usize) -> Self {
        Self(Mutex::new(Generations { most_bytes, ..Generations::default() }))
    }

    /// A number for a room's entries. Those of an earlier opening of the room have another number.
    pub(super) fn number_room(&self) -> u64 {
        self.with(|generations| {
            generations.rooms += 1;
            generations.rooms
        })
    }

    /// The value of a key, if it is known; the inner `None` says that the key does not exist.
    pub(super) fn get(&self, room: u64, key: &str) -> Option<Option<Bytes>> {
        self.with(|generations| {
            let name = (room, Box::from(key));
            if let Some(value) = generations.young.get(&name) {
                return Some(value.clone());
            }
            let value = generations.old.remove(&name)?;
            generations.put(name, value.clone());
            Some(value)
        })
    }

    /// Notes the value of a key.
    pub(super) fn put(&self, room: u64, key: &str, value: Option<Bytes>) {
        self.with(|generations| {
            let name = (room, Box::from(key));
            generations.old.remove(&name);
            generations.put(name, value);
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Generations {
    fn put(&mut self, name: (u64, Box<str>), value: Option<Bytes>) {
        let bytes = |value: &Option<Bytes>| value.as_ref().map_or(0, Bytes::len);
        let whole = name.1.len() + ENTRY_BYTES;
        self.young_bytes += whole + bytes(&value);
        if let Some(before) = self.young.insert(name, value) {
            self.young_bytes -= whole + bytes(&before);
        }
        if self.young_bytes > self.most_bytes / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_does_not_exist_is_known_as_well() {
        let cache = Cache::new(1 << 20);
        assert_eq!(cache.get(1, "a"), None);
        cache.put(1, "a", None);
        assert_eq!(cache.get(1, "a"), Some(None));
        cache.put(1, "a", Some(Bytes::from_static(b"x")));
        assert_eq!(cache.get(1, "a"), Some(Some(Bytes::from_static(b"x"))));
        assert_eq!(cache.get(2, "a"), None, "another room");
    }

    #[test]
    fn it_forgets_what_is_not_used_and_keeps_what_is() {
        let cache = Cache::new(100 << 10);
        cache.put(1, "used", None);
        for n in 0..1000 {
            cache.put(1, &format!("once {n}"), Some(Bytes::from(vec![0; 1000])));
            assert_eq!(cache.get(1, "used"), Some(None));
        }
        assert_eq!(cache.get(1, "once 0"), None);
        assert!(cache.get(1, "once 999").is_some());
        let held = cache.with(|generations| generations.young.len() + generations.old.len());
        assert!(held <= 100, "{held} entries of 1 KiB are in 100 KiB");
    }
}
