//! The task of a plain HTTP request: it tells the room of the client.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;

use tokio::time::sleep_until;

use super::input::{Input, What};
use super::room_task::RoomTask;
use super::table::Shard;
use crate::requests::{Answering, Event, HostAnswer, Watch};

/// Keeps the way of an answer until this room takes it, and tells the room what happens to its client. Returns the id that stands for the
/// request.
pub(super) fn attend(shard: &Rc<Shard>, room: &Rc<RoomTask>, way: Answering) -> u64 {
    let watch = way.watch();
    let id = shard.callers().insert(Rc::clone(room), way);
    tokio::task::spawn_local(tell(Rc::clone(shard), Rc::clone(room), id, watch));
    id
}

/// Tells the room of each event. If no answer begins in time, the host answers.
async fn tell(shard: Rc<Shard>, room: Rc<RoomTask>, id: u64, watch: Watch) {
    let deliver = |what| room.deliver(Input { at: shard.time(), what });
    let mut late = pin!(sleep_until((shard.time() + shard.limits().request_timeout).into()));
    let mut waits = true;
    loop {
        let event = tokio::select! {
            biased;
            event = poll_fn(|cx| watch.poll_event(cx)) => event,
            () = &mut late, if waits => {
                watch.refuse(HostAnswer::Late);
                deliver(What::RequestGone(id));
                continue;
            }
        };
        match event {
            Event::Begun => {
                waits = false;
                if shard.callers().are_draining() && watch.is_event_stream() {
                    watch.cut();
                }
            }
            Event::Drained => deliver(What::RequestDrained(id)),
            Event::Over => break,
        }
    }
    shard.callers().remove(id);
    if !watch.has_ended() {
        deliver(What::RequestGone(id));
    }
}
