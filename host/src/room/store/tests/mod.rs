//! The store of a room without a server.

mod model;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::{StoreError, Stores, Total};
use crate::room::{Room, RoomLimits};
use crate::store::Usage;

/// Runs a call that waits for nothing.
fn now<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a store in memory waits for nothing"),
    }
}

/// A room that opens, with its store.
fn open(stores: &Stores, name: &str) -> Room {
    let mut room = Room::new(name, RoomLimits::from(&crate::config::Limits::default()), Instant::now);
    room.set_store(now(stores.open(name)).expect("memory can be read").0);
    room
}

fn stores(most: u64, total: u64) -> Stores {
    Stores::in_memory(most, Arc::new(Total::new(total)))
}

fn room() -> Room {
    open(&stores(64 << 20, u64::MAX), "a")
}

fn set(room: &mut Room, key: &str, value: &str) {
    now(room.store().set(key, value)).expect("it fits");
}

/// A key's value.
fn get(room: &mut Room, key: &str) -> Option<String> {
    let value = now(room.store().get(key)).expect("memory can be read");
    value.map(|value| String::from_utf8_lossy(&value).into_owned())
}

/// A list's keys.
fn keys(room: &mut Room, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let entries = now(room.store().list(prefix, after, limit)).expect("memory can be read");
    entries.into_iter().map(|(key, _)| key.to_string()).collect()
}

fn commit(room: &mut Room) {
    let turn = room.commit();
    assert_eq!(turn.commit(), 0, "in memory, a turn is visible at once");
    room.reuse(turn);
}

#[test]
fn a_handler_sees_its_own_writes_and_those_of_earlier_turns() {
    let mut room = room();
    set(&mut room, "a", "1");
    assert_eq!(get(&mut room, "a").as_deref(), Some("1"));
    commit(&mut room);
    set(&mut room, "a", "2");
    assert_eq!(get(&mut room, "a").as_deref(), Some("2"));
    now(room.store().delete("a")).expect("a key can be removed");
    assert_eq!(get(&mut room, "a"), None);
}

#[test]
fn a_handler_that_fails_has_written_nothing() {
    let mut room = room();
    set(&mut room, "a", "1");
    set(&mut room, "b", "1");
    commit(&mut room);
    let before = room.store().usage();
    set(&mut room, "a", "22");
    set(&mut room, "a", "333");
    now(room.store().delete("b")).expect("a key can be removed");
    room.store().clear().expect("a store can be cleared");
    set(&mut room, "c", "1");
    assert_eq!(keys(&mut room, "", None, 9), ["c"]);
    assert!(room.roll_back().is_empty());
    assert_eq!((get(&mut room, "a").as_deref(), get(&mut room, "b").as_deref()), (Some("1"), Some("1")));
    assert_eq!((get(&mut room, "c"), room.store().usage()), (None, before));
}

#[test]
fn usage_counts_keys_and_the_bytes_of_keys_and_values() {
    let mut room = room();
    set(&mut room, "ab", "123");
    assert_eq!(room.store().usage(), Usage { keys: 1, bytes: 5 });
    set(&mut room, "ab", "1");
    set(&mut room, "c", "");
    assert_eq!(room.store().usage(), Usage { keys: 2, bytes: 4 });
    now(room.store().delete("ab")).expect("a key can be removed");
    now(room.store().delete("never was")).expect("that is no error");
    assert_eq!(room.store().usage(), Usage { keys: 1, bytes: 1 });
    room.store().clear().expect("a store can be cleared");
    assert_eq!(room.store().usage(), Usage::default());
}

#[test]
fn keys_have_at_most_512_bytes_and_values_128_kib() {
    let mut room = room();
    let (long, large) = ("k".repeat(513), vec![0; (128 << 10) + 1]);
    assert_eq!(now(room.store().set(&long, "")), Err(StoreError::KeyTooLong));
    assert_eq!(now(room.store().set("a", &large)), Err(StoreError::ValueTooBig));
    assert_eq!(get(&mut room, &long), None);
    assert_eq!(now(room.store().delete(&long)), Ok(()));
    assert_eq!(now(room.store().set(&long[1..], &large[1..])), Ok(()));
    assert_eq!(now(room.store().set("", "")), Ok(()), "an empty key is one too");
}

#[test]
fn one_handler_writes_at_most_768_kib_and_makes_at_most_100_000_changes() {
    let mut room = room();
    let value = vec![0; (128 << 10) - 1];
    for key in ["1", "2", "3", "4", "5", "6"] {
        assert_eq!(now(room.store().set(key, &value)), Ok(()));
    }
    assert_eq!(now(room.store().set("7", "")), Err(StoreError::Limit));
    commit(&mut room);
    assert_eq!(now(room.store().set("7", "")), Ok(()));
    commit(&mut room);
    for _ in 0..100_000 {
        assert_eq!(now(room.store().set("", "")), Ok(()));
    }
    assert_eq!(now(room.store().set("", "")), Err(StoreError::Limit));
    assert_eq!(now(room.store().delete("7")), Err(StoreError::Limit));
    assert_eq!(room.store().clear(), Err(StoreError::Limit));
}

