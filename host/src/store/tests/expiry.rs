//! Rooms that nobody has used for long.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use super::*;
use crate::store::tools::Archive;

impl Store {
    /// Removes the rooms that nobody has used since this time. Returns how many, and how many steps that took.
    fn expire(&self, unused_since_us: u64) -> (usize, usize) {
        let (mut removed, mut steps, mut next) = (0, 0, Some(Place::default()));
        while let Some(from) = next {
            let step = wait(self.database.expire(unused_since_us, from)).expect("the database works");
            assert!(step.removed <= 100, "{step:?}");
            (removed, steps, next) = (removed + step.removed, steps + 1, step.next);
        }
        (removed, steps)
    }

    /// Opens a room at this time, writes, and closes it at that time.
    fn visit(&self, name: &str, (opened_us, closed_us): (u64, u64), more: Vec<Write>) {
        let room = wait(self.database.open_room(name.into(), opened_us)).expect("the database works").store;
        let close = Write::Close { at_us: closed_us };
        commit(&room, [vec![set("a", "123")], more, vec![close]].concat()).expect("the database works");
    }

    /// The rooms by name, and when they were last used.
    fn rooms(&self) -> BTreeMap<String, u64> {
        let rooms = Archive::open(self.folder.path()).map(|archive| archive.rooms().expect("the database works"));
        rooms.expect("the database works").into_iter().map(|room| (room.room, room.used)).collect()
    }

    fn names(&self) -> Vec<String> {
        self.rooms().into_keys().collect()
    }
}

#[test]
fn rooms_that_nobody_has_used_for_long_are_removed_but_no_open_one_and_none_with_a_timer_a_request_or_a_message() {
    let store = Store::new();
    store.visit("old", (10, 10), vec![]);
    store.visit("timed", (10, 10), vec![Write::SetTimer(timer(1, 1_000))]);
    store.visit("asking", (10, 10), vec![Write::SetRequest(OpenRequest { id: 1, context: "tick".into() })]);
    let event = StoredEvent { id: 1, to: "b".into(), is_text: true, payload: "hey".into() };
    store.visit("sending", (10, 10), vec![Write::SetEvent(event)]);
    store.visit("new", (20, 20), vec![]);
    store.visit("left late", (10, 20), vec![]);
    let open = wait(store.database.open_room("open".into(), 10)).expect("the database works").store;
    commit(&open, vec![set("a", "123")]).expect("the database works");
    let reopened = wait(store.database.open_room("old but open".into(), 1)).expect("the database works").store;
    commit(&reopened, vec![set("a", "123"), Write::Close { at_us: 1 }]).expect("the database works");
    let _open = wait(store.database.open_room("old but open".into(), 5)).expect("the database works");
    assert_eq!(store.expire(20), (1, 1));
    assert_eq!(store.names(), ["asking", "left late", "new", "old but open", "open", "sending", "timed"]);
    assert_eq!(store.database.total_bytes(), 8 * 4 + 2 * 4);
    assert_eq!(get(&store.room("old").store, "a"), None);
}

#[test]
fn a_room_that_was_open_in_a_crash_counts_as_used_at_the_next_start() {
    let mut store = Store::new();
    let room = wait(store.database.open_room("open".into(), 10)).expect("the database works").store;
    commit(&room, vec![set("a", "123")]).expect("the database works");
    let before = crate::store::upkeep::wall_us();
    store.restart();
    let used = store.rooms()["open"];
    assert!(used >= before);
    store.restart();
    assert_eq!(store.rooms()["open"], used, "it was not open in between");
    assert_eq!((store.expire(used), store.expire(used + 1)), ((0, 1), (1, 1)));
    assert!(store.room("open").clean, "the database does not know it");
}

#[test]
fn a_clock_that_was_set_back_makes_no_room_older() {
    let store = Store::new();
    store.visit("a", (50, 70), vec![]);
    store.visit("a", (10, 20), vec![]);
    assert_eq!(store.rooms()["a"], 70);
}

