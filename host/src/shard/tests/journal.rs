//! A journal that keeps commits until the test says what becomes of them.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::room::Dormant;
use crate::room::{Backing, Done, Journal, JournalError, Opened, Reading, Rows, StoreError};
use crate::store::{Usage, Write};

type Entries = BTreeMap<Arc<str>, Bytes>;

/// The journal of all rooms.
#[derive(Debug, Default)]
pub(super) struct Waits(Arc<Inner>);

#[derive(Default)]
struct Inner {
    commits: Mutex<Vec<(String, Vec<Write>, Done)>>,
    arrived: Notify,
    durable: Mutex<HashMap<String, Entries>>,
    /// Whether the next commit panics: outside of any handler.
    panics: AtomicBool,
    refuses: AtomicBool,
    is_busy: AtomicBool,
    is_full: AtomicBool,
    /// Whether commits fail at once.
    fails: AtomicBool,
    /// Whether rooms cannot be opened.
    is_shut: AtomicBool,
    dormant: Mutex<HashMap<String, Dormant>>,
    /// How many reads there were.
    reads: AtomicUsize,
    /// Whether reads wait for `read_on`.
    holds_reads: AtomicBool,
    read_on: Notify,
}

/// One room's part of it.
#[derive(Debug)]
struct Part {
    room: String,
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inner")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics with it")
}

impl Waits {
    /// The journal for the rooms.
    pub(super) fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(Self(Arc::clone(&self.0)))
    }

    /// Waits until this many commits wait.
    pub(super) async fn wait_for(&self, commits: usize) {
        while lock(&self.0.commits).len() < commits {
            self.0.arrived.notified().await;
        }
    }

    /// Makes an entry durable that no room has written.
    pub(super) fn preset(&self, room: &str, key: &str, value: &'static str) {
        let mut durable = lock(&self.0.durable);
        durable.entry(room.into()).or_default().insert(key.into(), Bytes::from_static(value.as_bytes()));
    }

    /// How many commits wait.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.0.commits).len()
    }

    /// Makes the oldest commit durable.
    pub(super) fn finish(&self) {
        let (room, writes, done) = lock(&self.0.commits).remove(0);
        let mut durable = lock(&self.0.durable);
        let entries = durable.entry(room).or_default();
        for write in writes {
            match write {
                Write::Set(key, value) => drop(entries.insert(key, value)),
                Write::Delete(key) => drop(entries.remove(&key)),
                Write::Clear => entries.clear(),
                _ => {}
            }
        }
        done(Ok(()));
    }

    /// Fails all commits.
    pub(super) fn fail(&self) {
        let commits = std::mem::take(&mut *lock(&self.0.commits));
        commits.into_iter().for_each(|(.., done)| done(Err(JournalError("the disk is full".into()))));
    }

    /// Has the next commit panic.
    pub(super) fn panic(&self) {
        self.0.panics.store(true, Relaxed);
    }

    /// Whether `set` answers that the journal takes no writes.
    pub(super) fn refuse(&self, refuses: bool) {
        self.0.refuses.store(refuses, Relaxed);
    }

    /// Whether much waits for the journal.
    pub(super) fn busy(&self, is_busy: bool) {
        self.0.is_busy.store(is_busy, Relaxed);
    }

    /// Whether nothing more fits into the journal.
    pub(super) fn full(&self, is_full: bool) {
        self.0.is_full.store(is_full, Relaxed);
    }

    /// Whether each commit fails at once.
    pub(super) fn fail_at_once(&self, fails: bool) {
        self.0.fails.store(fails, Relaxed);
    }

    /// Whether rooms cannot be opened, nor be looked for.
    pub(super) fn shut(&self, is_shut: bool) {
        self.0.is_shut.store(is_shut, Relaxed);
    }

    /// Has a room open with this.
    pub(super) fn preset_dormant(&self, room: &str, dormant: Dormant) {
        lock(&self.0.dormant).insert(room.into(), dormant);
    }

    /// The writes of the oldest commit that waits.
    pub(super) fn next_writes(&self) -> Vec<Write> {
        lock(&self.0.commits).first().map(|(_, writes, _)| writes.clone()).unwrap_or_default()
    }

    /// Has reads wait from now on, until `read_on`.
    pub(super) fn hold_reads(&self) {
        self.0.holds_reads.store(true, Relaxed);
    }

    /// Answers the reads that wait.
    pub(super) fn read_on(&self) {
        self.0.read_on.notify_waiters();
    }

    /// How many reads there were.
    pub(super) fn reads(&self) -> usize {
        self.0.reads.load(Relaxed)
    }

    /// The durable entries of a room, each as `key=value`.
    pub(super) fn durable(&self, room: &str) -> Vec<String> {
        let durable = lock(&self.0.durable);
        let entries = durable.get(room).into_iter().flatten();
        entries.map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(value))).collect()
    }
}

