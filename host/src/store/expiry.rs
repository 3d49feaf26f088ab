//! The expiry of rooms, in steps: each is a transaction that holds up the turns that wait for a short time only.

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::query::{signed, unsigned};
use super::state::{Place, Step};
use super::transaction::remove_room;

/// The rooms that one step looks at. Those with a timer or a request stay, and stay old.
const LOOKED_AT: usize = 1_000;
/// The rooms that one step removes.
const REMOVED: usize = 100;
/// The keys of removed rooms behind which a step removes no further one.
const KEYS: u64 = 10_000;

/// A room that was used before the given time.
struct Old {
    place: Place,
    keys: u64,
    bytes: u64,
    /// Whether it is open, has a timer, or has yet to hear that a request was interrupted, or has sent a message that waits.
    stays: bool,
}

/// Removes some rooms that nobody has used since this time, are not open in this start of the host, and have neither a timer nor a
/// request that has no answer. Returns the bytes that they had, too.
pub(super) fn run(connection: &mut Connection, start: i64, unused_since_us: u64, from: Place) -> rusqlite::Result<(Step, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let old = old_rooms(&transaction, start, unused_since_us, from)?;
    let mut next = (old.len() == LOOKED_AT).then(|| old[LOOKED_AT - 1].place);
    let (mut removed, mut keys, mut bytes) = (0, 0, 0);
    for room in old.into_iter().filter(|room| !room.stays) {
        if removed == REMOVED || keys >= KEYS {
            // Those before it are removed or stay: the next step begins behind them.
            next = Some(Place { room: room.place.room - 1, ..room.place });
            break;
        }
        remove_room(&transaction, room.place.room)?;
        (removed, keys, bytes) = (removed + 1, keys + room.keys, bytes + room.bytes);
    }
    transaction.commit()?;
    Ok((Step { removed, next }, bytes))
}

fn old_rooms(transaction: &Transaction<'_>, start: i64, unused_since_us: u64, from: Place) -> rusqlite::Result<Vec<Old>> {
    let mut statement = transaction.prepare_cached(
        "SELECT used, id, keys, bytes + extra, is_open = ?1 OR EXISTS (SELECT 1 FROM timers WHERE room = rooms.id)
            OR EXISTS (SELECT 1 FROM requests WHERE room = rooms.id)
            OR EXISTS (SELECT 1 FROM events WHERE room = rooms.id)
         FROM rooms WHERE used < ?2 AND (used, id) > (?3, ?4) ORDER BY used, id LIMIT ?5",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Old {
            place: Place { used: row.get(0)?, room: row.get(1)? },
            keys: unsigned(row.get(2)?),
            bytes: unsigned(row.get(3)?),
            stays: row.get(4)?,
        })
    };
    let most = i64::try_from(LOOKED_AT).expect("it is small");
    statement.query_map(params![start, signed(unused_since_us), from.used, from.room, most], read)?.collect()
}
