//! The writer thread: which jobs become one transaction, and what follows when it fails.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::error::{CommitError, explain};
use super::expiry;
use super::folder::FolderLock;
use super::job::Job;
use super::life::Life;
use super::space::Space;
use super::state::{Place, Step};
use super::transaction::{self, Outcome};
use super::upkeep::{self, Upkeep};
use crate::log::LogThrottle;

/// The writes after which a transaction takes no further job: with 100 to 200 its sync is paid for, and with more the turns of its end wait
/// for those of its beginning.
const MAX_WRITES: usize = 200;
/// The bytes of a probe write: more than one handler may write to its store. Messages, timers and states can be more, and fail then.
const PROBE_BYTES: i64 = 1 << 20;
/// How often a transaction is tried while another program writes. Each try waits for five seconds.
const BUSY_TRIES: u32 = 6;

/// The writer's own state.
pub(super) struct Writer {
    pub(super) connection: Connection,
    /// Which start of the host this is. Rooms that are open have its number.
    pub(super) start: i64,
    pub(super) space: Arc<Space>,
    pub(super) upkeep: Upkeep,
    pub(super) probe_interval: Duration,
    /// When the next probe write is due, while the database is unavailable.
    pub(super) next_probe: Option<Instant>,
    pub(super) log_pages: i64,
    /// Rooms that have opened while the database took no writes. They are not noted as open yet.
    pub(super) not_noted: Vec<Weak<Life>>,
    pub(super) refused: LogThrottle,
    /// Held for as long as the connection writes.
    pub(super) lock: FolderLock,
}

impl Writer {
    /// Serves jobs until it is told to close.
    pub(super) fn run(mut self, jobs: Receiver<Job>) {
        let _closed = Unavailable(Arc::clone(&self.space));
        let mut left_over = None;
        loop {
            let next = left_over.take().map_or_else(|| self.wait(&jobs), Some);
            match next {
                None => self.probe(),
                Some(Job::Close) => {
                    // Jobs behind it are refused. The thread of upkeep, which may wait for one, would otherwise never end.
                    drop(jobs);
                    return self.close();
                }
                // Its room fails now and not at the call: earlier commits that wait are done.
                Some(Job::Refuse { life, done, error }) => {
                    life.fail();
                    done.report(Err(error));
                }
                Some(Job::FinishCheckpoint) => self.finish_checkpoint(),
                Some(Job::Expire { unused_since_us, from, answer }) => drop(answer.send(self.expire(unused_since_us, from))),
                Some(first) => {
                    let batch;
                    (batch, left_over) = gather(first, &jobs);
                    self.write(batch);
                }
            }
        }
    }

