//! Commits of the database beside one transaction for each message, and its reads.
//! `cargo bench --workspace --bench store`, with `STORE_SECONDS` (2), `STORE_ROUNDS` (3), `STORE_KEYS` (1,000) and `STORE_DIR`.
//!
//! 200 clients each write 200 B, and write again as soon as that is durable. Rounds of all cells alternate, and the medians count.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::Connection;
use rustix::time::{ClockId, clock_gettime};
use ws_host::store::{Database, RoomStore, Settings, Sync, Write};

const CLIENTS: usize = 200;
const VALUE_BYTES: usize = 200;
/// The room that is opened and read.
const LARGE_ROOM_KEYS: usize = 1 << 20 >> 8;

/// One cell of the table.
#[derive(Clone, Copy)]
struct Cell {
    sync: Sync,
    /// The rooms of the clients; `None` for one transaction for each message.
    rooms: Option<usize>,
}

/// The result of one round.
struct Round {
    per_second: f64,
    syncs_per_second: f64,
    cpu_us: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// A client that writes as soon as its last write is durable.
struct Client {
    run: Arc<Run>,
    number: usize,
}

struct Run {
    rooms: Vec<RoomStore>,
    keys: usize,
    written: AtomicUsize,
    stop: AtomicBool,
    latencies: Mutex<Vec<f64>>,
    ended: Mutex<mpsc::Sender<()>>,
}

fn main() {
    let (seconds, rounds) = (number("STORE_SECONDS", 2), number("STORE_ROUNDS", 3));
    let keys = number("STORE_KEYS", 1_000);
    let parent = std::env::var_os("STORE_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let syncs = [Sync::Full, Sync::Normal];
    let cells: Vec<Cell> =
        syncs.into_iter().flat_map(|sync| [Some(1), Some(10), Some(1_000), None].map(|rooms| Cell { sync, rooms })).collect();
    let mut results: Vec<Vec<Round>> = cells.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (cell, rounds) in cells.iter().zip(&mut results) {
            let folder = tempfile::tempdir_in(&parent).expect("a folder can be made");
            let time = Duration::from_secs(seconds as u64);
            rounds.push(match cell.rooms {
                Some(rooms) => grouped(folder.path(), cell.sync, rooms, (keys, time)),
                None => one_each(folder.path(), cell.sync, (keys, time)),
            });
        }
    }
    println!("{CLIENTS} clients, {keys} keys, values of {VALUE_BYTES} B; medians of {rounds} rounds of {seconds} s");
    println!("sync    rooms              events/s  commits/s  CPU us/event  p50 ms  p99 ms");
    for (cell, rounds) in cells.iter().zip(results) {
        let median = |of: fn(&Round) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        println!(
            "{:<7} {:<17} {:>9.0} {:>10.0} {:>13.1} {:>7.2} {:>7.2}",
            format!("{:?}", cell.sync),
            cell.rooms.map_or_else(|| "one each, 1 conn.".to_owned(), |rooms| rooms.to_string()),
            median(|round| round.per_second),
            median(|round| round.syncs_per_second),
            median(|round| round.cpu_us),
            median(|round| round.p50_ms),
            median(|round| round.p99_ms),
        );
    }
    reads(&parent);
}

/// All clients through the database's one writer.
fn grouped(folder: &Path, sync: Sync, rooms: usize, (keys, time): (usize, Duration)) -> Round {
    let database = Database::open(folder, &Settings { sync, ..Settings::default() }).expect("the folder is new");
    let rooms: Vec<_> = (0..rooms).map(|number| open(&database, &format!("room {number}"))).collect();
    let (ended, all_ended) = mpsc::channel();
    let run = Arc::new(Run {
        rooms,
        keys,
        written: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        latencies: Mutex::default(),
        ended: Mutex::new(ended),
    });
    let (cpu, begun, transactions) = (cpu_us(), Instant::now(), database.transactions());
    for number in 0..CLIENTS {
        Client { run: Arc::clone(&run), number }.write();
    }
    std::thread::sleep(time);
    run.stop.store(true, Relaxed);
    all_ended.iter().take(CLIENTS).for_each(drop);
    let (cpu, seconds) = (cpu_us() - cpu, begun.elapsed().as_secs_f64());
    let written = run.written.load(Relaxed) as f64;
    let mut latencies = std::mem::take(&mut *run.latencies.lock().expect("nobody panics"));
    let syncs = (database.transactions() - transactions) as f64;
    database.close();
    round(written / seconds, syncs / seconds, cpu / written, &mut latencies)
}

impl Client {
    fn write(self) {
        let Run { rooms, keys, written, .. } = &*self.run;
        // A stride that is prime to the number of keys visits all of them.
        let number = written.load(Relaxed);
        let key = (number * 7_919 + self.number * 31) % keys;
        let (room, begun) = (rooms[key % rooms.len()].clone(), Instant::now());
        let change = Write::Set(format!("the key of a client {key:019}").into(), value(number).into());
        room.commit(vec![change], move |result| {
            result.expect("the disk has room");
            self.run.latencies.lock().expect("nobody panics").push(begun.elapsed().as_secs_f64() * 1e3);
            self.run.written.fetch_add(1, Relaxed);
            if self.run.stop.load(Relaxed) {
                self.run.ended.lock().expect("nobody panics").send(()).expect("the bench waits");
            } else {
                self.write();
            }
        });
    }
}

/// A value that no key has had before: SQLite writes nothing for one that is there already.
fn value(number: usize) -> Vec<u8> {
    format!("{number:0VALUE_BYTES$}").into_bytes()
}

/// One transaction for each message, on one connection with the same settings, as a server writes without a thought.
fn one_each(folder: &Path, sync: Sync, (keys, time): (usize, Duration)) -> Round {
    let connection = Connection::open(folder.join("one.db")).expect("the folder is new");
    let full = if sync == Sync::Full { "FULL" } else { "NORMAL" };
    let settings = format!("PRAGMA journal_mode=WAL; PRAGMA synchronous={full}; PRAGMA wal_autocheckpoint=16000");
    connection.execute_batch(&settings).expect("the settings are known");
    let table = "CREATE TABLE entries (room INTEGER, key TEXT, value BLOB, PRIMARY KEY (room, key)) STRICT, WITHOUT ROWID";
    connection.execute(table, []).expect("the file is new");
    let (cpu, begun) = (cpu_us(), Instant::now());
    let mut latencies = Vec::new();
    while begun.elapsed() < time {
        let before = Instant::now();
        let key = format!("the key of a client {:019}", latencies.len() * 7_919 % keys);
        let sql = "INSERT INTO entries VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        let mut statement = connection.prepare_cached(sql).expect("the statement is right");
        statement.execute((&key, value(latencies.len()))).expect("the disk has room");
        // Each of the clients waits for the messages of all others.
        latencies.push(before.elapsed().as_secs_f64() * 1e3 * CLIENTS as f64);
    }
    let (cpu, seconds, written) = (cpu_us() - cpu, begun.elapsed().as_secs_f64(), latencies.len() as f64);
    round(written / seconds, written / seconds, cpu / written, &mut latencies)
}

/// Opening a room of 1 MiB, reading all of it, and single keys.
fn reads(parent: &Path) {
    let folder = tempfile::tempdir_in(parent).expect("a folder can be made");
    let database = Database::open(folder.path(), &Settings::default()).expect("the folder is new");
    let room = open(&database, "large");
    let (done, written) = mpsc::channel();
    let value = Bytes::from(vec![7; 240]);
    let changes = (0..LARGE_ROOM_KEYS).map(|key| Write::Set(format!("key {key:012}").into(), value.clone())).collect();
    room.commit(changes, move |result| done.send(result).expect("the bench waits"));
    written.recv().expect("it is reported").expect("the disk has room");
    let opening = median_us(200, |_| drop(open(&database, "large")));
    let one = median_us(5_000, |turn| {
        let key = turn * 7_919 % LARGE_ROOM_KEYS;
        assert!(wait(room.get(&format!("key {key:012}"))).expect("it is read").is_some());
    });
    let whole = median_us(50, |_| {
        let (mut after, mut more) = (None::<String>, true);
        while more {
            let page = wait(room.list("", after.as_deref(), usize::MAX)).expect("it is read");
            (after, more) = (page.entries.last().map(|entry| entry.key.clone()), page.more);
        }
    });
    println!("a room of 1 MiB: opened in {opening:.0} us with its sync, one key in {one:.1} us, all keys in {whole:.0} us");
    database.close();
}

fn open(database: &Database, name: &str) -> RoomStore {
    wait(database.open_room(name.into(), 1)).expect("it opens").store
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts").block_on(answer)
}

fn round(per_second: f64, syncs_per_second: f64, cpu_us: f64, latencies: &mut [f64]) -> Round {
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Round { per_second, syncs_per_second, cpu_us, p50_ms: at(0.5), p99_ms: at(0.99) }
}

fn median_us(times: usize, mut run: impl FnMut(usize)) -> f64 {
    let mut all: Vec<f64> = (0..times)
        .map(|turn| {
            let begun = Instant::now();
            run(turn);
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[times / 2]
}

/// The CPU time of the process, in microseconds.
fn cpu_us() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
