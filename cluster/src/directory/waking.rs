//! Which node opens a room that is due, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rooms::Due;
use crate::life::Life;
use crate::timing::Time;

/// Each node waits for those before it this long: one that shuts down, or cannot open the room, does not hold it up.
const PATIENCE: Time = Time::from_secs(2);
/// A room that is due as before is tried again after this time, then after twice the time, and so on.
const AGAIN: Time = Time::from_secs(1);
/// The longest of these times. A room that was not due for longer is new.
const LONGEST: Time = Time::from_secs(64);

/// The place of a node among the living ones in the order in which they open this room. It is another one for each room, so that the rooms of
/// a node that has died are spread.
#[must_use]
pub fn rank(room: &str, node: Life, alive: &BTreeSet<Life>) -> u32 {
    let own = (weight(room, node), node);
    let before = alive.iter().filter(|other| (weight(room, **other), **other) > own);
    u32::try_from(before.count()).unwrap_or(u32::MAX)
}

/// FNV-1a, and the last step of SplitMix64: names that differ in their last byte alone have different orders.
fn weight(room: &str, node: Life) -> u64 {
    let bytes = node.since.to_be_bytes().into_iter().chain(node.number.to_be_bytes()).chain(room.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The rooms that a node has tried to open, or leaves to others for now.
#[derive(Debug, Clone, Default)]
pub struct Waking {
    attempts: BTreeMap<Arc<str>, Attempt>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    due: Option<u64>,
    /// When the node tries it next.
    at: Time,
    /// How long it waits then.
    pause: Time,
}

impl Waking {
    /// The rooms that this node opens now, at most `most` of those that are due.
    pub fn look(&mut self, now: Time, due: &[Due], node: Life, alive: &BTreeSet<Life>, most: usize) -> Vec<Arc<str>> {
        self.attempts.retain(|_, attempt| now < attempt.at + LONGEST);
        let mut opened = Vec::new();
        for (room, due) in due {
            let new = || Attempt { due: *due, at: now + PATIENCE * rank(room, node, alive), pause: AGAIN };
            let attempt = self.attempts.entry(Arc::clone(room)).or_insert_with(new);
            if attempt.due != *due {
                *attempt = new();
            }
            if now >= attempt.at && opened.len() < most {
                (attempt.at, attempt.pause) = (now + attempt.pause, LONGEST.min(attempt.pause * 2));
                opened.push(Arc::clone(room));
            }
        }
        opened
    }
}
