//! Plain HTTP requests whose clients wait for an answer of a room, or for more of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::Notify;

use super::room_task::RoomTask;
use crate::requests::{Answering, HostAnswer, Watch};

/// The requests of one shard by id. Each has a task of the shard, until its connection takes nothing more.
#[derive(Debug, Default)]
pub struct Callers {
    last: Cell<u64>,
    waiting: RefCell<HashMap<u64, Caller>>,
    /// Whether the server shuts down.
    draining: Cell<bool>,
    emptied: Notify,
}

#[derive(Debug)]
struct Caller {
    room: Rc<RoomTask>,
    watch: Watch,
    /// The room's end of the way, until the room takes it.
    way: Option<Answering>,
}

impl Callers {
    /// Keeps the way of an answer until this room takes it. Returns the id that stands for the request.
    pub fn insert(&self, room: Rc<RoomTask>, way: Answering) -> u64 {
        let id = self.last.get() + 1;
        self.last.set(id);
        let watch = way.watch();
        self.waiting.borrow_mut().insert(id, Caller { room, watch, way: Some(way) });
        id
    }

    /// Takes the room's end of the way of an answer. `None` if the client has gone.
    pub fn take(&self, id: u64) -> Option<Answering> {
        self.waiting.borrow_mut().get_mut(&id)?.way.take()
    }

    /// The memory that is held for these clients, in bytes.
    pub fn held(&self) -> usize {
        self.waiting.borrow().values().map(|caller| caller.watch.held()).sum()
    }

    /// Their answers with the memory of each, the largest first.
    pub fn by_size(&self) -> Vec<(usize, Watch)> {
        let mut held: Vec<_> = self.watches().into_iter().map(|watch| (watch.held(), watch)).collect();
        held.sort_unstable_by_key(|(bytes, _)| usize::MAX - bytes);
        held
    }

    /// The server shuts down: server-sent events end now, and from now on as soon as they begin. Their clients come again.
    pub fn drain(&self) {
        self.draining.set(true);
        self.watches().iter().filter(|watch| watch.is_event_stream()).for_each(Watch::cut);
    }

    /// Whether the server shuts down.
    pub fn are_draining(&self) -> bool {
        self.draining.get()
    }

    /// Resolves when no client waits.
    pub async fn emptied(&self) {
        while !self.waiting.borrow().is_empty() {
            self.emptied.notified().await;
        }
    }

    /// Refuses the requests that this room has not taken: nobody will.
    pub fn forget_all(&self, room: &Rc<RoomTask>) {
        let mut waiting = self.waiting.borrow_mut();
        let theirs = waiting.values_mut().filter(|caller| Rc::ptr_eq(&caller.room, room));
        let ways: Vec<_> = theirs.filter_map(|caller| caller.way.take()).collect();
        drop(waiting);
        ways.iter().for_each(|way| way.refuse(HostAnswer::Failed));
    }

    /// Refuses all of them, at the end of the shard: their tasks do not run any more.
    pub fn clear(&self) {
        drop(self.waiting.take());
    }

    fn watches(&self) -> Vec<Watch> {
        self.waiting.borrow().values().map(|caller| caller.watch.clone()).collect()
    }

    /// The client of this request has all of its answer, or has gone.
    pub fn remove(&self, id: u64) {
        // Its drop wakes other tasks.
        let removed = self.waiting.borrow_mut().remove(&id);
        drop(removed);
        if self.waiting.borrow().is_empty() {
            self.emptied.notify_waiters();
        }
    }
}
