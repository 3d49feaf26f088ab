//! A crash at any moment loses no durable commit and leaves no half of one.
//!
//! Each seed plays random transactions on a database file, and takes the files of one moment: between two steps of a transaction, with the
//! last sectors of the log partly written, or in mid-checkpoint. The files are opened as after a crash and compared with a model. A failed
//! seed is named.
//!
//! `MODEL_RUNS=1000000 cargo test --workspace --lib -- store::tests::crashes` plays a million seeds; `MODEL_SEED=n` names the first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use fastrand::Rng;
use rusqlite::Connection;

use super::*;
use crate::store::done::Done;
use crate::store::job::{Commit, Job};
use crate::store::life::Life;
use crate::store::query::{self, Range};
use crate::store::transaction::{self, Moment};
use crate::store::{connection, folder, schema, tools, upkeep};

/// The unit in which a disk writes.
const SECTOR: usize = 512;
const ROOMS: [&str; 3] = ["a", "b", "c"];
const TRANSACTIONS: usize = 6;

/// The files of a database.
#[derive(Clone)]
struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    fn read(folder: &Path) -> Self {
        let log = std::fs::read(folder.join("ws-host.db-wal")).unwrap_or_default();
        Self { database: std::fs::read(folder::database_file(folder)).expect("the files are read and written"), log }
    }

    fn write(&self, folder: &Path) {
        std::fs::write(folder::database_file(folder), &self.database).expect("the files are read and written");
        std::fs::write(folder.join("ws-host.db-wal"), &self.log).expect("the files are read and written");
    }

    /// The files of an empty database, which are made once.
    fn empty() -> &'static Self {
        static EMPTY: OnceLock<Files> = OnceLock::new();
        EMPTY.get_or_init(|| {
            let folder = tempfile::tempdir().expect("the files are read and written");
            open(folder.path()).close().expect("the files are read and written");
            Self::read(folder.path())
        })
    }
}

/// Content of a file after a crash: of the sectors that had not been synced, the disk has written some. The file ends anywhere behind what
/// was synced.
fn torn(random: &mut Rng, before: &[u8], after: &[u8]) -> Vec<u8> {
    let length = if after.len() > before.len() { random.usize(before.len()..=after.len()) } else { after.len() };
    let mut file = before.to_vec();
    file.resize(length, 0);
    let in_order = random.bool();
    let written = random.usize(..=length / SECTOR);
    for (number, sector) in file.chunks_mut(SECTOR).enumerate() {
        if if in_order { number < written } else { random.bool() } {
            let from = number * SECTOR;
            let end = (from + sector.len()).min(after.len());
            sector[..end - from].copy_from_slice(&after[from..end]);
        }
    }
    file
}

/// The durable state: of each room its keys, timers and snapshots, and whether it is clean.
type State = BTreeMap<String, Room>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Room {
    entries: BTreeMap<String, Vec<u8>>,
    timers: BTreeMap<u64, DurableTimer>,
    requests: BTreeMap<u64, Bytes>,
    events: BTreeMap<u64, StoredEvent>,
    snapshots: BTreeMap<String, Snapshot>,
    clean: bool,
}

impl Room {
    fn make(&mut self, write: &Write) {
        self.clean = false;
        match write.clone() {
            Write::Set(key, value) => drop(self.entries.insert(key.to_string(), value.to_vec())),
            Write::Delete(key) => drop(self.entries.remove(&*key)),
            Write::Clear => self.entries.clear(),
            Write::SetTimer(timer) => drop(self.timers.insert(timer.id, timer)),
            Write::DropTimer(id) => drop(self.timers.remove(&id)),
            Write::SetRequest(request) => drop(self.requests.insert(request.id, request.context)),
            Write::DropRequest(id) => drop(self.requests.remove(&id)),
            Write::SetEvent(event) => drop(self.events.insert(event.id, event)),
            // It is of another room, perhaps.
            Write::DropEvent { .. } => {}
            Write::Save(snapshot) => drop(self.snapshots.insert(snapshot.sha256.to_string(), snapshot)),
            Write::DropSnapshots { except } => self.snapshots.retain(|sha256, _| except.as_deref() == Some(sha256)),
            Write::Close { .. } => self.clean = true,
        }
    }
}

