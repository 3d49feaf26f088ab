//! The state of a room against the local database: the same changes leave the same room.

use std::path::Path;
use std::sync::mpsc;

use super::*;
use crate::cluster::state::encode_writes;
use crate::store::{Database, OpenError, Opened, Settings, Sync, Usage};

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts").block_on(answer)
}

fn open(database: &Database) -> Opened {
    wait(database.open_room(ROOM.into(), 1_000)).expect("the database works")
}

fn commit(room: &Opened, writes: Vec<Write>) -> Usage {
    let (done, result) = mpsc::channel();
    room.store.commit(writes, move |result| done.send(result).expect("the test waits"));
    result.recv().expect("it is reported").expect("the database works")
}

fn compare_entries(room: &Opened, state: &RoomState, rng: &mut Rng) {
    let (prefix, after, limit) = (key(rng), rng.bool().then(|| key(rng)), rng.usize(0..8));
    let page = wait(room.store.list(&prefix, after.as_deref(), limit)).expect("the database works");
    let entries = page.entries.into_iter().map(|entry| (entry.key.into(), entry.value)).collect();
    assert_eq!(state.list(&prefix, after.as_deref(), limit), (entries, page.more));
    assert_eq!(state.value(&prefix).cloned(), wait(room.store.get(&prefix)).expect("the database works"));
}

fn compare_opened(room: &Opened, state: &mut RoomState) {
    assert_eq!((room.usage, room.clean), (state.usage(), state.is_clean));
    let dormant = state.open();
    assert_eq!(room.is_known, dormant.is_some());
    let dormant = dormant.unwrap_or_default();
    assert_eq!((&room.timers, &room.requests, &room.snapshots), (&dormant.timers, &dormant.requests, &dormant.snapshots));
}

/// The bytes that the database counts for all rooms.
fn total(state: &RoomState) -> u64 {
    let snapshots: usize = state.snapshots().iter().map(Snapshot::bytes).sum();
    state.usage().bytes + state.kept_bytes() + snapshots as u64
}

fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let settings = Settings { sync: Sync::Normal, ..Settings::default() };
    let mut database = Database::open(folder.path(), &settings).expect("the database works");
    let (mut room, mut state, mut data) = (open(&database), state(), Vec::new());
    compare_opened(&room, &mut state);
    for _ in 0..60 {
        let writes = writes(&mut rng);
        writes.iter().for_each(|write| state.apply(write));
        data.push(encode_writes(&writes));
        assert_eq!(commit(&room, writes), state.usage(), "seed {seed}");
        compare_entries(&room, &state, &mut rng);
        assert_eq!(database.total_bytes(), total(&state), "seed {seed}");
        match rng.u8(0..12) {
            0 => data = vec![state.encode()],
            1 => {
                state = RoomState::from_data(ROOM.into(), data.clone(), Start::Handover).expect("it is well formed");
                room = open(&database);
                compare_opened(&room, &mut state);
                // The opening is no change, so that only the next one makes the room unclean in its records.
                let writes = [set("open", "")];
                state.apply(&writes[0]);
                data.push(encode_writes(&writes));
                commit(&room, writes.to_vec());
            }
            2 => {
                database.close();
                database = reopen(folder.path(), &settings);
                let events: Vec<_> = database.take_events().into_iter().map(|(_, event)| event).collect();
                assert_eq!(state.pending_events().cloned().collect::<Vec<_>>(), events, "seed {seed}");
                room = open(&database);
                compare_opened(&room, &mut state);
            }
            _ => {}
        }
    }
}

/// Opens a database that has been closed. A process that another test starts has the lock too until it runs its own program.
fn reopen(folder: &Path, settings: &Settings) -> Database {
    loop {
        match Database::open(folder, settings) {
            Err(OpenError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened.expect("the database works"),
        }
    }
}

#[test]
fn a_room_is_what_the_same_changes_leave_in_the_database() {
    (1..=20).for_each(run);
}
