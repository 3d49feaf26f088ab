//! The parts of a server that metrics ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::bus::Bus;
use crate::fetch::Outlet;
use crate::front::DoorTally;
use crate::guest::GuestMemory;
use crate::shard::{Counters, Measurement, Numbers, ShardContext, StorePlace};
use crate::store::wall_us;

/// How long a shard may take to answer. One that does not is in a native handler that blocks, or gets no time of the machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// The parts of a server that metrics ask.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The shards.
    shards: Vec<ShardSource>,
    /// The counters of the front door.
    pub(super) door: Arc<DoorTally>,
    /// The numbers of rooms.
    pub(super) counters: Arc<Counters>,
    /// The HTTP requests of rooms.
    pub(super) outlet: Arc<Outlet>,
    /// The memory of guests. A native app has none.
    pub(crate) guests: Option<Arc<GuestMemory>>,
    /// The stores of rooms.
    pub(super) stores: StorePlace,
    /// The messages between rooms.
    pub(super) bus: Arc<Bus>,
    /// The time of the start, in seconds since 1970.
    pub(super) started_unix: u64,
}

impl Sources {
    /// The parts of a server whose shards begin in this context, and the counters of its front door. Shards and guests are not there yet.
    pub(crate) fn new(context: &ShardContext) -> (Self, Arc<DoorTally>) {
        let ShardContext { counters, outlet, stores, bus, .. } = context;
        let door = Arc::<DoorTally>::default();
        let sources = Self {
            shards: Vec::new(),
            door: Arc::clone(&door),
            counters: Arc::clone(counters),
            outlet: Arc::clone(outlet),
            guests: None,
            stores: stores.clone(),
            bus: Arc::clone(bus),
            started_unix: wall_us() / 1_000_000,
        };
        (sources, door)
    }

    /// The numbers of the shards, each with whether they are of now.
    pub(crate) async fn numbers(&self) -> Vec<(Numbers, bool)> {
        let mut all = Vec::new();
        for shard in &self.shards {
            all.push(shard.numbers().await);
        }
        all
    }

    /// The same with shards, which are asked here.
    pub(crate) fn of_shards(self, questions: impl Iterator<Item = mpsc::Sender<Measurement>>) -> Self {
        Self { shards: questions.map(ShardSource::new).collect(), ..self }
    }
}

/// A shard that can be asked.
#[derive(Debug)]
struct ShardSource {
    questions: mpsc::Sender<Measurement>,
    /// Its last answer: a counter that vanished for a while would seem to begin anew.
    last: Mutex<Numbers>,
}

impl ShardSource {
    /// A shard that has not been asked yet.
    fn new(questions: mpsc::Sender<Measurement>) -> Self {
        Self { questions, last: Mutex::default() }
    }

    /// Its numbers, and whether they are of now.
    async fn numbers(&self) -> (Numbers, bool) {
        let asked = timeout(PATIENCE, async {
            let (answer, answered) = oneshot::channel();
            self.questions.send(answer).await.ok()?;
            answered.await.ok()
        });
        let answer = asked.await.ok().flatten();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(numbers) = answer {
            *last = numbers;
        }
        (*last, answer.is_some())
    }
}

#[cfg(test)]
impl Sources {
    /// The parts of a server without shards.
    pub(crate) fn of_nothing() -> Self {
        use crate::bus::{Names, Placement};
        use crate::config::{Limits, Outgoing};
        use crate::room::Total;

        let (bus, _) = Bus::new(Names::Nameless, Placement::new(1), 1);
        Self {
            shards: Vec::new(),
            door: Arc::default(),
            counters: Arc::default(),
            outlet: Outlet::new(&Outgoing::default(), &Limits::default()).expect("the defaults are valid"),
            guests: None,
            stores: StorePlace::Memory { of_rooms: true, total: Arc::new(Total::new(0)) },
            bus,
            started_unix: 0,
        }
    }
}
