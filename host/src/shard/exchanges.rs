//! The requests to HTTP servers that a room's committed turns have made.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

use tokio::task::AbortHandle;

use super::input::{Input, What};
use super::room_task::RoomTask;
use super::table::Shard;
use crate::fetch::{Request, Told};

/// The exchanges of one room that run, each on a task of the shard. They end with the room's loop.
#[derive(Debug)]
pub(super) struct Exchanges {
    room: Rc<RoomTask>,
    running: RefCell<HashMap<u64, AbortHandle>>,
}

impl Exchanges {
    /// An empty set for this room.
    pub(super) fn new(room: Rc<RoomTask>) -> Self {
        Self { room, running: RefCell::default() }
    }

    /// Begins an exchange. Its answers are inputs of the room. While the mailbox is full, nothing more is read.
    pub(super) fn begin(&self, shard: &Shard, id: u64, request: Arc<Request>) {
        let (client, room, clock) = (shard.client().get(), Rc::clone(&self.room), shard.resources().clock());
        let exchange = async move {
            let deliver = async |told: Told| {
                poll_fn(|cx| room.mailbox.poll_has_room(cx, id)).await;
                room.deliver(Input { at: clock(), what: What::Answer(id, Box::new(told)) });
            };
            client.run(request, deliver).await;
        };
        let task = tokio::task::spawn_local(exchange).abort_handle();
        let mut running = self.running.borrow_mut();
        running.retain(|_, task| !task.is_finished());
        running.insert(id, task);
    }

    /// Gives an exchange up.
    pub(super) fn cancel(&self, id: u64) {
        if let Some(task) = self.running.borrow_mut().remove(&id) {
            task.abort();
        }
    }

    /// Gives all of them up.
    pub(super) fn cancel_all(&self) {
        self.running.borrow_mut().drain().for_each(|(_, task)| task.abort());
    }
}

impl Drop for Exchanges {
    fn drop(&mut self) {
        self.cancel_all();
    }
}
