//! The families of the store and of HTTP requests.

use super::text::Text;
use crate::fetch::{Cause, FetchNumbers};
use crate::shard::StorePlace;

/// The numbers of the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoreNumbers {
    bytes: u64,
    /// `None` for stores in memory.
    database: Option<DatabaseNumbers>,
}

#[derive(Debug, Clone, Copy)]
struct DatabaseNumbers {
    transactions: u64,
    waiting_bytes: u64,
    is_available: bool,
}

impl StoreNumbers {
    pub(super) fn of(place: &StorePlace) -> Self {
        match place {
            StorePlace::Memory { total, .. } => Self { bytes: total.size(), database: None },
            // NATS has them, and its own numbers.
            StorePlace::Cluster(_) => Self { bytes: 0, database: None },
            StorePlace::Database(database) => Self {
                bytes: database.total_bytes(),
                database: Some(DatabaseNumbers {
                    transactions: database.transactions(),
                    waiting_bytes: database.waiting_bytes() as u64,
                    is_available: database.is_available(),
                }),
            },
        }
    }

    pub(super) fn write(&self, text: &mut Text) {
        text.gauge(
            "ws_host_store_bytes",
            "Size of the stores of all rooms; with a database also of states and timers that are kept.",
        )
        .value(self.bytes);
        let Some(database) = self.database else { return };
        text.counter(
            "ws_host_store_transactions_total",
            "Transactions that have become durable; each has the turns that waited.",
        )
        .value(database.transactions);
        text.gauge("ws_host_store_waiting_bytes", "Memory of the commits that wait for the disk.").value(database.waiting_bytes);
        text.gauge("ws_host_store_available", "1 while the database takes writes, 0 after a failed one until a probe succeeds.")
            .value(u8::from(database.is_available));
    }
}

/// Writes the families of HTTP requests of the app.
pub(super) fn write_fetches(fetches: &FetchNumbers, text: &mut Text) {
    text.gauge("ws_host_fetches_running", "HTTP requests of the application that have no answer yet, or not all of it.")
        .value(fetches.running);
    let mut ended = text.counter(
        "ws_host_fetches_total",
        "HTTP requests of the application by outcome: answered with any status, refused at the call, or the cause of the failure.",
    );
    ended.by_name("outcome", ["answered", "refused"], [fetches.answered, fetches.refused]);
    ended.by_name("outcome", Cause::ALL.map(Cause::name), fetches.failed);
}
