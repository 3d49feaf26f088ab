//! The sender's side of messages between rooms.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ws_cluster::Time;

use super::post::{Post, Receipt};
use crate::store::{StoredEvent, Write};

/// The messages to one room that are posted before its receipt comes.
const WINDOW: usize = 64;

/// The messages of one room that other rooms have not handled, at the room's owner. Those to the room itself do not belong here.
#[derive(Debug)]
pub struct Outgoing {
    room: Arc<str>,
    /// They are posted again after this time.
    resend: Time,
    lanes: BTreeMap<Arc<str>, Lane>,
}

/// Those for one receiver.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<StoredEvent>,
    /// The first ones, which have been posted.
    posted: usize,
    posted_at: Time,
}

impl Outgoing {
    /// An owner begins, with the messages that its room's records have, in the order of their ids.
    pub fn new(room: Arc<str>, resend: Time, pending: impl IntoIterator<Item = StoredEvent>) -> Self {
        let mut outgoing = Self { room, resend, lanes: BTreeMap::new() };
        pending.into_iter().for_each(|event| outgoing.push(event));
        outgoing
    }

    /// The turn with this message is stored, or has shown its outputs.
    pub fn push(&mut self, event: StoredEvent) {
        if event.to != self.room {
            self.lanes.entry(Arc::clone(&event.to)).or_default().waiting.push_back(event);
        }
    }

    /// The messages to post now.
    pub fn poll(&mut self, now: Time) -> Vec<Post> {
        let mut posts = Vec::new();
        for lane in self.lanes.values_mut() {
            lane.poll(now, self.resend, |after, event| posts.push(Post { from: Arc::clone(&self.room), after, event }));
        }
        self.lanes.retain(|_, lane| !lane.waiting.is_empty());
        posts
    }

    /// A receiver has handled messages. Returns the writes that take them off the room's records, for its next turn.
    pub fn handled(&mut self, now: Time, receipt: &Receipt) -> Vec<Write> {
        let Some(lane) = self.lanes.get_mut(&receipt.by).filter(|_| receipt.from == self.room) else { return Vec::new() };
        let mut writes = Vec::new();
        while let Some(event) = lane.waiting.pop_front_if(|event| (1..=receipt.through).contains(&event.id)) {
            lane.posted = lane.posted.saturating_sub(1);
            lane.posted_at = now;
            writes.push(Write::DropEvent { from: Arc::clone(&self.room), id: event.id });
        }
        if lane.waiting.is_empty() {
            self.lanes.remove(&receipt.by);
        }
        writes
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}

impl Lane {
    fn poll(&mut self, now: Time, resend: Time, mut post: impl FnMut(u64, StoredEvent)) {
        // A clock that was set back must not keep them for long.
        if now < self.posted_at || now >= self.posted_at + resend {
            self.posted = 0;
        }
        let mut after = self.posted.checked_sub(1).map_or(0, |last| self.waiting[last].id);
        while self.posted < WINDOW.min(self.waiting.len()) {
            let event = &self.waiting[self.posted];
            self.posted_at = now;
            if event.id > 0 {
                post(after, event.clone());
                after = event.id;
                self.posted += 1;
            } else if let Some(event) = self.waiting.remove(self.posted) {
                post(after, event);
            }
        }
    }
}