    /// Waits for a job; for `None`, a probe write is due.
    fn wait(&self, jobs: &Receiver<Job>) -> Option<Job> {
        let Some(due) = self.next_probe else { return Some(jobs.recv().unwrap_or(Job::Close)) };
        // The time of the probe stands, however many jobs are refused until then.
        let pause = due.saturating_duration_since(Instant::now());
        if pause.is_zero() {
            return None;
        }
        match jobs.recv_timeout(pause) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Job::Close),
        }
    }

    /// Makes these jobs durable, and reports.
    fn write(&mut self, batch: Vec<Job>) {
        if !self.space.is_available() {
            self.end_waiting(&batch);
            return batch.into_iter().for_each(|job| self.refuse(job, CommitError::Unavailable));
        }
        let (batch, failed) = batch.into_iter().partition::<Vec<_>, _>(|job| match job {
            Job::Commit(commit) => !commit.life.has_failed(),
            _ => true,
        });
        self.end_waiting(&failed);
        failed.into_iter().for_each(|job| job.refuse(CommitError::RoomFailed));
        let (connection, start) = (&mut self.connection, self.start);
        match patiently(|| transaction::run(connection, start, &batch, |_| ())) {
            Ok((outcomes, change)) => {
                self.space.count_transaction();
                self.space.set_total(self.space.total().saturating_add_signed(change));
                self.end_waiting(&batch);
                batch.into_iter().zip(outcomes).for_each(|(job, outcome)| report(job, outcome));
                self.watch_log();
            }
            Err(error) if is_of_one_turn(&error) && batch.len() > 1 => {
                // One of them is to blame, and the others are of strangers.
                batch.into_iter().for_each(|job| self.write(vec![job]));
            }
            Err(error) => {
                self.blame(&error, "a turn");
                self.end_waiting(&batch);
                let error = CommitError::Failed(explain(&error));
                batch.into_iter().for_each(|job| self.refuse(job, error.clone()));
            }
        }
    }

    fn end_waiting(&self, batch: &[Job]) {
        batch.iter().filter_map(Job::bytes).for_each(|bytes| self.space.end_waiting(bytes));
    }

    /// Reports that a job failed. A room opens all the same, and is noted as open when the database takes writes again.
    fn refuse(&mut self, job: Job, error: CommitError) {
        if let Job::Open { life, .. } = &job {
            if self.not_noted.len().is_power_of_two() {
                self.not_noted.retain(|life| life.strong_count() > 0);
            }
            self.not_noted.push(Arc::downgrade(life));
        }
        job.refuse(error);
    }

    /// Asks for a checkpoint if the log has become long.
    fn watch_log(&self) {
        if upkeep::log_pages(&self.connection).is_ok_and(|pages| pages >= self.log_pages) {
            self.upkeep.ask();
        }
    }

    fn finish_checkpoint(&self) {
        if let Err(error) = upkeep::run(&self.connection) {
            // The thread of checkpoints comes to the same error, and tells it.
            tracing::debug!("a checkpoint did not finish: {error}");
        }
    }

    fn expire(&mut self, unused_since_us: u64, from: Place) -> Result<Step, CommitError> {
        if !self.space.is_available() {
            return Err(CommitError::Unavailable);
        }
        let (connection, start) = (&mut self.connection, self.start);
        match patiently(|| expiry::run(connection, start, unused_since_us, from)) {
            Ok((step, bytes)) => {
                self.space.set_total(self.space.total().saturating_sub(bytes));
                self.watch_log();
                Ok(step)
            }
            Err(error) => {
                self.blame(&error, "the expiry of rooms");
                Err(CommitError::Failed(explain(&error)))
            }
        }
    }

    /// Takes no more writes after an error, unless it is of one transaction, which is told.
    fn blame(&mut self, error: &rusqlite::Error, what: &str) {
        if !is_of_one_turn(error) {
            return self.fail(error);
        }
        if let Some(more) = self.refused.allows(Instant::now()) {
            tracing::error!("the database refuses {what}: {}{more}", explain(error));
        }
    }

    /// Takes no more writes until a probe write succeeds.
    fn fail(&mut self, error: &rusqlite::Error) {
        self.next_probe = Some(Instant::now() + self.probe_interval);
        self.space.set_available(false);
        tracing::error!("the database cannot write: {}. It takes no writes until that works again", explain(error));
    }

    fn probe(&mut self) {
        let lives: Vec<_> = self.not_noted.iter().filter_map(Weak::upgrade).collect();
        let probe = |connection: &mut Connection, start| {
            // A log that is in the database file already may be what fills the disk.
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            connection.execute("REPLACE INTO probe (id, data) VALUES (1, zeroblob(?1))", [PROBE_BYTES])?;
            connection.execute("DELETE FROM probe", [])?;
            transaction::note_open(connection, start, &lives)
        };
        match probe(&mut self.connection, self.start) {
            Ok(()) => {
                self.next_probe = None;
                self.not_noted.clear();
                self.space.set_available(true);
                tracing::info!("the database takes writes again");
            }
            Err(error) => {
                self.next_probe = Some(Instant::now() + self.probe_interval);
                tracing::debug!("a probe write failed: {error}");
            }
        }
    }

    /// Ends in good order. The last connection to close moves the log into the file, and removes it.
    fn close(self) {
        let Self { connection, upkeep, lock, .. } = self;
        upkeep.stop();
        if let Err(error) = connection.execute("UPDATE meta SET value = 1 WHERE name = 'clean'", []) {
            tracing::warn!("the database is closed without its mark of a clean shutdown: {}", explain(&error));
        }
        drop(connection);
        drop(lock);
    }
}

/// Marks the database as unavailable when the writer ends, in whatever way.
struct Unavailable(Arc<Space>);

impl Drop for Unavailable {
    fn drop(&mut self) {
        self.0.set_available(false);
    }
}

/// Takes jobs that wait, until they are enough for one transaction. A job that runs outside of one is left over.
fn gather(first: Job, jobs: &Receiver<Job>) -> (Vec<Job>, Option<Job>) {
    let mut writes = first.writes().unwrap_or(0);
    let mut batch = vec![first];
    while writes < MAX_WRITES {
        let job = match jobs.try_recv() {
            Ok(job) => job,
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        };
        match job.writes() {
            Some(more) if writes + more <= MAX_WRITES => {
                writes += more;
                batch.push(job);
            }
            _ => return (batch, Some(job)),
        }
    }
    (batch, None)
}

/// Whether an error concerns one turn, and other turns can be written. All others are of the disk or of the file.
fn is_of_one_turn(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, ParameterOutOfRange, TooBig, TypeMismatch};
    matches!(error.sqlite_error_code(), Some(ConstraintViolation | ParameterOutOfRange | TooBig | TypeMismatch))
}

/// Tries again while another program writes.
fn patiently<T>(mut run: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let is_busy = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    for attempt in 1.. {
        match run() {
            Err(error) if is_busy(&error) && attempt < BUSY_TRIES => {
                tracing::warn!("another program writes the database, and all rooms wait for it");
            }
            result => return result,
        }
    }
    unreachable!("the last try returns")
}

fn report(job: Job, outcome: Outcome) {
    // An error of an answer means that nobody waits any more.
    match (job, outcome) {
        (Job::Commit(commit), Outcome::Committed(row, usage)) => {
            commit.life.set_row(row);
            commit.done.report(Ok(usage));
        }
        (Job::Open { life, answer }, Outcome::Opened(row, open_in)) => {
            row.into_iter().for_each(|row| life.set_row(row));
            drop(answer.send(Ok(open_in)));
        }
        (Job::ReserveIds { answer, .. }, Outcome::Reserved(first)) => drop(answer.send(Ok(first))),
        _ => unreachable!("each outcome belongs to its job"),
    }
}