fn open(folder: &Path) -> Connection {
    let file = folder::database_file(folder);
    let mut connection = connection::for_writing(&file, Sync::Normal).expect("the files are read and written");
    schema::prepare(&mut connection, &file).expect("the files are read and written");
    // The test itself decides which writes reach the disk. Syncs would take a hundred times as long as all else.
    connection.pragma_update(None, "synchronous", "OFF").expect("the files are read and written");
    connection
}

fn read(connection: &Connection) -> State {
    let found = ROOMS.into_iter().filter_map(|name| {
        let row = query::room(connection, name).expect("the files are read and written")?;
        let all = Range { prefix: "", after: None, limit: usize::MAX };
        let page = query::page(connection, row.id, &all).expect("the files are read and written");
        let room = Room {
            entries: page.entries.into_iter().map(|entry| (entry.key, entry.value.to_vec())).collect(),
            timers: query::timers(connection, row.id)
                .expect("the files are read and written")
                .into_iter()
                .map(|timer| (timer.id, timer))
                .collect(),
            requests: query::requests(connection, row.id)
                .expect("the files are read and written")
                .into_iter()
                .map(|request| (request.id, request.context))
                .collect(),
            events: query::events(connection, row.id)
                .expect("the files are read and written")
                .into_iter()
                .map(|event| (event.id, event))
                .collect(),
            snapshots: query::snapshots(connection, row.id)
                .expect("the files are read and written")
                .into_iter()
                .map(|snapshot| (snapshot.sha256.to_string(), snapshot))
                .collect(),
            clean: row.open_in == 0,
        };
        Some((name.to_owned(), room))
    });
    found.collect()
}

fn write(random: &mut Rng) -> Write {
    let key = Arc::from(random.choice(["k", "key", "k\0", "ключ"]).expect("the files are read and written"));
    let bytes = |random: &mut Rng, most| {
        let mut bytes = vec![0; random.usize(..most)];
        random.fill(&mut bytes);
        Bytes::from(bytes)
    };
    let id = random.u64(..3);
    let sha256 = Arc::from(*random.choice(&["0a", "0b"]).expect("the files are read and written"));
    match random.u8(..25) {
        0..10 => Write::Set(key, bytes(random, 300)),
        // A value of several pages.
        10 => Write::Set(key, bytes(random, 20_000)),
        11..14 => Write::Delete(key),
        14 => Write::Clear,
        15 => Write::SetTimer(DurableTimer { id, due_us: random.u64(..9), every_us: None, payload: bytes(random, 50) }),
        16 => Write::DropTimer(id),
        17 => {
            let (release, version, data) = ("app.wasm".into(), "1".into(), bytes(random, 6_000));
            Write::Save(Snapshot { release, sha256, version, data, saved_us: random.u64(..9) })
        }
        18 => Write::DropSnapshots { except: random.bool().then_some(sha256) },
        19 => Write::SetRequest(OpenRequest { id, context: bytes(random, 50) }),
        20 => Write::DropRequest(id),
        21 | 22 => Write::SetEvent(StoredEvent { id, to: "b".into(), is_text: random.bool(), payload: bytes(random, 50) }),
        23 => Write::DropEvent { from: (*random.choice(&ROOMS).expect("the files are read and written")).into(), id },
        _ => CLOSE,
    }
}

