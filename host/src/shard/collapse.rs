//! The end of a room whose loop panics.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use super::handlers::panic_message;
use super::room_task::RoomTask;
use super::table::Shard;
use crate::refusal::Reason;
use crate::room::Decision;
use crate::types::CloseInfo;

/// Awaits a room's loop. If it panics, returns the panic's message.
pub(super) async fn caught(mut room_loop: Pin<&mut impl Future<Output = ()>>) -> Result<(), String> {
    poll_fn(|cx| {
        // A panic leaves behind the loop, which is never polled again, and with it the room. The shard's cells are whole: a borrow
        // ends as the stack unwinds, and lines of the room are closed.
        catch_unwind(AssertUnwindSafe(|| room_loop.as_mut().poll(cx)))
            .map_or_else(|panic| Poll::Ready(Err(panic_message(&*panic))), |progress| progress.map(Ok))
    })
    .await
}

/// Closes the clients of a room whose loop has panicked, and refuses the requests that wait for its decision. The app is not told.
pub(super) fn clean_up(shard: &Shard, room: &Rc<RoomTask>) {
    let refused = shard.upgrades().decide_all(room, &Decision::refuse(500));
    (0..refused).for_each(|_| shard.resources().counts.note_refused(Reason::Failing));
    shard.for_each(|line| {
        if line.is_in(room) {
            line.close(shard.resources(), CloseInfo::room_failed());
        }
    });
    for session in shard.resources().sessions.all_away() {
        if Rc::ptr_eq(&session.shared_room(), room) {
            shard.end_session(&session, CloseInfo::room_failed(), None);
        }
    }
    shard.callers().forget_all(room);
    // Nobody takes these inputs, and their memory counts while they exist.
    room.mailbox.clear();
}
