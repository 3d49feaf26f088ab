//! A shard's handling of the commands of other threads.

use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::attending::attend;
use super::command::Command;
use super::drain::drain;
use super::input::{Input, Joined, What};
use super::line::Line;
use super::new_connection::NewConnection;
use super::reader::{self, Reader};
use super::rooms::Rooms;
use super::socket::Socket;
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
    let writer = Rc::clone(shard);
    tokio::task::spawn_local(poll_fn(move |cx| writer.poll_flush(cx)));
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
            Some(Command::Upgrade(room, request, trace, decision)) => upgrade(shard, rooms, &room, (request, trace), decision),
            Some(Command::Request(room, request, trace, way)) => ask(shard, rooms, &room, (request, trace), &way),
            Some(Command::Withdraw(room)) => {
                if let Some(task) = rooms.get(&room) {
                    task.deliver(Input { at: shard.time(), what: What::Withdrawn });
                }
            }
            Some(Command::Join(room, connection)) => join(shard, rooms, &room, connection),
            Some(Command::SetAlarms(alarms)) => rooms.set_alarms(alarms),
            Some(Command::Deliver(envelope)) => rooms.deliver(envelope),
            Some(Command::Ask(question)) => rooms.answer(question),
            Some(Command::Drain(deadline)) => return drain(shard, rooms, deadline, &mut sweeps, inbox).await,
            // Nobody can send commands any more: the server was dropped without a shutdown.
            None => return,
        }
    }
}

fn upgrade<L: Launch>(
    shard: &Shard,
    rooms: &Rc<Rooms<L>>,
    room: &str,
    (request, trace): (Box<UpgradeRequest>, Trace),
    decision: oneshot::Sender<Decision>,
) {
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

fn join<L: Launch>(shard: &Rc<Shard>, rooms: &Rc<Rooms<L>>, room: &str, mut connection: NewConnection) {
    // The room usually still exists: it waits one handshake timeout for a client that was let in. After that, joining opens it anew.
    let Some(task) = rooms.get_or_open(room) else { return };
    // Until it has the answer, the client takes no part. The room hears of it before anything that another client sends from then on.
    let answered = connection.answer();
    let NewConnection { stream, tls, first, client, attachment, trace, agreement, permit, .. } = connection;
    let (rest, tcp) = match answered.and_then(|rest| Ok((rest, TcpStream::from_std(stream)?))) {
        Ok(parts) => parts,
        Err(error) => {
            if let Some(more) = shard.log_limits().lost_connections.allows(shard.time()) {
                tracing::warn!(client = client.id.get(), "a new connection is lost: {error}{more}");
            }
            return task.deliver(Input { at: shard.time(), what: What::Withdrawn });
        }
    };
    let socket = Socket::new(tcp, tls);
    let id = shard.next_id();
    let member = shard.add_client(client.clone(), id, &task);
    let line = Rc::new(Line::new(member, Rc::clone(&task), socket, agreement, shard.resources().now()));
    shard.insert(id, &line);
    if !rest.is_empty() {
        line.queue_control(shard.resources(), |out| out.extend(rest));
    }
    let session = reader::session(shard.resources(), agreement);
    tokio::task::spawn_local(Reader::new(Rc::clone(shard), id, line, session, first, permit));
    task.deliver(Input { at: shard.time(), what: What::Joined(Box::new(Joined { client, line: id, attachment, trace })) });
}