/// The jobs of one transaction, and the state that they lead to. `Close` counts only as the last write of a commit.
fn jobs(random: &mut Rng, state: &State) -> (Vec<Job>, State) {
    let mut state = state.clone();
    let jobs = (0..random.usize(1..5)).map(|_| {
        let name = *random.choice(&ROOMS).expect("the files are read and written");
        let mut writes: Vec<_> = (0..random.usize(1..4)).map(|_| write(random)).collect();
        let last = writes.pop();
        writes.retain(|write| *write != CLOSE);
        writes.extend(last);
        for write in &writes {
            state.entry(name.to_owned()).or_default().make(write);
            if let Write::DropEvent { from, id } = write
                && let Some(sender) = state.get_mut(&**from)
            {
                sender.events.remove(id);
            }
        }
        Job::Commit(Commit { life: Life::new(name.into(), 5), writes, bytes: 0, done: Done::new(|_| ()) })
    });
    (jobs.collect(), state.clone())
}

/// The moment of the crash, within the transaction in which it comes.
enum Crash {
    /// Between two of its steps.
    Between(usize),
    /// While its pages are written to the log.
    InCommit,
    /// While a checkpoint behind it writes the database file.
    InCheckpoint,
}

/// Plays a seed up to its crash. Returns the files, and the states that may be found in them.
fn play(random: &mut Rng) -> (Files, Vec<State>) {
    let folder = tempfile::tempdir().expect("the files are read and written");
    Files::empty().write(folder.path());
    let mut connection = open(folder.path());
    let mut state = State::new();
    let last = random.usize(..TRANSACTIONS);
    let crash = match random.u8(..4) {
        0 | 1 => Crash::Between(random.usize(..7)),
        2 => Crash::InCommit,
        _ => Crash::InCheckpoint,
    };
    for number in 0..=last {
        let (jobs, next) = jobs(random, &state);
        let before = (number == last).then(|| Files::read(folder.path()));
        let (mut moments, mut taken) = (0, None);
        let at = |moment| {
            if number == last && matches!(crash, Crash::Between(chosen) if chosen == moments) {
                taken = Some((Files::read(folder.path()), moment));
            }
            moments += 1;
        };
        transaction::run(&mut connection, 1, &jobs, at).expect("the files are read and written");
        let Some(before) = before else {
            if random.u8(..3) == 0 {
                upkeep::run(&connection).expect("the files are read and written");
            }
            state = next;
            continue;
        };
        match (taken, crash) {
            (Some((files, Moment::Committed)), _) => return (files, vec![next]),
            (Some((files, _)), _) => return (files, vec![state]),
            (None, Crash::Between(_)) => return (Files::read(folder.path()), vec![next]),
            (None, Crash::InCommit) => {
                let log = torn(random, &before.log, &Files::read(folder.path()).log);
                return (Files { log, ..before }, vec![state, next]);
            }
            (None, Crash::InCheckpoint) => {
                let before = Files::read(folder.path());
                upkeep::run(&connection).expect("the files are read and written");
                let database = torn(random, &before.database, &Files::read(folder.path()).database);
                return (Files { database, ..before }, vec![next]);
            }
        }
    }
    unreachable!("the last transaction crashes")
}

#[test]
fn a_crash_at_any_moment_leaves_each_commit_whole_or_not_at_all() {
    let number = |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first: u64 = number("MODEL_SEED", 1);
    for seed in first..first + number("MODEL_RUNS", 1_000) {
        let mut random = Rng::with_seed(seed);
        let (files, expected) = play(&mut random);
        let folder = tempfile::tempdir().expect("the files are read and written");
        files.write(folder.path());
        let mut connection = open(folder.path());
        let found = read(&connection);
        assert!(expected.contains(&found), "seed {seed}: found {found:#?}\nexpected one of {expected:#?}");
        assert_eq!(tools::problems(&connection).expect("the files are read and written"), [""; 0], "seed {seed}");
        let (jobs, next) = jobs(&mut random, &found);
        transaction::run(&mut connection, 2, &jobs, |_| ()).expect("the files are read and written");
        assert_eq!(read(&connection), next, "seed {seed}: after one more transaction");
    }
}
