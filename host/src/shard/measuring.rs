//! A shard's answers to other threads that ask for its numbers.

use std::rc::Rc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::numbers::{Numbers, Pressure};
use super::rooms::Rooms;
use super::table::Shard;
use crate::app::Launch;

/// The questions that wait for a shard. When the queue is full, the next one waits to be put into it.
pub(super) const QUESTIONS: usize = 16;

/// Where an answer goes.
pub type Measurement = oneshot::Sender<Numbers>;

/// Answers until nobody can ask any more. Also a shard that closes its clients answers.
pub(super) async fn answer<L: Launch>(rooms: Rc<Rooms<L>>, mut questions: mpsc::Receiver<Measurement>) {
    while let Some(question) = questions.recv().await {
        // An error means that nobody waits any more.
        let _ = question.send(measure(&rooms));
    }
}

fn measure<L: Launch>(rooms: &Rooms<L>) -> Numbers {
    let shard = &**rooms.shard();
    let resources = shard.resources();
    let (counts, traffic) = (&resources.counts, &resources.traffic);
    Numbers {
        connections: shard.lines().len() as u64,
        away: resources.sessions.away() as u64,
        away_bytes: resources.sessions.away_bytes() as u64,
        opened: counts.opened.get(),
        closed: counts.closed(),
        refused: counts.refused(),
        received: traffic.all_received(),
        sent: traffic.all_sent(),
        handlers: counts.handlers.get(),
        rooms_opened: counts.rooms_opened.get(),
        pressure: pressure(shard, rooms),
        lag: counts.lag.get(),
        // tokio counts it in any case.
        busy: Handle::current().metrics().worker_total_busy_duration(0),
    }
}

/// Looks at each line and each room: only a shard that is asked does so.
fn pressure<L: Launch>(shard: &Shard, rooms: &Rooms<L>) -> Pressure {
    let counts = &shard.resources().counts;
    let mut pressure = Pressure {
        blocked_writes: counts.blocked_writes.get(),
        over_soft: counts.over_soft.get(),
        held_back: counts.held_back.get(),
        ..Pressure::default()
    };
    for (_, line) in &*shard.lines() {
        pressure.blocked_clients += u64::from(line.is_blocked());
        pressure.outbox_bytes += line.waiting() as u64;
    }
    rooms.for_each(|room| {
        let (inputs, bytes) = (room.mailbox.len() as u64, room.mailbox.bytes() as u64);
        pressure.inputs += inputs;
        pressure.most_inputs = pressure.most_inputs.max(inputs);
        pressure.input_bytes += bytes;
    });
    pressure
}
