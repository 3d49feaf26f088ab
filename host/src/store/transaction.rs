//! The jobs of one transaction, as SQL.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::job::Job;
use super::life::Life;
use super::query::{self, signed, unsigned};
use super::state::Usage;
use super::write::{DurableTimer, OpenRequest, Snapshot, StoredEvent, Write};

/// The result of one job, if the transaction commits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// A commit: the room's row, and its usage after it.
    Committed(i64, Usage),
    /// An opening: the room's row, if it has one, and the start of the host in which it was open before, or 0.
    Opened(Option<i64>, i64),
    /// Reserved ids: the first of them.
    Reserved(u64),
}

/// A moment at which a crash may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The transaction has begun.
    Begun,
    /// One more job is part of it.
    Applied,
    /// It is durable.
    Committed,
}

/// Runs these jobs as one transaction. Returns their outcomes and the change of the total of bytes. After an error nothing has changed.
pub(super) fn run(
    connection: &mut Connection,
    start: i64,
    jobs: &[Job],
    mut at: impl FnMut(Moment),
) -> rusqlite::Result<(Vec<Outcome>, i64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    at(Moment::Begun);
    let (mut outcomes, mut total) = (Vec::with_capacity(jobs.len()), 0);
    for job in jobs {
        outcomes.push(match job {
            Job::Commit(commit) => {
                let Applied { row, usage, change } = apply(&transaction, start, &commit.life, &commit.writes)?;
                total += change;
                Outcome::Committed(row, usage)
            }
            Job::Open { life, .. } => open(&transaction, start, life)?,
            Job::ReserveIds { count, .. } => Outcome::Reserved(reserve_ids(&transaction, *count)?),
            Job::Refuse { .. } | Job::Expire { .. } | Job::FinishCheckpoint | Job::Close => {
                unreachable!("these jobs are no part of a transaction")
            }
        });
        at(Moment::Applied);
    }
    transaction.commit()?;
    at(Moment::Committed);
    Ok((outcomes, total))
}

/// Removes all that the database has of a room.
pub(super) fn remove_room(transaction: &Transaction<'_>, room: i64) -> rusqlite::Result<()> {
    for statement in [
        "DELETE FROM entries WHERE room = ?1",
        "DELETE FROM timers WHERE room = ?1",
        "DELETE FROM requests WHERE room = ?1",
        "DELETE FROM events WHERE room = ?1",
        "DELETE FROM snapshots WHERE room = ?1",
        "DELETE FROM rooms WHERE id = ?1",
    ] {
        transaction.prepare_cached(statement)?.execute([room])?;
    }
    Ok(())
}

/// Notes that a room is open. A room without a row has nothing to note.
fn open(transaction: &Transaction<'_>, start: i64, life: &Life) -> rusqlite::Result<Outcome> {
    let Some(row) = query::room(transaction, &life.name)? else { return Ok(Outcome::Opened(None, 0)) };
    let mut statement = transaction.prepare_cached("UPDATE rooms SET used = max(used, ?2), is_open = ?3 WHERE id = ?1")?;
    statement.execute(params![row.id, signed(life.opened_us), start])?;
    Ok(Outcome::Opened(Some(row.id), row.open_in))
}

