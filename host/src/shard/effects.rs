//! What a handler has staged, applied to the connections.

use super::parcel::Parcel;
use super::table::Shard;
use crate::room::{Effect, Room, Target};
use crate::types::CloseInfo;

/// Applies a handler's effects in their order: frames go into outboxes, closes begin. Nothing is written here but
/// what an outbox that grows large writes early.
pub fn apply(shard: &Shard, room: &mut Room) {
    let staged = room.commit();
    for effect in staged.effects() {
        match effect {
            Effect::Send(Target::One(id, slot), frame) => {
                if let Some(connection) = shard.connection(*id, *slot) {
                    connection.queue(shard, &mut Parcel::staged(&staged, frame, true));
                }
            }
            Effect::Send(Target::Some(receivers), frame) => {
                let mut parcel = Parcel::staged(&staged, frame, false);
                for (id, slot) in receivers {
                    if let Some(connection) = shard.connection(*id, *slot) {
                        connection.queue(shard, &mut parcel);
                    }
                }
            }
            Effect::Send(Target::AllBut(except), frame) => {
                broadcast(shard, room, &mut Parcel::staged(&staged, frame, false), except);
            }
            Effect::Close { id, slot, code, reason } => {
                if let Some(connection) = shard.connection(*id, *slot) {
                    connection.close(shard, CloseInfo::guest(*code, reason.clone()));
                }
            }
        }
    }
    room.reuse(staged);
}

fn broadcast(shard: &Shard, room: &Room, parcel: &mut Parcel<'_>, except: &[u64]) {
    let connections = shard.connections();
    for peer in room.peers() {
        if except.binary_search(&peer.client.id).is_ok() {
            continue;
        }
        // A member whose connection is gone already has a `Left` in the mailbox; its place may be someone else's.
        if let Some(connection) = connections.get(peer.slot)
            && connection.peer.client.id == peer.client.id
        {
            connection.queue(shard, parcel);
        }
    }
}