impl Journal for Waits {
    fn open(&self, room: &str) -> Pin<Box<dyn Future<Output = Result<Opened, JournalError>> + Send>> {
        if self.0.is_shut.load(Relaxed) {
            return Box::pin(ready(Err(JournalError("it cannot be read".into()))));
        }
        let entries = lock(&self.0.durable).get(room).cloned().unwrap_or_default();
        let bytes = entries.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum();
        let usage = Usage { keys: entries.len() as u64, bytes };
        let dormant = lock(&self.0.dormant).get(room).cloned();
        Box::pin(ready(Ok(Opened {
            backing: Arc::new(Part { room: room.into(), inner: Arc::clone(&self.0) }),
            usage,
            dormant: dormant.or_else(|| (usage.keys > 0).then(Dormant::new)),
        })))
    }
}

impl Part {
    fn read<T: Send + 'static>(&self, look: impl FnOnce(&Entries) -> T + Send + 'static) -> Reading<T> {
        let (inner, room) = (Arc::clone(&self.inner), self.room.clone());
        inner.reads.fetch_add(1, Relaxed);
        Box::pin(async move {
            if inner.holds_reads.load(Relaxed) {
                inner.read_on.notified().await;
            }
            let durable = lock(&inner.durable);
            Ok::<_, StoreError>(look(durable.get(&room).unwrap_or(&Entries::default())))
        })
    }
}

impl Backing for Part {
    fn get(&self, key: &str) -> Reading<Option<Bytes>> {
        let key = key.to_owned();
        self.read(move |entries| entries.get(&*key).cloned())
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Reading<Rows> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.read(move |entries| {
            let found = entries
                .iter()
                .filter(|(key, _)| key.starts_with(&prefix) && after.as_deref().is_none_or(|after| &***key > after));
            let mut entries: Vec<_> = found.take(limit + 1).map(|(key, value)| (Arc::clone(key), value.clone())).collect();
            let more = entries.len() > limit;
            entries.truncate(limit);
            Rows { entries, more }
        })
    }

    fn knows(&self, room: &str) -> Reading<bool> {
        let room = room.to_owned();
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let knows = lock(&inner.durable).contains_key(&room) || lock(&inner.dormant).contains_key(&room);
            if inner.is_shut.load(Relaxed) { Err(StoreError::Unavailable) } else { Ok(knows) }
        })
    }

    fn takes_writes(&self) -> bool {
        !self.inner.refuses.load(Relaxed)
    }

    fn is_busy(&self) -> bool {
        self.inner.is_busy.load(Relaxed)
    }

    fn has_room_for(&self, _bytes: u64) -> bool {
        !self.inner.is_full.load(Relaxed)
    }

    fn commit(&self, writes: Vec<Write>, done: Done) {
        if self.inner.fails.load(Relaxed) {
            return done(Err(JournalError("the disk is full".into())));
        }
        assert!(!self.inner.panics.swap(false, Relaxed), "the test asked for it");
        lock(&self.inner.commits).push((self.room.clone(), writes, done));
        self.inner.arrived.notify_one();
    }
}
