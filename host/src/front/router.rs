//! Which room a request is for, and where that room is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::mpsc;

use crate::bus::{MAX_NAME_BYTES, Names, Placement};
use crate::config::Instances;
use crate::path::normal;
use crate::shard::{Claim, Command};

/// The name of the room that all clients share.
pub const SHARED_ROOM: &str = "main";

/// Finds rooms.
#[derive(Debug)]
pub struct Router {
    instances: Instances,
    pattern: Option<Pattern>,
    shards: Vec<mpsc::Sender<Command>>,
    placement: Placement,
    next_private: AtomicU64,
}

/// A room, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The room's name.
    pub room: Arc<str>,
    /// Where it is.
    pub location: Location,
}

/// Where a room is. In a cluster, another variant will name another node: code outside this file does not match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// On the shard of this number, in this process.
    Shard(usize),
}

impl Router {
    /// A router over these shards, which have rooms by this placement.
    pub fn new(instances: Instances, pattern: Option<Pattern>, shards: Vec<mpsc::Sender<Command>>, placement: Placement) -> Self {
        Self { instances, pattern, shards, placement, next_private: AtomicU64::new(1) }
    }

    /// The pattern of the paths that name rooms, if there is one.
    pub fn pattern(&self) -> Option<String> {
        self.pattern.as_ref().map(|Pattern { before, after }| format!("{before}{{room}}{after}"))
    }

    /// The room for a request of this path, in its normal form, by a client that perhaps has a session. `None` when the path names none.
    pub fn route(&self, path: &str, claim: Option<Claim>) -> Option<Route> {
        let (room, shard) = match self.instances {
            Instances::Shared => (SHARED_ROOM.into(), 0),
            Instances::PerRoom => {
                let room = room_of(path, self.pattern.as_ref())?;
                (room.into(), self.placement.shard_of(room))
            }
            Instances::PerClient => {
                let number = self.next_private.fetch_add(1, Relaxed);
                // A client that comes back is on the shard of its session, in the room that it has there.
                let shard = match claim {
                    Some(Claim::Session(shard, _)) if shard < self.shards.len() => shard,
                    _ => self.placement.nth(number),
                };
                (format!("private-{number}").into(), shard)
            }
        };
        Some(Route { room, location: Location::Shard(shard) })
    }

    /// The claim of a client that goes to this shard. The room of a path is on one shard, and so are its sessions.
    pub fn claim(&self, route: &Route, claim: Claim) -> Claim {
        let Location::Shard(here) = route.location;
        if matches!(claim, Claim::Session(shard, _) if shard != here) { Claim::Unknown } else { claim }
    }

    /// The shard of the room of this name. `None` if paths do not name rooms.
    pub fn shard_of(&self, room: &str) -> Option<&mpsc::Sender<Command>> {
        (self.instances == Instances::PerRoom).then(|| &self.shards[self.placement.shard_of(room)])
    }

    /// Where the room's shard takes commands.
    pub fn shard(&self, route: &Route) -> &mpsc::Sender<Command> {
        let Location::Shard(shard) = route.location;
        &self.shards[shard]
    }
}

/// The names that rooms can have.
pub fn names(instances: Instances, has_pattern: bool) -> Names {
    match instances {
        Instances::Shared => Names::One(SHARED_ROOM),
        Instances::PerRoom if has_pattern => Names::Segments,
        Instances::PerRoom => Names::Paths,
        Instances::PerClient => Names::Nameless,
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
        whole.then(|| Self { before: normal(before).into_owned(), after: normal(after).into_owned() })
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

    fn router(instances: Instances, shards: usize) -> Router {
        Router::new(instances, None, (0..shards).map(|_| mpsc::channel(1).0).collect(), Placement::new(shards))
    }

    #[test]
    fn a_room_has_one_location_whatever_the_request() {
        let router = router(Instances::PerRoom, 8);
        assert_eq!(router.route("/blue", None), router.route("/blue", None));
        assert_eq!(router.route("", None), None);
    }

    #[test]
    fn a_pattern_is_compared_in_its_normal_form() {
        let pattern = Pattern::parse("/ch%61t/{room}/%2e").expect("it is a pattern");
        assert_eq!(pattern.room("/chat/blue/."), Some("blue"));
        assert_eq!(pattern.room("/chat/a%2Fb/."), Some("a%2Fb"), "an encoded slash separates nothing");
    }

    #[test]
    fn private_rooms_are_spread_over_all_shards() {
        let router = router(Instances::PerClient, 3);
        let mut locations: Vec<_> =
            (0..3).filter_map(|_| router.route("/", None)).map(|Route { location, .. }| location).collect();
        locations.sort_by_key(|Location::Shard(shard)| *shard);
        assert_eq!(locations, [0, 1, 2].map(Location::Shard));
    }

    #[test]
    fn a_pattern_is_a_path_with_one_room_in_it() {
        assert_eq!(Pattern::parse("/chat"), None);
        assert_eq!(Pattern::parse("chat/{room}"), None);
        assert_eq!(Pattern::parse("/{room}/{room}"), None);
    }
}
