//! The arrival of a new client at its shard.

use std::rc::Rc;

use tokio::net::TcpStream;

use super::input::{Input, Joined, What};
use super::line::Line;
use super::new_connection::NewConnection;
use super::reader::{self, Reader};
use super::rooms::Rooms;
use super::socket::Socket;
use super::table::Shard;
use crate::app::Launch;

/// Gives a new client its line, and tells its room. Returns the line, unless the client is lost.
pub(super) fn join<L: Launch>(
    shard: &Rc<Shard>,
    rooms: &Rc<Rooms<L>>,
    room: &str,
    mut connection: NewConnection,
) -> Option<Rc<Line>> {
    // The room usually still exists: it waits one handshake timeout for a client that was let in. After that, joining opens it anew.
    let task = rooms.get_or_open(room)?;
    // Until it has the answer, the client takes no part. The room hears of it before anything that another client sends from then on.
    let answered = connection.answer();
    let NewConnection { stream, tls, first, client, attachment, trace, agreement, permit, .. } = connection;
    let (rest, tcp) = match answered.and_then(|rest| Ok((rest, TcpStream::from_std(stream)?))) {
        Ok(parts) => parts,
        Err(error) => {
            if let Some(more) = shard.log_limits().lost_connections.allows(shard.time()) {
                tracing::warn!(client = client.id.get(), "a new connection is lost: {error}{more}");
            }
            task.deliver(Input { at: shard.time(), what: What::Withdrawn });
            return None;
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
    tokio::task::spawn_local(Reader::new(Rc::clone(shard), id, Rc::clone(&line), session, first, permit));
    task.deliver(Input { at: shard.time(), what: What::Joined(Box::new(Joined { client, line: id, attachment, trace })) });
    Some(line)
}
