//! The opening of closed rooms that are due, and of those whose owners have died.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::sleep;
use ws_cluster::directory::{KnownRecord, Wake, Waking};

use super::clock::now;
use super::core::{Alive, Core};
use super::noting::{lacks, note_open};
use super::rooms::Rooms;
use crate::store::wall_us;

/// The longest time between two looks: nodes die at any time, and the wall clock may be set.
const LOOK: Duration = Duration::from_millis(100);
/// The shortest one.
const PAUSE: Duration = Duration::from_millis(5);
/// The rooms that are due and looked at. More wait for these.
const LOOKED_AT: usize = 65_536;
/// The rooms that are opened after one look: two hundred a second for each node when many are due.
const MOST: usize = 20;
/// Records on their way at a time.
const RECORDS: usize = 32;

/// Opens rooms for ever.
pub(super) async fn run(core: &Arc<Core>) {
    let mut waking = Waking::default();
    loop {
        sleep(pause(core)).await;
        match core.current() {
            Some(alive) if core.hold.is_held(now()) => look(core, &alive, &mut waking).await,
            Some(_) => {}
            None => waking = Waking::default(),
        }
    }
}

/// The time until a room is due, or until the next look.
fn pause(core: &Core) -> Duration {
    let now_us = wall_us();
    let due = core.directory().next_due(now_us).map(|due_us| Duration::from_micros(due_us - now_us));
    due.map_or(LOOK, |due| due.clamp(PAUSE, LOOK))
}

async fn look(core: &Arc<Core>, alive: &Arc<Alive>, waking: &mut Waking) {
    let neighbours = core.neighbours();
    let due = core.directory().due(wall_us(), |life| neighbours.is_gone(life), LOOKED_AT);
    if due.is_empty() {
        return;
    }
    let (own, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|(room, _)| alive.rooms().owned.contains_key(room));
    for room in waking.look(now(), &others, alive.life, &neighbours.alive(), MOST) {
        let rooms = Rooms { core: Arc::clone(core), alive: Arc::clone(alive) };
        if core.may_claim() && rooms.may_find(&room) {
            core.spawn_for(alive, async move { rooms.find(room).await });
        }
    }
    // A client has opened these before their time, or after the death of their owners. The other nodes hear that they need not.
    let notes = futures_util::stream::iter(own).map(|(room, _)| note(core, alive, room));
    notes.buffer_unordered(RECORDS).collect::<()>().await;
}

async fn note(core: &Core, alive: &Alive, room: Arc<str>) {
    let epoch = alive.rooms().owned.get(&room).filter(|owned| !owned.is_closing).map(|owned| owned.epoch);
    let Some(epoch) = epoch else { return };
    let record = KnownRecord { owner: alive.life, epoch, wake: Wake::AfterOwner };
    if let Some(publication) = lacks(core, &room, record, false) {
        note_open(core, &room, publication).await;
    }
}
