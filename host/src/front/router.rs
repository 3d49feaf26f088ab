//! Which room a request is for, and on which shard that room lives.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::mpsc;

use crate::config::Instances;
use crate::shard::Command;

/// The name of the one room that everybody shares.
pub const SHARED_ROOM: &str = "main";
/// The longest name of a room. Longer paths name nothing.
const MAX_NAME_BYTES: usize = 256;

/// Finds rooms.
#[derive(Debug)]
pub struct Router {
    instances: Instances,
    pattern: Option<Pattern>,
    shards: Vec<mpsc::Sender<Command>>,
    hasher: RandomState,
    next_private: AtomicU64,
}

/// A room, and the shard that it is on.
#[derive(Debug)]
pub struct Route {
    /// The room's name.
    pub room: Arc<str>,
    /// Which shard.
    pub shard: usize,
}

impl Router {
    /// A router over these shards.
    pub fn new(instances: Instances, pattern: Option<Pattern>, shards: Vec<mpsc::Sender<Command>>) -> Self {
        Self { instances, pattern, shards, hasher: RandomState::new(), next_private: AtomicU64::new(1) }
    }

    /// The room for a request of this path, or `None` when the path names none.
    pub fn route(&self, path: &str) -> Option<Route> {
        Some(match self.instances {
            Instances::Shared => Route { room: SHARED_ROOM.into(), shard: 0 },
            Instances::PerRoom => {
                let room = room_of(path, self.pattern.as_ref())?;
                let shard = self.hasher.hash_one(room) % self.shards.len() as u64;
                Route { room: room.into(), shard: usize::try_from(shard).unwrap_or(0) }
            }
            Instances::PerClient => {
                let number = self.next_private.fetch_add(1, Relaxed);
                let shard = usize::try_from(number % self.shards.len() as u64).unwrap_or(0);
                Route { room: format!("private-{number}").into(), shard }
            }
        })
    }

    /// Where a shard takes commands.
    pub fn shard(&self, route: &Route) -> &mpsc::Sender<Command> {
        &self.shards[route.shard]
    }
}

fn room_of<'a>(path: &'a str, pattern: Option<&Pattern>) -> Option<&'a str> {
    let room = match pattern {
        Some(pattern) => pattern.room(path)?,
        None => path,
    };
    (!room.is_empty() && room.len() <= MAX_NAME_BYTES).then_some(room)
}

/// How a path names a room: `/chat/{room}`. The room's name is one segment of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    before: String,
    after: String,
}

impl Pattern {
    /// Reads a pattern: a path with one `{room}` in it.
    pub fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once("{room}")?;
        let whole = before.starts_with('/') && !after.contains("{room}");
        whole.then(|| Self { before: before.to_owned(), after: after.to_owned() })
    }

    fn room<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str()).filter(|room| !room.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
        room_of(path, Pattern::parse(pattern).as_ref())
    }

    #[test]
    fn a_pattern_finds_one_segment_of_the_path() {
        assert_eq!(room("/chat/{room}", "/chat/blue"), Some("blue"));
        assert_eq!(room("/chat/{room}/socket", "/chat/blue/socket"), Some("blue"));
        assert_eq!(room("/{room}", "/blue"), Some("blue"));
    }

    #[test]
    fn other_paths_name_no_room() {
        for path in ["/", "/chat", "/chat/", "/chat/a/b", "/other/blue"] {
            assert_eq!(room("/chat/{room}", path), None, "{path}");
        }
        assert_eq!(room_of(&"/x".repeat(200), None), None);
    }

    #[test]
    fn without_a_pattern_the_whole_path_is_the_name() {
        assert_eq!(room_of("/room/blue", None), Some("/room/blue"));
    }

    #[test]
    fn a_pattern_is_a_path_with_one_room_in_it() {
        assert_eq!(Pattern::parse("/chat"), None);
        assert_eq!(Pattern::parse("chat/{room}"), None);
        assert_eq!(Pattern::parse("/{room}/{room}"), None);
    }
}
