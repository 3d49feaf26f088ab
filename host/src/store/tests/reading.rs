//! Reads.

use bytes::Bytes;

use super::*;

#[test]
fn a_committed_value_is_read_back_and_a_deleted_one_is_not() {
    let store = Store::new();
    let room = store.room("lobby").store;
    assert_eq!(get(&room, "a"), None);
    commit(&room, vec![set("a", "1"), set("b", "2"), Write::Delete("a".into())]).expect("the database works");
    assert_eq!((get(&room, "a"), get(&room, "b")), (None, Some("2".into())));
    commit(&room, vec![Write::Clear, set("c", "3")]).expect("the database works");
    assert_eq!((get(&room, "b"), get(&room, "c")), (None, Some("3".into())));
}

#[test]
fn rooms_do_not_see_the_keys_of_each_other() {
    let store = Store::new();
    let (one, other) = (store.room("one").store, store.room("other").store);
    commit(&one, vec![set("key", "of one")]).expect("the database works");
    commit(&other, vec![set("key", "of the other")]).expect("the database works");
    commit(&one, vec![Write::Clear]).expect("the database works");
    assert_eq!((get(&one, "key"), get(&other, "key")), (None, Some("of the other".into())));
}

#[test]
fn keys_and_values_may_have_any_characters_and_bytes() {
    let store = Store::new();
    let room = store.room("\0 ☃").store;
    let value = Bytes::from_static(&[0, 255, 254, 0]);
    commit(&room, vec![Write::Set("a\0b☃".into(), value.clone()), Write::Set("".into(), Bytes::new())])
        .expect("the database works");
    assert_eq!(wait(room.get("a\0b☃")).expect("the database works"), Some(value));
    assert_eq!(wait(room.get("")).expect("the database works"), Some(Bytes::new()));
    assert_eq!(store.room("\0 ☃").usage, Usage { keys: 2, bytes: 10 });
}

#[test]
fn a_list_is_in_the_order_of_bytes_and_goes_on_behind_a_key() {
    let store = Store::new();
    let room = store.room("lobby").store;
    let all = ["a", "b", "b/1", "b/10", "b/2", "b/é", "c"];
    commit(&room, all.iter().rev().map(|key| set(key, key)).collect()).expect("the database works");
    let list = |prefix, after, limit| wait(room.list(prefix, after, limit)).expect("the database works");
    assert_eq!(keys(&list("", None, 100)), all);
    assert_eq!(keys(&list("b/", None, 100)), ["b/1", "b/10", "b/2", "b/é"]);
    assert_eq!(keys(&list("b/", Some("b/10"), 100)), ["b/2", "b/é"]);
    assert_eq!(keys(&list("b/", Some("a"), 100)), ["b/1", "b/10", "b/2", "b/é"]);
    assert_eq!(keys(&list("b/", Some("c"), 100)), [""; 0]);
    let page = list("b/", None, 3);
    assert_eq!((keys(&page), page.more), (vec!["b/1", "b/10", "b/2"], true));
    let page = list("b/", None, 4);
    assert_eq!((page.entries.len(), page.more), (4, false));
}

#[test]
fn a_list_ends_at_1000_entries_or_behind_1_mib() {
    let store = Store::new();
    let room = store.room("lobby").store;
    commit(&room, (0..1001).map(|number| set(&format!("small/{number:04}"), "")).collect()).expect("the database works");
    let large = "x".repeat(MAX_VALUE_BYTES);
    commit(&room, (0..10).map(|number| set(&format!("large/{number}"), &large)).collect()).expect("the database works");
    let page = wait(room.list("small/", None, usize::MAX)).expect("the database works");
    assert_eq!((page.entries.len(), page.more), (MAX_LIST_ENTRIES, true));
    let page = wait(room.list("large/", None, usize::MAX)).expect("the database works");
    assert_eq!((page.entries.len(), page.more), (MAX_LIST_BYTES / MAX_VALUE_BYTES, true));
}

#[test]
fn usage_follows_each_change() {
    let store = Store::new();
    let room = store.room("lobby").store;
    let usage = |keys, bytes| Ok(Usage { keys, bytes });
    assert_eq!(commit(&room, vec![set("ab", "123")]), usage(1, 5));
    assert_eq!(commit(&room, vec![set("ab", "1")]), usage(1, 3));
    assert_eq!(commit(&room, vec![set("c", ""), Write::Delete("none".into())]), usage(2, 4));
    assert_eq!(commit(&room, vec![Write::Delete("ab".into())]), usage(1, 1));
    assert_eq!(commit(&room, vec![set("d", "4"), Write::Clear, set("e", "5")]), usage(1, 2));
    assert_eq!(store.room("lobby").usage, Usage { keys: 1, bytes: 2 });
    assert_eq!(store.database.total_bytes(), 2);
}