#[test]
fn a_full_room_takes_no_more_but_can_be_emptied() {
    let mut room = open(&stores(200, u64::MAX), "a");
    set(&mut room, "a", &"x".repeat(35));
    set(&mut room, "b", &"x".repeat(35));
    assert_eq!(now(room.store().set("b", "x".repeat(36))), Err(StoreError::RoomFull), "64 bytes count for each entry");
    assert_eq!(now(room.store().set("c", "")), Err(StoreError::RoomFull));
    set(&mut room, "b", "");
    now(room.store().delete("a")).expect("a key can be removed");
    set(&mut room, "c", "");
}

#[test]
fn the_stores_of_all_rooms_share_their_total() {
    let stores = stores(1000, 200);
    let (mut one, mut two) = (open(&stores, "a"), open(&stores, "b"));
    set(&mut one, "a", &"x".repeat(35));
    set(&mut two, "a", &"x".repeat(35));
    assert_eq!(now(two.store().set("b", "")), Err(StoreError::TotalFull));
    assert!(one.roll_back().is_empty());
    set(&mut two, "b", &"x".repeat(35));
    commit(&mut two);
    two.store().clear().expect("a store can be cleared");
    set(&mut one, "a", &"x".repeat(100));
    assert_eq!(now(one.store().set("b", "")), Err(StoreError::TotalFull));
}

#[test]
fn a_list_has_the_keys_with_a_prefix_in_the_order_of_their_bytes() {
    let mut room = room();
    for key in ["b", "a/2", "a/10", "a/1", "a", "a0", "ä"] {
        set(&mut room, key, "");
    }
    assert_eq!(keys(&mut room, "", None, 100), ["a", "a/1", "a/10", "a/2", "a0", "b", "ä"]);
    assert_eq!(keys(&mut room, "a/", None, 100), ["a/1", "a/10", "a/2"]);
    assert_eq!(keys(&mut room, "a/", None, 2), ["a/1", "a/10"]);
    assert_eq!(keys(&mut room, "a/", Some("a/10"), 2), ["a/2"]);
    assert_eq!(keys(&mut room, "a/", Some("a/100"), 2), ["a/2"], "the key need not exist");
    assert_eq!(keys(&mut room, "a/", Some("a"), 1), ["a/1"], "nor have the prefix");
    assert_eq!(keys(&mut room, "a/", Some("b"), 2), [""; 0]);
    assert_eq!(keys(&mut room, "", None, 0), [""; 0]);
}

#[test]
fn a_list_gives_at_most_1000_entries_and_1_mib_but_always_one() {
    let mut room = room();
    for number in 0..1100 {
        set(&mut room, &format!("{number:04}"), "");
    }
    assert_eq!(keys(&mut room, "", None, usize::MAX).len(), 1000);
    assert_eq!(keys(&mut room, "", Some("0999"), usize::MAX).len(), 100);
    commit(&mut room);
    for number in 0..9 {
        now(room.store().set(&format!("large {number}"), vec![0; 128 << 10])).expect("it fits");
        commit(&mut room);
    }
    assert_eq!(keys(&mut room, "large", None, 100).len(), 7, "the keys count too");
    assert_eq!(keys(&mut room, "large", Some("large 6"), 100), ["large 7", "large 8"]);
}

#[test]
fn the_store_of_a_closed_room_is_there_when_it_opens_again() {
    let stores = stores(1000, 1000);
    let mut room = open(&stores, "a");
    set(&mut room, "kept", "1");
    commit(&mut room);
    set(&mut room, "kept", "2");
    set(&mut room, "of a turn that has not ended", "1");
    drop(room);
    assert_eq!(keys(&mut open(&stores, "b"), "", None, 9), [""; 0]);
    let mut room = open(&stores, "a");
    assert_eq!(keys(&mut room, "", None, 9), ["kept"]);
    assert_eq!((get(&mut room, "kept").as_deref(), room.store().usage()), (Some("1"), Usage { keys: 1, bytes: 5 }));
}

#[test]
fn a_store_that_ends_with_its_room_gives_its_memory_back() {
    let total = Arc::new(Total::new(1000));
    let stores = Stores::of_rooms(1000, Arc::clone(&total));
    let mut room = open(&stores, "a");
    set(&mut room, "a", "1");
    commit(&mut room);
    assert_eq!(total.size(), 66);
    drop(room);
    assert_eq!((total.size(), keys(&mut open(&stores, "a"), "", None, 9).len()), (0, 0));
}
