//! What a handler has staged, applied to the connections.

use super::parcel::Parcel;
use super::table::Shard;
use crate::room::{Effect, Room, Staged, Target};
use crate::types::{ClientId, CloseInfo};

/// So many frames are handed out between two looks at the shard's other work: about a tick's worth. Compressing one counts as many.
const DELIVERIES_IN_A_ROW: usize = 100_000;

/// Applies a handler's effects in their order: frames go into outboxes, closes begin. Nothing is written here but
/// what an outbox that grows large writes early.
///
/// Many deliveries are made in pieces, between which other rooms go on and outboxes are written. The room waits
/// meanwhile as it does for a handler: nobody joins or leaves it in between, though connections may be lost.
pub async fn apply(shard: &Shard, room: &mut Room) {
    let staged = room.commit();
    let mut in_a_row = 0;
    for effect in staged.effects() {
        if in_a_row >= DELIVERIES_IN_A_ROW {
            in_a_row = 0;
            tokio::task::yield_now().await;
        }
        in_a_row += apply_one(shard, room, &staged, effect);
    }
    room.reuse(staged);
}

/// Answers as how many deliveries it counts.
fn apply_one(shard: &Shard, room: &Room, staged: &Staged, effect: &Effect) -> usize {
    match effect {
        Effect::Send(Target::One(id, line), frame) => {
            let mut parcel = Parcel::staged(staged, frame, true);
            if let Some(line) = shard.line(*id, *line) {
                line.queue(shard, &mut parcel);
            }
            1 + parcel.effort()
        }
        Effect::Send(Target::Some(receivers), frame) => {
            let mut parcel = Parcel::staged(staged, frame, false);
            for (id, line) in receivers {
                if let Some(line) = shard.line(*id, *line) {
                    line.queue(shard, &mut parcel);
                }
            }
            receivers.len() + parcel.effort()
        }
        Effect::Send(Target::AllBut(except), frame) => {
            let mut parcel = Parcel::staged(staged, frame, false);
            broadcast(shard, room, &mut parcel, except);
            room.count() + parcel.effort()
        }
        Effect::Close { id, line, code, reason } => {
            if let Some(line) = shard.line(*id, *line) {
                line.close(shard, CloseInfo::guest(*code, reason.clone()));
            }
            1
        }
    }
}

fn broadcast(shard: &Shard, room: &Room, parcel: &mut Parcel<'_>, except: &[ClientId]) {
    let lines = shard.lines();
    for member in room.members() {
        if except.binary_search(&member.client.id).is_ok() {
            continue;
        }
        // A member whose line has ended has a `Left` in the mailbox already.
        if let Some(id) = member.line()
            && let Some(line) = lines.get(id.slot as usize)
        {
            line.queue(shard, parcel);
        }
    }
}
