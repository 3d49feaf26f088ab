//! The end of a shard: it closes its clients and waits until all are gone.

use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::cluster::Part;
use super::command::Command;
use super::joining::join;
use super::rooms::Rooms;
use super::table::Shard;
use crate::app::Launch;
use crate::countdown::Countdown;
use crate::types::CloseInfo;

/// The size of a batch. Each client is likely to come back at once, to the server that takes over.
const AT_ONCE: usize = 100;
/// Batches closer together than this would not spread anything. With too many clients for that, batches are larger.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// Clients with sessions come back over this time, for each of them.
const SPREAD_EACH: Duration = Duration::from_millis(2);
const SHORTEST_SPREAD: Duration = Duration::from_secs(1);
const LONGEST_SPREAD: Duration = Duration::from_secs(30);

/// Closes every client and returns when all are gone, plain requests are answered, and the rooms are idle and, if they outlive the process, kept; at the
/// latest at the deadline, or later by the time that the machine stands still. Clients not yet closed are served as before.
pub(super) async fn drain<L: Launch>(
    shard: &Rc<Shard>,
    rooms: &Rc<Rooms<L>>,
    (deadline, close): (Instant, CloseInfo),
    sweeps: &mut Interval,
    mut inbox: mpsc::Receiver<Command>,
) {
    inbox.close();
    let left = deadline.saturating_duration_since(Instant::now());
    let mut batches = Batches::new(shard.lines().len(), left / 2);
    let mut turns = interval(batches.pause);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    shard.callers().drain();
    shard.stop_sessions(&close);
    let drained = async {
        if let Some(part) = rooms.part() {
            hand_over(shard, rooms, part, deadline, sweeps).await;
        }
        loop {
            tokio::select! {
                biased;
                Some(command) = inbox.recv() => {
                    // A client that was on its way here gets its 101, and is closed as the others are.
                    if let Command::Join(room, connection) = command
                        && let Some(line) = join(shard, rooms, &room, connection)
                    {
                        line.close(shard.resources(), close.clone());
                    }
                }
                () = shard.emptied() => break,
                _ = turns.tick(), if !batches.are_done(shard) => batches.close_next(shard, &close),
                due = sweeps.tick() => shard.sweep(sweeps.period(), due.into()),
            }
        }
        // The last words of a client of another shard may be for a room of this one.
        let patience = deadline.saturating_duration_since(Instant::now()) * 3 / 4;
        let _ = timeout(patience, shard.bus().emptied(shard.index())).await;
        if let Some(part) = rooms.part() {
            // The other nodes hear that these clients have left.
            part.at_rest().await;
        }
        rooms.stop_opening();
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        let _ = timeout(patience, rooms.settle_events()).await;
        let idle = async {
            shard.callers().emptied().await;
            rooms.idle().await;
        };
        if !rooms.are_durable() {
            return idle.await;
        }
        // A handler that is suspended, or a server that does not answer a room, must not cost the other rooms their states.
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        let _ = timeout(patience, idle).await;
        rooms.end().await;
    };
    tokio::select! {
        biased;
        () = drained => {}
        () = Countdown::new(left, left).over() => tracing::warn!("the drain deadline has passed: the remaining lines are cut"),
    }
}

/// Gives the rooms that this node owns to the other nodes, as long as that takes at most half of the time. Their clients stay meanwhile.
async fn hand_over<L: Launch>(shard: &Shard, rooms: &Rooms<L>, part: &Part, deadline: Instant, sweeps: &mut Interval) {
    let patience = deadline.saturating_duration_since(Instant::now()) / 2;
    let mut handing = pin!(timeout(patience, async {
        // Records that have come while the node began to leave can open more.
        while !rooms.all().is_empty() || part.is_beginning() {
            rooms.end().await;
            part.ended_any().await;
        }
    }));
    loop {
        tokio::select! {
            biased;
            _ = &mut handing => return,
            due = sweeps.tick() => shard.sweep(sweeps.period(), due.into()),
        }
    }
}

/// Closes the clients in batches, in the order of their slots.
#[derive(Debug, PartialEq, Eq)]
struct Batches {
    clients: usize,
    closed: usize,
    size: usize,
    pause: Duration,
    /// The first slot that is not closed yet.
    next: usize,
}

impl Batches {
    /// One batch for a few clients; for many, batches evenly spread over this time.
    fn new(clients: usize, spread: Duration) -> Self {
        let most = usize::try_from(spread.as_nanos() / SHORTEST_PAUSE.as_nanos()).unwrap_or(usize::MAX).max(1);
        let count = clients.div_ceil(AT_ONCE).clamp(1, most);
        let pause = spread / u32::try_from(count).unwrap_or(u32::MAX);
        Self { clients, closed: 0, size: clients.div_ceil(count), pause: pause.max(SHORTEST_PAUSE), next: 0 }
    }

    /// The time after which the next client is to come back. Those that come back by themselves are spread over more time than the batches: the
    /// server that takes over has their handshakes and their rooms to do at once.
    fn wait(&self) -> Duration {
        let spread = (SPREAD_EACH * u32::try_from(self.clients).unwrap_or(u32::MAX)).clamp(SHORTEST_SPREAD, LONGEST_SPREAD);
        let share = self.closed as f64 / self.clients.max(1) as f64;
        spread.mul_f64(share.min(1.0))
    }

    fn are_done(&self, shard: &Shard) -> bool {
        self.next >= shard.lines().capacity()
    }

    fn close_next(&mut self, shard: &Shard, close: &CloseInfo) {
        let mut closed = 0;
        while closed < self.size && !self.are_done(shard) {
            let line = shard.lines().get(self.next).cloned();
            self.next += 1;
            if let Some(line) = line.filter(|line| line.is_open()) {
                line.close_for(shard.resources(), close.clone(), self.wait());
                (closed, self.closed) = (closed + 1, self.closed + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of a batch, and the pause after it in milliseconds.
    fn batches(clients: usize, spread_ms: u64) -> (usize, u128) {
        let Batches { size, pause, .. } = Batches::new(clients, Duration::from_millis(spread_ms));
        (size, pause.as_millis())
    }

    #[test]
    fn a_few_clients_are_one_batch() {
        assert_eq!(batches(0, 5000).0, 0);
        assert_eq!(batches(1, 5000).0, 1);
        assert_eq!(batches(100, 5000).0, 100);
    }

    #[test]
    fn many_clients_are_spread_over_the_time() {
        assert_eq!(batches(101, 5000), (51, 2500));
        assert_eq!(batches(500, 5000), (100, 1000));
        assert_eq!(batches(10_000, 5000), (100, 50));
    }

    #[test]
    fn clients_with_sessions_come_back_one_after_the_other() {
        let waits = |clients| {
            let mut batches = Batches::new(clients, Duration::from_secs(5));
            [0, clients / 2, clients].map(|closed| {
                batches.closed = closed;
                batches.wait().as_millis()
            })
        };
        assert_eq!(waits(10), [0, 500, 1000]);
        assert_eq!(waits(2000), [0, 2000, 4000]);
        assert_eq!(waits(1_000_000), [0, 15_000, 30_000]);
    }

    #[test]
    fn very_many_clients_or_little_time_make_larger_batches() {
        assert_eq!(batches(100_000, 5000), (1000, 50));
        assert_eq!(batches(1000, 100), (500, 50));
        assert_eq!(batches(1000, 0).0, 1000);
    }
}
