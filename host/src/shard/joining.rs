//! The arrival of a client: its line begins, and its room hears of it.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::input::{Input, Joined, What};
use super::introduction::meet;
use super::line::{Line, Terms};
use super::new_connection::{NewConnection, Permit};
use super::reader::{Reader, session};
use super::resume::{Claim, KeptSession};
use super::room_task::RoomTask;
use super::rooms::Rooms;
use super::socket::Socket;
use super::table::Shard;
use crate::app::Launch;
use crate::protocol::resume::{Fresh, FromHost, Hello, Resumed, Welcome};
use crate::protocol::{Agreement, Session};
use crate::refusal::Reason;
use crate::room::LineId;
use crate::trace::Trace;
use crate::types::{Client, ClientId, CloseInfo};

/// A connection without a line.
struct Arrival {
    socket: Socket,
    /// The rest of the answer to its upgrade request, which the kernel has not taken yet.
    answer: Vec<u8>,
    session: Session,
    /// The bytes that have come and are not read.
    first: Bytes,
    agreement: Option<Agreement>,
    permit: Permit,
}

/// The client of a connection, as the front and the gate describe it.
struct Newcomer {
    client: Client,
    attachment: Bytes,
    trace: Trace,
}

/// Takes a connection to its room: a client gets its line, and the room is told. Returns the line, unless the client is lost, or asks for a session
/// and says hello first.
pub(super) fn join<L: Launch>(
    shard: &Rc<Shard>,
    rooms: &Rc<Rooms<L>>,
    room: &Arc<str>,
    mut connection: NewConnection,
) -> Option<Rc<Line>> {
    // The room usually still exists: it waits one handshake timeout for a client that was let in. After that, joining opens it anew.
    let task = if connection.claim.is_none() { Some(rooms.get_or_open(room)?) } else { None };
    // Until it has the answer, the client takes no part. The room hears of it before anything that another client sends from then on.
    let answered = connection.answer();
    let NewConnection { stream, tls, first, client, attachment, trace, agreement, claim, permit, .. } = connection;
    let newcomer = Newcomer { client, attachment, trace };
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => {
            note_lost(shard, newcomer.client.id, &error);
            withdraw(shard, rooms, room);
            return None;
        }
    };
    let session = session(shard.resources(), agreement, claim.is_some());
    let arrival = Arrival { socket: Socket::new(stream, tls), answer, session, first, agreement, permit };
    let Some(claim) = claim else { return task.map(|task| begin(shard, &task, arrival, None, (newcomer, false))) };
    tokio::task::spawn_local(introduce(Rc::clone(shard), Rc::clone(rooms), Arc::clone(room), arrival, (newcomer, claim)));
    None
}

/// Notes a connection that ends before its client is in the room. A client that has hung up is no fault of this machine.
fn note_lost(shard: &Shard, client: ClientId, error: &io::Error) {
    let client = client.get();
    if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
        shard.resources().counts.note_refused(Reason::Gone);
        tracing::debug!(client, "the client has gone before it had its answer: {error}");
    } else if let Some(more) = shard.log_limits().lost_connections.allows(shard.time()) {
        tracing::warn!(client, "a new connection is lost: {error}{more}");
    }
}

/// Has the room wait no longer for a client that it has let in.
pub(super) fn withdraw<L: Launch>(shard: &Shard, rooms: &Rooms<L>, room: &str) {
    if let Some(task) = rooms.line_room(room) {
        task.deliver(Input { at: shard.time(), what: What::Withdrawn });
    }
}

/// A client joins its room: with a new session, for this reason, or without one.
fn begin(
    shard: &Rc<Shard>,
    task: &Rc<RoomTask>,
    arrival: Arrival,
    reason: Option<Fresh>,
    (Newcomer { client, attachment, trace }, is_unasked): (Newcomer, bool),
) -> Rc<Line> {
    let resources = shard.resources();
    let id = shard.next_id();
    let member = shard.add_client(client.clone(), id, task);
    let Arrival { socket, answer, session, first, agreement, permit } = arrival;
    let (terms, greeting) = match reason.map(|reason| resources.sessions.begin(&member, task, id.slot, reason)) {
        Some((kept, greeting)) => (Terms::of_session(kept, id.slot, agreement), Some(greeting)),
        None => (Terms::new(agreement), None),
    };
    let line = Rc::new(Line::new(member, Rc::clone(task), socket, terms, resources.now()));
    if !answer.is_empty() {
        line.queue_control(resources, |out| out.extend(answer));
    }
    let watched = run(shard, id, &line, (session, first, permit));
    if let Some(greeting) = greeting {
        welcome(shard, &line, &greeting);
    }
    let joined = Joined { client, line: id, attachment, trace, is_unasked };
    task.deliver(Input { at: shard.time(), what: What::Joined(Box::new(joined)) });
    if let Err(error) = watched {
        lose(shard, &line, &error);
    }
    line
}

