//! The thread that keeps the database small: checkpoints, and the expiry of rooms.
//!
//! A checkpoint beside the writer never reaches the end of a log that keeps growing, so the log could never start over. The thread does
//! the bulk of the work. Then the writer moves the little that has come meanwhile, between two transactions, and starts the log over.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;
use super::error::{OpenError, explain};
use super::job::{Job, Jobs};
use super::settings::Settings;
use super::state::Place;
use crate::log::LogThrottle;

/// The longest pause between two looks for expired rooms.
const MAX_EXPIRY_INTERVAL: Duration = Duration::from_secs(3600);
/// The shortest one.
const MIN_EXPIRY_INTERVAL: Duration = Duration::from_millis(100);

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Upkeep {
    wake: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Upkeep {
    /// Starts the thread. It sends the writer `Job::FinishCheckpoint` after each checkpoint.
    pub(super) fn start(file: &Path, settings: &Settings, jobs: Jobs) -> Result<Self, OpenError> {
        let expiry = settings.expire_after.map(|age| (age, Instant::now() + settings.first_expiry.min(age)));
        let connection = connection::for_writing(file, settings.sync).map_err(|source| OpenError::database(file, source))?;
        let (wake, woken) = mpsc::sync_channel(1);
        let thread =
            std::thread::Builder::new().name("store-upkeep".into()).spawn(move || serve(&connection, expiry, &woken, &jobs));
        let folder = || file.parent().unwrap_or(file).to_owned();
        let thread = thread.map_err(|source: io::Error| OpenError::Folder { folder: folder(), source })?;
        Ok(Self { wake, thread })
    }

    /// Asks for a checkpoint. One that is asked for already is enough.
    pub(super) fn ask(&self) {
        let _ = self.wake.try_send(());
    }

    /// Waits for the checkpoint that runs, and ends the thread.
    pub(super) fn stop(self) {
        drop(self.wake);
        // A thread that panicked has told it by its panic.
        let _ = self.thread.join();
    }
}

/// Moves as much of the log as possible without holding anybody up. Returns the pages that the log has, and those that have been moved.
pub(super) fn run(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// The pages that the log has.
pub(super) fn log_pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], |row| row.get(1))
}

/// Serves until the writer ends. Rooms of this age expire, for the first time at this time.
fn serve(connection: &Connection, mut expiry: Option<(Duration, Instant)>, woken: &Receiver<()>, jobs: &Jobs) {
    let failing = LogThrottle::one("checkpoints of the database");
    loop {
        let pause = expiry.map(|(_, due)| due.saturating_duration_since(Instant::now()));
        match pause.map_or_else(|| woken.recv().map_err(RecvTimeoutError::from), |pause| woken.recv_timeout(pause)) {
            Ok(()) => checkpoint(connection, jobs, &failing),
            Err(RecvTimeoutError::Timeout) => {
                if let Some((age, due)) = &mut expiry {
                    expire(*age, jobs, || {
                        if woken.try_recv().is_ok() {
                            checkpoint(connection, jobs, &failing);
                        }
                    });
                    *due = Instant::now() + (*age).clamp(MIN_EXPIRY_INTERVAL, MAX_EXPIRY_INTERVAL);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn checkpoint(connection: &Connection, jobs: &Jobs, failing: &LogThrottle) {
    match run(connection) {
        Ok(_) => jobs.submit(Job::FinishCheckpoint),
        Err(error) => {
            if let Some(more) = failing.allows(Instant::now()) {
                tracing::error!("the database's log cannot be moved into its file, and grows: {}{more}", explain(&error));
            }
            // The log stays long, so the next transaction asks again.
        }
    }
}

/// Removes all rooms that nobody has used for this long, some in each transaction. Something else can be done after each one.
fn expire(age: Duration, jobs: &Jobs, mut between: impl FnMut()) {
    let unused_since_us = wall_us().saturating_sub(u64::try_from(age.as_micros()).unwrap_or(u64::MAX));
    let (mut removed, mut next) = (0, Some(Place::default()));
    while let Some(from) = next {
        let (answer, answered) = oneshot::channel();
        jobs.submit(Job::Expire { unused_since_us, from, answer });
        // An error is told by the writer, and the next round tries again.
        let Ok(Ok(step)) = answered.blocking_recv() else { break };
        (removed, next) = (removed + step.removed, step.next);
        // The removed rows fill the log, too.
        between();
    }
    if removed > 0 {
        let rooms = if removed == 1 { "room" } else { "rooms" };
        tracing::info!("deleted {removed} {rooms} that nobody has used for {}", in_words(age));
    }
}

/// A time in the largest unit in which it is a whole number. A short one is as `Debug` has it.
fn in_words(time: Duration) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = time.as_secs();
    let unit = units.iter().find(|(unit, _)| time.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(*unit));
    match unit.map(|(unit, name)| (seconds / unit, name)) {
        Some((1, name)) => format!("1 {name}"),
        Some((count, name)) => format!("{count} {name}s"),
        None => format!("{time:?}"),
    }
}

/// The time of the wall clock, in microseconds since 1970.
pub fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::state::Step;

    #[test]
    fn the_age_of_rooms_is_in_days_hours_or_minutes() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([words(90 * 86_400), words(86_400), words(36 * 3_600)], ["90 days", "1 day", "36 hours"]);
        assert_eq!([words(120), words(61), in_words(Duration::from_millis(150))], ["2 minutes", "61s", "150ms"]);
    }

    #[test]
    fn a_checkpoint_that_is_asked_for_while_rooms_expire_comes_after_the_next_step() {
        let (sender, jobs) = mpsc::channel();
        let (wake, woken) = mpsc::sync_channel(1);
        let expiry = Some((Duration::from_secs(3600), Instant::now()));
        let connection = Connection::open_in_memory().expect("memory is there");
        let upkeep = std::thread::spawn(move || serve(&connection, expiry, &woken, &Jobs(sender)));
        let answer_next = |next| {
            let Ok(Job::Expire { answer, .. }) = jobs.recv() else { panic!("a step is asked for") };
            wake.try_send(()).expect("nothing is asked for yet");
            answer.send(Ok(Step { removed: 1, next })).expect("it waits");
            assert!(matches!(jobs.recv(), Ok(Job::FinishCheckpoint)));
        };
        answer_next(Some(Place::default()));
        answer_next(None);
        drop(wake);
        upkeep.join().expect("it does not panic");
    }
}