#[test]
fn one_step_removes_at_most_100_rooms_and_looks_at_most_at_1000() {
    let store = Store::new();
    for number in 0..250 {
        let room = store.room(&format!("old {number}")).store;
        room.commit(vec![set("a", ""), CLOSE], |_| ());
    }
    for number in 0..1_100 {
        let room = store.room(&format!("timed {number}")).store;
        room.commit(vec![Write::SetTimer(timer(1, 5)), CLOSE], |_| ());
    }
    store.visit("last", (1_500, 1_500), vec![]);
    // Two steps end behind 100 rooms, and the third one behind the last 50 and 950 with timers.
    assert_eq!(store.expire(2_000), (251, 4));
    assert_eq!(store.expire(2_000), (0, 2));
    assert_eq!(store.rooms().len(), 1_100);
}

#[test]
fn a_step_with_10000_keys_ends() {
    let store = Store::new();
    for room in ["a", "b"] {
        let keys = (0..10_000).map(|number| set(&number.to_string(), "")).collect();
        store.visit(room, (10, 10), keys);
    }
    assert_eq!(store.expire(20), (2, 2));
}

#[test]
fn with_an_age_old_rooms_expire_by_themselves() {
    let store = Store::new();
    store.visit("old", (10, 10), vec![]);
    store.database.close();
    let settings = Settings { expire_after: Some(Duration::from_millis(1)), ..Settings::default() };
    let database = Database::open(store.folder.path(), &settings).expect("the database works");
    while database.total_bytes() > 0 {
        wait(database.reserve_ids(1)).expect("the database works");
    }
    database.close();
}

#[test]
fn nothing_expires_right_after_the_start_when_the_clock_may_be_wrong() {
    let store = Store::new();
    store.visit("old", (10, 10), vec![]);
    store.database.close();
    let settings = Settings { expire_after: Some(Duration::from_secs(3600)), ..Settings::default() };
    assert_eq!(settings.first_expiry, Duration::from_secs(60));
    let database = Database::open(store.folder.path(), &settings).expect("the database works");
    for _ in 0..20 {
        wait(database.reserve_ids(1)).expect("the database works");
    }
    assert_eq!(database.total_bytes(), 4);
    database.close();
}

#[test]
fn a_close_in_the_middle_of_an_expiry_ends() {
    let store = Store::new();
    store.database.close();
    let age = Some(Duration::from_secs(60));
    let settings = Settings { expire_after: age, first_expiry: Duration::ZERO, ..Settings::default() };
    for _ in 0..3 {
        let database = Database::open(store.folder.path(), &Settings::default()).expect("the database works");
        let room = wait(database.open_room("old".into(), 1_000)).expect("the database works").store;
        commit(&room, vec![set("a", "123"), CLOSE]).expect("the database works");
        database.close();
        Database::open(store.folder.path(), &settings).expect("the database works").close();
    }
}

/// A room as the model has it.
#[derive(Default)]
struct Model {
    used_us: u64,
    is_open: bool,
    has_timer: bool,
}

/// Plays random openings, closings, timers, crashes and expiries, and compares the rooms with a model.
fn play(seed: u64) {
    let (mut random, mut store) = (Rng::with_seed(seed), Store::new());
    let mut model = BTreeMap::<String, Model>::new();
    for step in 0..30 {
        let (name, now) = (random.choice(["a", "b", "c", "d"]).expect("it has some"), random.u64(..100));
        match random.u8(..8) {
            0..5 => {
                let opened = wait(store.database.open_room((*name).into(), now)).expect("the database works").store;
                let room = model.entry((*name).to_owned()).or_default();
                let (timed, closes, later) = (random.u8(..6) == 0, random.bool(), now + random.u64(..30));
                let timer = if timed { Write::SetTimer(timer(1, 9)) } else { Write::DropTimer(1) };
                let close = closes.then_some(Write::Close { at_us: later });
                commit(&opened, [set("a", "1"), timer].into_iter().chain(close).collect()).expect("the database works");
                room.used_us = room.used_us.max(if closes { later } else { now });
                (room.is_open, room.has_timer) = (!closes, timed);
            }
            5 => {
                store.restart();
                // A real time, which is later than all of these.
                model.values_mut().filter(|room| room.is_open).for_each(|room| room.used_us = u64::MAX);
                model.values_mut().for_each(|room| room.is_open = false);
            }
            _ => {
                store.expire(now);
                model.retain(|_, room| room.used_us >= now || room.is_open || room.has_timer);
            }
        }
        let names: Vec<_> = model.keys().cloned().collect();
        assert_eq!(store.names(), names, "seed {seed}, step {step}");
    }
}

#[test]
fn random_openings_closings_and_expiries_leave_the_rooms_of_the_model() {
    (1..=10).for_each(play);
}