/// Notes that these rooms are open.
pub(super) fn note_open(connection: &mut Connection, start: i64, lives: &[Arc<Life>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for life in lives {
        open(&transaction, start, life)?;
    }
    transaction.commit()
}

fn reserve_ids(transaction: &Transaction<'_>, count: u64) -> rusqlite::Result<u64> {
    let sql = "UPDATE meta SET value = value + ?1 WHERE name = 'next_client_id' RETURNING value";
    let next: i64 = transaction.prepare_cached(sql)?.query_row([signed(count)], |row| row.get(0))?;
    Ok(unsigned(next) - count)
}

/// The change of a room's numbers by one commit.
#[derive(Debug, Default)]
struct Change {
    keys: i64,
    bytes: i64,
    /// Bytes of timers, requests, messages and snapshots.
    extra: i64,
    /// The same of other rooms, whose messages this one has handled.
    elsewhere: i64,
}

/// A commit that is part of a transaction.
#[derive(Debug)]
pub(super) struct Applied {
    /// The room's row.
    row: i64,
    /// The room's usage after it.
    usage: Usage,
    /// The change of the total of bytes.
    change: i64,
}

/// Makes the changes of one commit.
pub(super) fn apply(transaction: &Transaction<'_>, start: i64, life: &Life, writes: &[Write]) -> rusqlite::Result<Applied> {
    let room = row_for_writing(transaction, start, life)?;
    let mut change = Change::default();
    for write in writes {
        match write {
            Write::Set(key, value) => set(transaction, room, &mut change, (key, value))?,
            Write::Delete(key) => delete(transaction, room, &mut change, key)?,
            Write::Clear => clear(transaction, room, &mut change)?,
            Write::SetTimer(timer) => set_timer(transaction, room, &mut change, timer)?,
            Write::DropTimer(id) => drop_timer(transaction, room, &mut change, *id)?,
            Write::SetRequest(request) => set_request(transaction, room, &mut change, request)?,
            Write::DropRequest(id) => drop_request(transaction, room, &mut change, *id)?,
            Write::SetEvent(event) => set_event(transaction, room, &mut change, event)?,
            Write::DropEvent { from, id } => handle_event(transaction, &mut change, from, *id)?,
            Write::Save(snapshot) => save(transaction, room, &mut change, snapshot)?,
            Write::DropSnapshots { except } => drop_snapshots(transaction, room, &mut change, except.as_deref())?,
            Write::Close { at_us } => note_use(transaction, room, *at_us)?,
        }
    }
    let open_in = if matches!(writes.last(), Some(Write::Close { .. })) { 0 } else { start };
    let mut statement = transaction.prepare_cached(
        "UPDATE rooms SET keys = keys + ?2, bytes = bytes + ?3, extra = extra + ?4, is_open = ?5 WHERE id = ?1
         RETURNING keys, bytes",
    )?;
    let usage = statement.query_row(params![room, change.keys, change.bytes, change.extra, open_in], |row| {
        Ok(Usage { keys: unsigned(row.get(0)?), bytes: unsigned(row.get(1)?) })
    })?;
    Ok(Applied { row: room, usage, change: change.bytes + change.extra + change.elsewhere })
}

/// Notes that a room was used. A clock that was set back does not make it older.
fn note_use(transaction: &Transaction<'_>, room: i64, at_us: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE rooms SET used = max(used, ?2) WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![room, signed(at_us)]).map(drop)
}

/// The room's row, which its first commit makes. The life learns of it when the transaction is durable: after a failure, another room may
/// get a row with that number.
fn row_for_writing(transaction: &Transaction<'_>, start: i64, life: &Life) -> rusqlite::Result<i64> {
    if let Some(row) = query::row(transaction, life)? {
        return Ok(row);
    }
    let mut statement = transaction.prepare_cached("INSERT INTO rooms (name, used, is_open) VALUES (?1, ?2, ?3)")?;
    statement.insert(params![life.name, signed(life.opened_us), start])
}

fn set(transaction: &Transaction<'_>, room: i64, change: &mut Change, (key, value): (&str, &[u8])) -> rusqlite::Result<()> {
    match value_length(transaction, room, key)? {
        Some(before) => change.bytes -= before,
        None => {
            change.keys += 1;
            change.bytes += length(key.len());
        }
    }
    change.bytes += length(value.len());
    let mut statement = transaction.prepare_cached(
        "INSERT INTO entries (room, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (room, key) DO UPDATE SET value = excluded.value",
    )?;
    statement.execute(params![room, key, value])?;
    Ok(())
}

fn delete(transaction: &Transaction<'_>, room: i64, change: &mut Change, key: &str) -> rusqlite::Result<()> {
    let Some(before) = value_length(transaction, room, key)? else { return Ok(()) };
    change.keys -= 1;
    change.bytes -= before + length(key.len());
    transaction.prepare_cached("DELETE FROM entries WHERE room = ?1 AND key = ?2")?.execute(params![room, key])?;
    Ok(())
}

fn clear(transaction: &Transaction<'_>, room: i64, change: &mut Change) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached("SELECT keys, bytes FROM rooms WHERE id = ?1")?;
    let (keys, bytes): (i64, i64) = statement.query_row([room], |row| Ok((row.get(0)?, row.get(1)?)))?;
    (change.keys, change.bytes) = (-keys, -bytes);
    transaction.prepare_cached("DELETE FROM entries WHERE room = ?1")?.execute([room])?;
    Ok(())
}

fn value_length(transaction: &Transaction<'_>, room: i64, key: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT octet_length(value) FROM entries WHERE room = ?1 AND key = ?2";
    transaction.prepare_cached(sql)?.query_row(params![room, key], |row| row.get(0)).optional()
}

fn set_timer(transaction: &Transaction<'_>, room: i64, change: &mut Change, timer: &DurableTimer) -> rusqlite::Result<()> {
    drop_timer(transaction, room, change, timer.id)?;
    change.extra += length(timer.payload.len());
    let sql = "INSERT INTO timers (room, id, due, every, payload) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (id, due, every) = (timer.id.cast_signed(), signed(timer.due_us), timer.every_us.map(signed));
    transaction.prepare_cached(sql)?.execute(params![room, id, due, every, &*timer.payload])?;
    Ok(())
}

fn drop_timer(transaction: &Transaction<'_>, room: i64, change: &mut Change, id: u64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM timers WHERE room = ?1 AND id = ?2 RETURNING octet_length(payload)";
    let mut statement = transaction.prepare_cached(sql)?;
    let before: Option<i64> = statement.query_row(params![room, id.cast_signed()], |row| row.get(0)).optional()?;
    change.extra -= before.unwrap_or(0);
    Ok(())
}

fn set_request(transaction: &Transaction<'_>, room: i64, change: &mut Change, request: &OpenRequest) -> rusqlite::Result<()> {
    drop_request(transaction, room, change, request.id)?;
    change.extra += length(request.context.len());
    let sql = "INSERT INTO requests (room, id, context) VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(sql)?.execute(params![room, request.id.cast_signed(), &*request.context])?;
    Ok(())
}

fn drop_request(transaction: &Transaction<'_>, room: i64, change: &mut Change, id: u64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM requests WHERE room = ?1 AND id = ?2 RETURNING octet_length(context)";
    let mut statement = transaction.prepare_cached(sql)?;
    let before: Option<i64> = statement.query_row(params![room, id.cast_signed()], |row| row.get(0)).optional()?;
    change.extra -= before.unwrap_or(0);
    Ok(())
}

fn set_event(transaction: &Transaction<'_>, room: i64, change: &mut Change, event: &StoredEvent) -> rusqlite::Result<()> {
    change.extra += length(event.bytes()) - drop_event(transaction, room, event.id)?;
    let sql = "INSERT INTO events (room, id, receiver, is_text, payload) VALUES (?1, ?2, ?3, ?4, ?5)";
    let StoredEvent { id, to, is_text, payload } = event;
    transaction.prepare_cached(sql)?.execute(params![room, id.cast_signed(), to, is_text, &**payload])?;
    Ok(())
}

/// Removes a message of another room, or of this one, from what is kept of its sender.
fn handle_event(transaction: &Transaction<'_>, change: &mut Change, from: &str, id: u64) -> rusqlite::Result<()> {
    let Some(sender) = query::room(transaction, from)? else { return Ok(()) };
    let bytes = drop_event(transaction, sender.id, id)?;
    change.elsewhere -= bytes;
    let sql = "UPDATE rooms SET extra = extra - ?2 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute([sender.id, bytes])?;
    Ok(())
}

/// Removes a message. Returns the bytes that it counted for.
fn drop_event(transaction: &Transaction<'_>, room: i64, id: u64) -> rusqlite::Result<i64> {
    let sql = "DELETE FROM events WHERE room = ?1 AND id = ?2 RETURNING octet_length(receiver) + octet_length(payload)";
    let before = transaction.prepare_cached(sql)?.query_row(params![room, id.cast_signed()], |row| row.get(0)).optional()?;
    Ok(before.unwrap_or(0))
}

fn save(transaction: &Transaction<'_>, room: i64, change: &mut Change, snapshot: &Snapshot) -> rusqlite::Result<()> {
    let sql = "DELETE FROM snapshots WHERE room = ?1 AND sha256 = ?2 RETURNING octet_length(version) + octet_length(data)";
    let mut statement = transaction.prepare_cached(sql)?;
    let before: Option<i64> = statement.query_row(params![room, snapshot.sha256], |row| row.get(0)).optional()?;
    change.extra += length(snapshot.version.len() + snapshot.data.len()) - before.unwrap_or(0);
    let sql = "INSERT INTO snapshots (room, sha256, release, version, saved, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Snapshot { release, sha256, version, data, saved_us } = snapshot;
    transaction.prepare_cached(sql)?.execute(params![room, sha256, release, version, signed(*saved_us), &**data])?;
    Ok(())
}

fn drop_snapshots(transaction: &Transaction<'_>, room: i64, change: &mut Change, except: Option<&str>) -> rusqlite::Result<()> {
    let sql =
        "SELECT coalesce(sum(octet_length(version) + octet_length(data)), 0) FROM snapshots WHERE room = ?1 AND sha256 IS NOT ?2";
    let before: i64 = transaction.prepare_cached(sql)?.query_row(params![room, except], |row| row.get(0))?;
    change.extra -= before;
    let mut statement = transaction.prepare_cached("DELETE FROM snapshots WHERE room = ?1 AND sha256 IS NOT ?2")?;
    statement.execute(params![room, except])?;
    Ok(())
}

/// A length for SQLite.
fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).expect("memory has fewer bytes than an i64 counts")
}
