//! The state of a room without a cluster.

mod chain;
mod encoding;
mod model;
mod semantics;

use std::sync::Arc;

use bytes::Bytes;
use fastrand::Rng;
use ws_cluster::Start;

use super::RoomState;
use crate::store::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Write};

/// The room of these tests.
const ROOM: &str = "/a";
/// Another one, which has messages of its own.
const OTHER: &str = "/b";

fn state() -> RoomState {
    RoomState::new(ROOM.into())
}

/// The state after one item.
fn read(item: Bytes) -> RoomState {
    RoomState::from_data(ROOM.into(), [item], Start::Handover).expect("it is well formed")
}

fn set(key: &str, value: &str) -> Write {
    Write::Set(key.into(), value.to_owned().into())
}

fn timer(id: u64, due_us: u64) -> DurableTimer {
    DurableTimer { id, due_us, every_us: None, payload: "tick".into() }
}

fn event(id: u64, to: &str) -> StoredEvent {
    StoredEvent { id, to: to.into(), is_text: true, payload: "hello".into() }
}

fn snapshot(sha256: &str, data: &'static str, saved_us: u64) -> Snapshot {
    Snapshot { release: "app.wasm".into(), sha256: sha256.into(), version: "1".into(), data: data.into(), saved_us }
}

fn bytes(rng: &mut Rng) -> Bytes {
    let length = rng.usize(0..40);
    std::iter::repeat_with(|| rng.u8(..)).take(length).collect()
}

fn key(rng: &mut Rng) -> Arc<str> {
    ["", "a", "ab", "b", "b/1", "é"][rng.usize(0..6)].into()
}

/// Any change, which often meets an earlier one.
fn write(rng: &mut Rng) -> Write {
    match rng.u8(0..24) {
        0..8 => Write::Set(key(rng), bytes(rng)),
        8..11 => Write::Delete(key(rng)),
        11 => Write::Clear,
        12 | 13 => {
            let every_us = rng.bool().then(|| rng.u64(1..9));
            Write::SetTimer(DurableTimer { id: rng.u64(0..4), due_us: rng.u64(0..4), every_us, payload: bytes(rng) })
        }
        14 => Write::DropTimer(rng.u64(0..4)),
        15 => Write::SetRequest(OpenRequest { id: rng.u64(0..4), context: bytes(rng) }),
        16 => Write::DropRequest(rng.u64(0..4)),
        17 | 18 => Write::SetEvent(StoredEvent { id: rng.u64(0..6), to: key(rng), is_text: false, payload: bytes(rng) }),
        19 => Write::DropEvent { from: ROOM.into(), id: rng.u64(0..6) },
        20 => Write::DropEvent { from: OTHER.into(), id: rng.u64(0..6) },
        21 => {
            let (sha256, version) = (["1", "2", "3"][rng.usize(0..3)].into(), "v".repeat(rng.usize(0..3)));
            Write::Save(Snapshot { release: key(rng), sha256, version, data: bytes(rng), saved_us: rng.u64(0..4) })
        }
        22 => Write::DropSnapshots { except: rng.bool().then(|| ["1", "2"][rng.usize(0..2)].into()) },
        _ => Write::Close { at_us: rng.u64(..) >> 20 },
    }
}

fn writes(rng: &mut Rng) -> Vec<Write> {
    (0..rng.usize(1..6)).map(|_| write(rng)).collect()
}
