//! The records of all nodes, as they come.
//!
//! A watch begins with the last record of each node. It is given up when the connection is another one, when a record may be missing, or
//! when the node's own renewals do not come. Then another one begins.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::push::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures_util::StreamExt as _;
use tokio::sync::watch::Sender;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use ws_cluster::{NodeRecord, Stop};

use super::clock::now;
use super::core::Core;
use super::records::{Doubts, LOOK_PACE};
use super::renewals::bury;
use super::sight::{Seen, Sight};
use super::streams;
use crate::log::LogThrottle;

/// A watch whose first records have not all come by then begins anew. So does one without the node's own renewals.
const SILENCE: Duration = Duration::from_secs(2);
/// How often it looks for nodes to bury.
const TICK: Duration = Duration::from_millis(100);
/// Why a watch has ended.
#[derive(Debug)]
enum Given {
    /// Another one follows.
    Up(String),
    Stopped(Stop),
}

/// A watch over the records of nodes, for one life of this node.
pub(super) struct Watch<'a> {
    core: &'a Arc<Core>,
    sight: &'a Arc<Sight>,
    /// Counts the times that all last records were in view.
    views: &'a Sender<u64>,
    /// The watches in a row that have lacked records.
    doubts: Doubts,
    unreadable: LogThrottle,
}

/// The records that have come from one consumer.
struct Incoming {
    /// Counts them.
    number: u64,
    /// Those that are not in view yet: others come at once.
    held: Vec<Seen>,
    last: u64,
    is_in_view: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(core: &'a Arc<Core>, sight: &'a Arc<Sight>, views: &'a Sender<u64>) -> Self {
        let unreadable = LogThrottle::one("records of nodes that cannot be read");
        Self { core, sight, views, doubts: Doubts::default(), unreadable }
    }

    /// Watches until the stream has lost records.
    pub(super) async fn run(&self) -> Stop {
        loop {
            self.sight.disconnected();
            match self.once().await {
                Given::Stopped(stop) => return stop,
                Given::Up(why) => {
                    tracing::debug!("the watch over nodes begins anew: {why}");
                    sleep(LOOK_PACE).await;
                }
            }
        }
    }

    async fn once(&self) -> Given {
        let state = self.core.link.connected().await;
        let mut incoming = Incoming { number: 0, held: Vec::new(), last: 0, is_in_view: false };
        let (mut records, pending) = match timeout(SILENCE, self.subscribe()).await {
            Ok(Ok(subscribed)) => subscribed,
            Ok(Err(why)) => return Given::Up(why),
            Err(_) => return Given::Up("NATS does not answer".into()),
        };
        if pending == 0 {
            match self.all_are_here(&mut incoming) {
                Ok(None) => {}
                Ok(Some(stop)) => return Given::Stopped(stop),
                Err(why) => return Given::Up(why),
            }
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut progress = Instant::now();
        loop {
            tokio::select! {
                record = records.next() => match record.map(|record| self.take(&mut incoming, record)) {
                    Some(Ok(None)) => {}
                    Some(Ok(Some(stop))) => return Given::Stopped(stop),
                    Some(Err(why)) => return Given::Up(why),
                    None => return Given::Up("the subscription has ended".into()),
                },
                () = self.core.link.is_other_than(state) => return Given::Up("the connection has changed".into()),
                _ = ticks.tick() => {
                    if self.is_healthy(&incoming) {
                        progress = Instant::now();
                        self.bury();
                    } else if progress.elapsed() > SILENCE {
                        return Given::Up("records do not come".into());
                    }
                }
            }
        }
    }

    /// Whether all records that should have come are here. A lease that is not held may be due to a stream that is gone.
    fn is_healthy(&self, incoming: &Incoming) -> bool {
        let has_all = incoming.is_in_view && incoming.held.is_empty() && incoming.last >= self.core.renewed.load(Relaxed);
        has_all && (self.core.current().is_none() || self.core.hold.is_held(now()))
    }

    /// Makes a consumer of its own for this watch. Returns its messages, and how many records come at once.
    async fn subscribe(&self) -> Result<(Subscriber, u64), String> {
        let core = self.core;
        let inbox = core.link.client.new_inbox();
        let records = core.link.client.subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
        let config = Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::LastPerSubject,
            ack_policy: AckPolicy::None,
            filter_subject: core.names.all_nodes(),
            num_replicas: 1,
            memory_storage: true,
            ..Config::default()
        };
        match core.link.jetstream.create_consumer_on_stream(config, core.names.nodes_stream()).await {
            Ok(consumer) => Ok((records, consumer.cached_info().num_pending)),
            Err(error) => {
                // Somebody may have removed the stream. Its successor lacks the records of this life, which ends.
                let _ = streams::ensure(&core.link, &core.names, core.replicas).await;
                Err(error.to_string())
            }
        }
    }

    fn take(&self, incoming: &mut Incoming, message: async_nats::Message) -> Result<Option<Stop>, String> {
        let Some(number) = self.core.names.number_of(&message.subject) else { return Ok(None) };
        let message = Message { message, context: self.core.link.jetstream.clone() };
        let info = message.info().map_err(|error| error.to_string())?;
        if info.consumer_sequence != incoming.number + 1 {
            return Err("a record is missing".into());
        }
        incoming.number += 1;
        let (sequence, pending) = (info.stream_sequence, info.pending);
        let record = NodeRecord::decode(message.payload.clone()).ok();
        if record.is_none()
            && let Some(left_out) = self.unreadable.allows(Instant::now())
        {
            tracing::error!(
                "the record of node {number} is of a later version of ws-host, or damaged: this node leaves it and its rooms alone; update this node{left_out}"
            );
        }
        incoming.held.push(Seen { sequence, number, record });
        incoming.last = incoming.last.max(sequence);
        // While more are on their way, a record that another has replaced may be missing from those before it.
        if pending > 0 {
            return Ok(None);
        }
        if !incoming.is_in_view {
            return self.all_are_here(incoming);
        }
        if self.sight.saw(now(), &std::mem::take(&mut incoming.held)) {
            self.core.show(self.sight);
        }
        Ok(None)
    }

    /// All last records have come.
    fn all_are_here(&self, incoming: &mut Incoming) -> Result<Option<Stop>, String> {
        incoming.is_in_view = true;
        self.sight.saw(now(), &std::mem::take(&mut incoming.held));
        // A renewal can also replace a record while the watch begins.
        let misses = self.sight.neighbours().misses(incoming.last);
        if misses && !self.doubts.are_enough() {
            return Err("records seem to be missing".into());
        }
        self.doubts.clear();
        if let Some(stop) = self.sight.reconnected(now(), incoming.last) {
            return Ok(Some(stop));
        }
        self.core.show(self.sight);
        self.views.send_modify(|views| *views += 1);
        Ok(None)
    }

    fn bury(&self) {
        if self.core.current().is_none() {
            return;
        }
        let due = self.sight.neighbours().bury(now());
        if let Some((number, publication)) = due {
            let core = Arc::clone(self.core);
            self.core.spawn(async move { bury(&core, number, publication).await });
        }
    }
}
