//! Makes a turn's outputs visible.

use std::sync::Arc;

use super::cached_frame::CachedFrame;
use super::cluster::Owned;
use super::exchanges::Exchanges;
use super::input::{Input, What};
use super::table::Shard;
use crate::room::{Effect, Reply, ReplyPart, Room, Target, Turn};
use crate::types::ClientId;

/// The number of deliveries between two looks at the shard's other work: about a tick's worth. Compressing one frame counts as 100
/// deliveries or more.
const DELIVERIES_IN_A_ROW: usize = 100_000;

/// Makes a turn's outputs visible, in their order: frames go into outboxes, closes begin, answers are given, requests start. Nothing is written
/// here, except by an outbox that grows large.
///
/// Many deliveries are made in pieces, between which other rooms go on and outboxes are written. The room waits meanwhile as it does
/// for a handler: nobody joins or leaves it in between, though lines may be lost.
pub(super) async fn apply(shard: &Shard, room: &Room, exchanges: &Exchanges, turn: &Turn) {
    let mut in_a_row = 0;
    for effect in turn.effects() {
        if in_a_row >= DELIVERIES_IN_A_ROW {
            in_a_row = 0;
            tokio::task::yield_now().await;
        }
        in_a_row += match effect {
            Effect::Fetch(id, request) => {
                exchanges.begin(shard, *id, Arc::clone(request));
                1
            }
            Effect::CancelFetch(id) => {
                exchanges.cancel(*id);
                1
            }
            Effect::Event(event) => {
                shard.bus().deliver(Arc::clone(event));
                1
            }
            effect => apply_one(shard, room, turn, effect),
        };
    }
}

/// Does those effects of a turn that are neither frames nor answers. A turn whose frames other nodes deliver has no others.
pub(super) fn apply_outside(shard: &Shard, exchanges: &Exchanges, turn: &Turn, owned: &Owned) {
    for effect in turn.effects() {
        match effect {
            Effect::Fetch(id, request) => exchanges.begin(shard, *id, Arc::clone(request)),
            Effect::CancelFetch(id) => exchanges.cancel(*id),
            Effect::Event(event) => owned.send_event(event),
            _ => {}
        }
    }
}

/// Returns how many deliveries the effect counts as.
fn apply_one(shard: &Shard, room: &Room, turn: &Turn, effect: &Effect) -> usize {
    match effect {
        Effect::Send(Target::One { id, line, over_soft }, frame) => {
            let mut cached = CachedFrame::staged(turn, frame, true);
            if let Some(reach) = shard.reach(*id, *line) {
                shard.send(&reach, *over_soft, &mut cached);
            }
            1 + cached.effort()
        }
        Effect::Send(Target::Some { receivers, over_soft }, frame) => {
            let mut cached = CachedFrame::staged(turn, frame, false);
            for (id, line) in receivers {
                if let Some(reach) = shard.reach(*id, *line) {
                    shard.send(&reach, over_soft.binary_search(id).is_ok(), &mut cached);
                }
            }
            receivers.len() + cached.effort()
        }
        Effect::Send(Target::Members { except, joined_by, over_soft }, frame) => {
            let mut cached = CachedFrame::staged(turn, frame, false);
            broadcast(shard, room, &mut cached, (except, *joined_by), over_soft);
            room.count() + cached.effort()
        }
        Effect::Close { id, line, info } => {
            shard.close(*id, *line, info.clone());
            1
        }
        Effect::Reply(id, line, info) => {
            if let Some(line) = shard.line(*id, *line) {
                line.reply(shard.resources(), info.clone());
            }
            1
        }
        Effect::Decide(id, decision) => {
            if let Some(room) = shard.upgrades().decide(*id, (**decision).clone()) {
                room.deliver(Input { at: shard.time(), what: What::Withdrawn });
            }
            1
        }
        Effect::Respond(reply) => {
            respond(reply, shard.limits().outbox_hard_bytes);
            1
        }
        // `apply` does these.
        Effect::Fetch(..) | Effect::CancelFetch(_) | Effect::Event(_) => 0,
    }
}

fn respond(Reply { way, part }: &Reply, hard_bytes: usize) {
    match part {
        ReplyPart::Whole(head, body) => way.respond(head.clone(), body.clone()),
        ReplyPart::Begin(head) => way.begin(head.clone()),
        ReplyPart::Chunk(chunk, over_soft) => way.push(chunk, *over_soft, hard_bytes),
        ReplyPart::End => way.end(),
        ReplyPart::Abort => way.abort(),
    }
}

fn broadcast(
    shard: &Shard,
    room: &Room,
    cached: &mut CachedFrame<'_>,
    (except, joined_by): (&[ClientId], u64),
    over_soft: &[ClientId],
) {
    let lines = shard.lines();
    for member in room.members() {
        if member.join_number() > joined_by || except.binary_search(&member.client.id).is_ok() {
            continue;
        }
        // A member without a line has a `Left` in the mailbox.
        let Some(id) = member.line() else { continue };
        let is_over_soft = || over_soft.binary_search(&member.client.id).is_ok();
        if let Some(line) = lines.get(id.slot as usize) {
            if is_over_soft() {
                line.owe_drain(shard.resources());
            }
            line.queue(shard.resources(), cached);
        } else if let Some(reach) = shard.reach_session(member.client.id) {
            shard.send(&reach, is_over_soft(), cached);
        }
    }
}
