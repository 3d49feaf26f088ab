//! A shard's handling of the commands of other threads.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::attending::attend;
use super::command::Command;
use super::drain::drain;
use super::input::{Input, What};
use super::joining::{join, withdraw};
use super::resume::Claim;
use super::rooms::Rooms;
use super::table::Shard;
use crate::app::Launch;
use crate::app::upgrade::UpgradeRequest;
use crate::refusal::Reason;
use crate::requests::{Answering, HostAnswer, IncomingRequest};
use crate::room::Decision;
use crate::trace::Trace;

/// The longest time between two looks at silent and closing clients.
const SWEEP: Duration = Duration::from_secs(1);

/// Carries commands out until the server shuts down or is dropped.
pub(super) async fn serve<L: Launch>(shard: &Rc<Shard>, rooms: &Rc<Rooms<L>>, mut inbox: mpsc::Receiver<Command>) {
    let limits = shard.limits();
    let times = [limits.ping_interval, limits.pong_timeout, limits.close_timeout, limits.message_timeout];
    let period = times.into_iter().fold(SWEEP, |period, time| period.min(time / 4));
    let mut sweeps = tokio::time::interval(period.max(Duration::from_millis(1)));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let command = tokio::select! {
            command = inbox.recv() => command,
            due = sweeps.tick() => {
                shard.sweep(sweeps.period(), due.into());
                continue;
            }
        };
        match command {
            Some(Command::Upgrade(room, request, claim, trace, decision)) => {
                upgrade(shard, rooms, &room, (request, claim, trace), decision);
            }
            Some(Command::Request(room, request, trace, way)) => ask(shard, rooms, &room, (request, trace), &way),
            Some(Command::Withdraw(room)) => withdraw(shard, rooms, &room),
            Some(Command::Join(room, connection)) => drop(join(shard, rooms, &room, connection)),
            Some(Command::Depart(departure, gone)) => rooms.depart(&departure, gone),
            Some(Command::SetAlarms(alarms)) => rooms.set_alarms(alarms),
            Some(Command::Deliver(envelope)) => rooms.deliver(envelope),
            Some(Command::Ask(question)) => rooms.answer(question),
            Some(Command::Drain(deadline, close)) => return drain(shard, rooms, (deadline, close), &mut sweeps, inbox).await,
            // Nobody can send commands any more: the server was dropped without a shutdown.
            None => return,
        }
    }
}

fn upgrade<L: Launch>(
    shard: &Shard,
    rooms: &Rc<Rooms<L>>,
    room: &str,
    (mut request, claim, trace): (Box<UpgradeRequest>, Option<Claim>, Trace),
    decision: oneshot::Sender<Decision>,
) {
    let session = claim.and_then(Claim::client).and_then(|client| shard.resources().sessions.get(client));
    // A room of one client decides about nobody who only names its session, which anybody may: the room that opens for the connection does.
    request.resumes = session.is_some_and(|session| session.room().name() == room) || rooms.may_come_from_elsewhere(claim);
    // Clients that hang up can ask again and again: a room that is behind decides about no more of them.
    let task = rooms.get_or_open(room).ok_or_else(|| rooms.why_not());
    let task = match task.and_then(|task| if task.mailbox.is_full() { Err(Reason::Busy) } else { Ok(task) }) {
        Ok(task) => task,
        Err(reason) => {
            shard.resources().counts.note_refused(reason);
            return drop(decision.send(Decision::refuse(reason.status())));
        }
    };
    let id = shard.upgrades().insert(Rc::clone(&task), decision);
    task.deliver(Input { at: shard.time(), what: What::Upgrade(id, request, trace) });
}

fn ask<L: Launch>(
    shard: &Rc<Shard>,
    rooms: &Rc<Rooms<L>>,
    room: &str,
    (request, trace): (Box<IncomingRequest>, Trace),
    way: &Answering,
) {
    let Some(task) = rooms.get_or_open(room).filter(|task| !task.mailbox.is_full()) else {
        return way.refuse(HostAnswer::Unavailable);
    };
    let id = attend(shard, &task, way.clone());
    task.deliver(Input { at: shard.time(), what: What::Request(id, request, trace) });
}
