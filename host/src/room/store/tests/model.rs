//! A store over a journal, against a map: random turns, of which some fail, some wait long, and some are lost.

use std::collections::BTreeMap;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{now, open};
use crate::config::{Limits, Outgoing};
use crate::fetch::{FetchRequest, LazyClient, Outlet};
use crate::room::Dormant;
use crate::room::store::{Backing, Done, Journal, JournalError, Opened, Reading, Rows, StoreError, Stores, Total};
use crate::room::{Room, Turn};
use crate::store::{Usage, Write};

type Map = BTreeMap<Arc<str>, Bytes>;

/// A journal whose commits become durable when the test says so.
#[derive(Debug, Default, Clone)]
struct Model(Arc<Mutex<Map>>);

impl Model {
    fn durable(&self) -> Map {
        self.0.lock().expect("no test panics with it").clone()
    }

    fn apply(&self, writes: Vec<Write>) {
        let mut map = self.0.lock().expect("no test panics with it");
        for write in writes {
            match write {
                Write::Set(key, value) => drop(map.insert(key, value)),
                Write::Delete(key) => drop(map.remove(&key)),
                _ => map.clear(),
            }
        }
    }
}

impl Journal for Model {
    fn open(&self, _room: &str) -> Pin<Box<dyn Future<Output = Result<Opened, JournalError>> + Send>> {
        let dormant = Some(Dormant::new());
        Box::pin(ready(Ok(Opened { backing: Arc::new(self.clone()), usage: usage(&self.durable()), dormant })))
    }
}

impl Backing for Model {
    fn get(&self, key: &str) -> Reading<Option<Bytes>> {
        Box::pin(ready(Ok(self.durable().get(key).cloned())))
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Reading<Rows> {
        // As few as possible, so that a list takes several reads.
        let most = limit.min(2);
        let mut entries = listed(&self.durable(), prefix, after, most + 1);
        let more = entries.len() > most;
        entries.truncate(most);
        Box::pin(ready(Ok(Rows { entries, more })))
    }

    fn knows(&self, _room: &str) -> Reading<bool> {
        Box::pin(ready(Ok(false)))
    }

    fn takes_writes(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn has_room_for(&self, _bytes: u64) -> bool {
        true
    }

    fn commit(&self, _writes: Vec<Write>, _done: Done) {}
}

fn usage(map: &Map) -> Usage {
    Usage { keys: map.len() as u64, bytes: map.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum() }
}

fn listed(map: &Map, prefix: &str, after: Option<&str>, limit: usize) -> Vec<(Arc<str>, Bytes)> {
    let found = map.iter().filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| &***key > after));
    found.take(limit).map(|(key, value)| (Arc::clone(key), value.clone())).collect()
}

/// A sequence that looks random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn key(&mut self) -> String {
        let words = ["a", "b", "ab"];
        let word = usize::try_from(self.below(3)).expect("a small number");
        format!("{}{}", words[word], self.below(4))
    }
}

fn compare(room: &mut Room, map: &Map, random: &mut Random) {
    let (key, after) = (random.key(), random.key());
    let prefix = ["", "a", "b", "ab"][usize::try_from(random.below(4)).expect("a small number")];
    let (after, limit) =
        (Some(after.as_str()).filter(|_| random.0.is_multiple_of(2)), usize::try_from(random.below(9)).expect("small"));
    assert_eq!(now(room.store().get(&key)), Ok(map.get(&*key).cloned()));
    assert_eq!(now(room.store().list(prefix, after, limit)), Ok(listed(map, prefix, after, limit)));
    assert_eq!(room.store().usage(), usage(map));
}

/// A turn of up to four writes, in the room and in the map.
fn turn(room: &mut Room, map: &mut Map, random: &mut Random) {
    for _ in 0..random.below(5) {
        let key = random.key();
        match random.below(12) {
            0 => {
                map.clear();
                room.store().clear().expect("a store can be cleared");
            }
            1..4 => {
                map.remove(&*key);
                now(room.store().delete(&key)).expect("a key can be removed");
            }
            _ => {
                let value = "x".repeat(usize::try_from(random.below(30)).expect("a small number"));
                map.insert(key.as_str().into(), value.clone().into());
                now(room.store().set(&key, &value)).expect("it fits");
            }
        }
        compare(room, map, random);
    }
}

fn run(seed: u64) {
    let (journal, mut random) = (Model::default(), Random(seed));
    let stores = Stores::journaled(Arc::new(journal.clone()), 1 << 20);
    let mut room = open(&stores, "a");
    let mut map = Map::new();
    let mut waiting: Vec<Box<Turn>> = Vec::new();
    for _ in 0..60 {
        let before = map.clone();
        turn(&mut room, &mut map, &mut random);
        if random.below(4) == 0 {
            assert!(room.roll_back().is_empty());
            map = before;
        } else {
            let turn = room.commit();
            if turn.commit() > 0 {
                waiting.push(turn);
            } else {
                room.reuse(turn);
            }
        }
        compare(&mut room, &map, &mut random);
        match random.below(20) {
            0 => {
                // The journal fails: the turns that wait are lost.
                waiting.clear();
                room = open(&stores, "a");
                map = journal.durable();
            }
            1..10 if !waiting.is_empty() => {
                let mut turn = waiting.remove(0);
                journal.apply(turn.take_writes());
                // A reader may see a commit before the room hears that it is durable.
                compare(&mut room, &map, &mut random);
                room.note_durable(turn.commit());
            }
            _ => {}
        }
        compare(&mut room, &map, &mut random);
    }
}

#[test]
fn a_store_over_a_journal_is_a_map_whatever_waits_or_is_lost() {
    (1..=300_u64).for_each(|seed| run(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
}

#[test]
fn contexts_of_requests_count_as_writes_of_their_handler_where_a_journal_keeps_them() {
    let outgoing = Outgoing { allow: vec!["*".into()], ..Outgoing::default() };
    let outlet = Outlet::new(&outgoing, &Limits::default()).expect("the rules are valid");
    let request = FetchRequest { method: "GET".into(), url: "https://a.example/".into(), ..FetchRequest::default() };
    let journaled = Stores::journaled(Arc::new(Model::default()), 1 << 30);
    let in_memory = Stores::in_memory(1 << 30, Arc::new(Total::new(1 << 30)));
    for (stores, most) in [(journaled, 12), (in_memory, 32)] {
        let mut room = open(&stores, "a");
        room.set_client(Arc::new(LazyClient::new(Arc::clone(&outlet))));
        let accepted = (0..32).map_while(|_| room.fetch(request.clone(), vec![0; 64 << 10]).ok()).count();
        assert_eq!(accepted, most);
        let written = now(room.store().set("key", "value"));
        assert_eq!(written, if most == 12 { Err(StoreError::Limit) } else { Ok(()) });
        assert!(room.roll_back().is_empty());
        assert!(now(room.store().set("key", "value")).is_ok());
    }
}