/// The line is read from now on, unless the system does not watch its socket.
fn run(shard: &Shard, id: LineId, line: &Rc<Line>, (session, first, permit): (Session, Bytes, Permit)) -> io::Result<()> {
    let reader = Reader::new(shard, id.slot, session, first, permit);
    if reader.has_first() {
        shard.resources().wakes.run(id.slot);
    }
    shard.insert(id, line, reader);
    line.watch(shard.sockets(), id.slot)
}

/// Ends a line that the system does not watch. Its room has heard of it.
fn lose(shard: &Shard, line: &Line, error: &io::Error) {
    note_lost(shard, line.client(), error);
    line.lost(shard.resources(), error);
}

/// Waits for the hello of a client, and takes up its session or begins one.
async fn introduce<L: Launch>(
    shard: Rc<Shard>,
    rooms: Rc<Rooms<L>>,
    room: Arc<str>,
    mut arrival: Arrival,
    (newcomer, claim): (Newcomer, Claim),
) {
    let _stranger = shard.note_stranger();
    let (answer, first) = (std::mem::take(&mut arrival.answer), std::mem::take(&mut arrival.first));
    let met = meet(&arrival.socket, &mut arrival.session, (answer, first), shard.resources()).await;
    let met = met.inspect_err(|error| note_lost(&shard, newcomer.client.id, error));
    let Ok(Some((hello, rest))) = met else { return withdraw(&shard, &rooms, &room) };
    arrival.first = BytesMut::freeze(rest);
    match take_up(&shard, &room, &newcomer.client, claim, &hello) {
        Ok((session, resumed)) => {
            go_on(&shard, arrival, &session, &resumed);
            withdraw(&shard, &rooms, &room);
        }
        Err(reason) => {
            if let Claim::Foreign(session) = claim {
                rooms.end_elsewhere(session, &room, &hello).await;
            }
            // The room has let a client in that it knows, and did not ask whether it takes a new one.
            let is_unasked = claim != Claim::New && !shard.bus().is_nameless();
            if let Some(task) = rooms.get_or_open(&room) {
                begin(&shard, &task, arrival, Some(reason), (newcomer, is_unasked));
            }
        }
    }
}

/// Takes up the session that a client asks for, for the line that begins next.
fn take_up(shard: &Shard, room: &str, client: &Client, claim: Claim, hello: &Hello) -> Result<(Rc<KeptSession>, Resumed), Fresh> {
    let sessions = &shard.resources().sessions;
    if sessions.keep_time().is_zero() {
        return Err(Fresh::Off);
    }
    if claim == Claim::New {
        return Err(Fresh::New);
    }
    let id = claim.client().ok_or(Fresh::Unknown)?;
    let session = sessions.get(id).ok_or_else(|| sessions.why_not(id))?;
    if !shard.is_in(session.room(), room) {
        return Err(Fresh::Unknown);
    }
    // A session that ends here still has its line, which is closed with it.
    let checked = session.check(hello).and_then(|()| {
        let has_changed = session.member().client.agreed != client.agreed;
        if has_changed { Err(Fresh::Changed) } else { session.resume(shard.next_id().slot, hello) }
    });
    match checked {
        Ok(resumed) => Ok((session, resumed)),
        Err(reason) => {
            if matches!(reason, Fresh::Changed | Fresh::TooMuch) {
                shard.end_session(&session, CloseInfo::lost(), None);
            }
            Err(reason)
        }
    }
}

/// A session goes on over a new line.
fn go_on(shard: &Rc<Shard>, arrival: Arrival, session: &Rc<KeptSession>, resumed: &Resumed) {
    let resources = shard.resources();
    let (id, member) = (shard.next_id(), session.member());
    let before = member.line().and_then(|line| shard.in_slot(line.slot)).filter(|line| line.client() == member.client.id);
    let Arrival { socket, session: frames, first, agreement, permit, .. } = arrival;
    let terms = Terms::of_session(Rc::clone(session), id.slot, agreement);
    let line = Rc::new(Line::new(Arc::clone(member), session.shared_room(), socket, terms, resources.now()));
    let was_away = resources.sessions.go_on(session, id);
    let watched = run(shard, id, &line, (frames, first, permit));
    if let Some(before) = before {
        before.give_way(resources);
    }
    welcome(shard, &line, &resumed.welcome);
    // A write may find that the line is lost.
    for frame in session.unconfirmed().iter().take_while(|_| line.is_open()) {
        line.queue_kept(resources, frame);
    }
    tracing::debug!(client = member.client.id.get(), "back");
    if resources.sessions.is_back(session) && was_away {
        session.room().deliver(Input { at: shard.time(), what: What::LineBack(member.client.id) });
    }
    if let Err(error) = watched {
        lose(shard, &line, &error);
    }
}

fn welcome(shard: &Shard, line: &Line, welcome: &Welcome) {
    let handle = Claim::handle(shard.index(), line.client());
    let keep = shard.resources().sessions.keep_time();
    line.tell(shard.resources(), &FromHost::Welcome { handle, keep, welcome: *welcome });
}
