//! The numbers of a server, for monitoring: the answer of `Handle::metrics`.
//!
//! Each shard counts by additions on its own thread. A question to each shard gathers the numbers when somebody asks, so nobody pays for
//! metrics that nobody reads. No label grows with clients or rooms.
//!
//! | file | owns |
//! | --- | --- |
//! | `sources` | these parts |
//! | `text` | Prometheus' text format |
//! | `clients` | the families of connections and messages |
//! | `handlers` | those of handlers |
//! | `pressure` | those of what flows faster than it is taken |
//! | `shards` | those of each shard |
//! | `rooms` | those of rooms, guests and releases |
//! | `outside` | those of the store and of HTTP requests |
//! | `process` | those of the process |

mod clients;
mod handlers;
mod outside;
mod pressure;
mod process;
mod rooms;
mod shards;
mod sources;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fetch::FetchNumbers;
use crate::front::DoorNumbers;
use crate::shard::Numbers;
use crate::store::Database;
use crate::swap::{Releases, SwapNumbers};
use outside::StoreNumbers;
use process::ProcessNumbers;
use rooms::RoomNumbers;
pub(crate) use sources::Sources;
pub use text::MEDIA_TYPE;
use text::Text;

/// The numbers of a server at one moment. Their text is in Prometheus' text format, whose media type is [`MEDIA_TYPE`].
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The numbers of each shard, and whether they are of now.
    shards: Vec<(Numbers, bool)>,
    door: DoorNumbers,
    rooms: RoomNumbers,
    /// `None` for a native app.
    swaps: Option<SwapNumbers>,
    store: StoreNumbers,
    fetches: FetchNumbers,
    process: ProcessNumbers,
    is_admitting: bool,
    is_draining: bool,
}

/// Sums since the start of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Clients that have connected.
    pub connections_opened: u64,
    /// Messages from clients.
    pub messages_in: u64,
    /// Messages to clients.
    pub messages_out: u64,
    /// Bytes of frames from clients, within TLS.
    pub bytes_in: u64,
    /// Bytes of frames to clients, within TLS.
    pub bytes_out: u64,
}

impl Totals {
    /// Asks the shards of a server.
    pub(crate) async fn gather(sources: &Sources) -> Self {
        Self::of(&sources.numbers().await)
    }

    /// The sums of these shards.
    pub(crate) fn of(shards: &[(Numbers, bool)]) -> Self {
        let mut totals = Self::default();
        for (numbers, _) in shards {
            totals.connections_opened += numbers.opened;
            totals.messages_in += numbers.received.messages;
            totals.messages_out += numbers.sent.messages;
            totals.bytes_in += numbers.received.bytes;
            totals.bytes_out += numbers.sent.bytes;
        }
        totals
    }
}

impl Metrics {
    /// Asks all parts of a server. `releases` and `database` are there for a component, and with a data folder.
    pub(crate) async fn gather(
        sources: &Sources,
        releases: Option<&Releases>,
        database: Option<&Database>,
        (is_admitting, is_draining): (bool, bool),
    ) -> Self {
        let shards = sources.numbers().await;
        // A database that cannot be read tells of no rooms.
        let asleep = match database {
            Some(database) => database.closed_rooms().await.unwrap_or(0),
            None => sources.counters.hibernating() as u64,
        };
        let rooms = RoomNumbers {
            open: sources.counters.rooms() as u64,
            asleep,
            opened: shards.iter().map(|(numbers, _)| numbers.rooms_opened).sum(),
            waiting_bytes: sources.bus.waiting_bytes() as u64,
            guests: sources.guests.as_ref().map(|guests| (guests.instances() as u64, guests.bytes() as u64)),
        };
        Self {
            shards,
            door: sources.door.get(),
            rooms,
            swaps: releases.map(Releases::numbers),
            store: StoreNumbers::of(&sources.stores),
            fetches: sources.outlet.numbers(),
            process: ProcessNumbers::read(sources.started_unix),
            is_admitting,
            is_draining,
        }
    }

    /// The sums since the start.
    pub fn totals(&self) -> Totals {
        Totals::of(&self.shards)
    }

    fn numbers(&self) -> impl Iterator<Item = &Numbers> {
        self.shards.iter().map(|(numbers, _)| numbers)
    }

    /// The sum of one number of all shards.
    fn sum(&self, number: impl Fn(&Numbers) -> u64) -> u64 {
        self.numbers().map(number).sum()
    }

    /// The sums of a row of numbers.
    fn sums<const N: usize>(&self, row: impl Fn(&Numbers) -> [u64; N]) -> [u64; N] {
        self.numbers().map(row).fold([0; N], |sums, row| std::array::from_fn(|place| sums[place] + row[place]))
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        text.gauge("ws_host_build_info", "The version of ws-host; always 1.")
            .labelled(&[("version", &env!("CARGO_PKG_VERSION"))], 1);
        self.write_clients(&mut text);
        self.write_handlers(&mut text);
        self.write_pressure(&mut text);
        self.write_shards(&mut text);
        self.rooms.write(&mut text);
        self.write_swaps(&mut text);
        self.store.write(&mut text);
        outside::write_fetches(&self.fetches, &mut text);
        self.process.write(&mut text);
        f.write_str(&text.finish())
    }
}
