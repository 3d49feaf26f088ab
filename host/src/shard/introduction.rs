//! The first message of a client that asks for a session: hello, before it has a line.

use std::io::{self, ErrorKind, IoSlice};

use bytes::{Bytes, BytesMut};
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use super::resources::Resources;
use super::socket::Socket;
use super::sockets::{Ready, watch};
use crate::protocol::resume::{Breach, FromClient, Hello};
use crate::protocol::{self, Incoming, Session};
use crate::types::CloseInfo;

/// A hello has at most 256 bytes, and an encoded frame has little more. A client that sends this much without one sends something else.
const MAX_BYTES: usize = 4096;
/// How much is read at once.
const READ_BYTES: usize = 1024;

/// A socket that the runtime watches, because it has no line yet.
type Watched<'a> = AsyncFd<&'a Socket>;

/// Why no hello comes.
enum End {
    /// The connection has ended.
    Gone,
    /// The client has sent something else, or the server ends: it gets this close frame.
    Refused(CloseInfo),
}

impl From<Breach> for End {
    fn from(breach: Breach) -> Self {
        Self::Refused(CloseInfo::breach(breach))
    }
}

/// Waits for a client's hello, for as long as a handshake may take and the server does not end. Returns it with the bytes behind it; `None` when the connection is over.
/// The rest of an `answer` to the upgrade request goes out before, and `first` are bytes that have come already.
///
/// # Errors
/// The system does not watch the socket.
pub(super) async fn meet(
    socket: &Socket,
    session: &mut Session,
    (answer, first): (Vec<u8>, Bytes),
    resources: &Resources,
) -> io::Result<Option<(Hello, BytesMut)>> {
    let watched = watch(socket)?;
    let introduction = async {
        write(&watched, &answer).await?;
        tokio::select! {
            biased;
            info = resources.sessions.stopped() => Err(End::Refused(info)),
            met = hello(&watched, session, first, resources) => met,
        }
    };
    Ok(match timeout(resources.limits.handshake_timeout, introduction).await {
        Ok(Ok(met)) => Some(met),
        Ok(Err(End::Refused(info))) => {
            part(&watched, resources, &info).await;
            None
        }
        Ok(Err(End::Gone)) | Err(_) => {
            socket.end();
            None
        }
    })
}

/// Ends a connection that has no line with a close frame.
async fn part(socket: &Watched<'_>, resources: &Resources, info: &CloseInfo) {
    write_control(socket.get_ref(), |out| protocol::write_close(out, info.code, &info.reason));
    socket.get_ref().shut();
    // To close a socket with unread bytes would reset the connection, and the frame could be lost.
    let rest = async { while read(socket, &mut BytesMut::new(), resources).await.is_ok() {} };
    let _ = timeout(resources.limits.close_timeout, rest).await;
}

async fn hello(
    socket: &Watched<'_>,
    session: &mut Session,
    first: Bytes,
    resources: &Resources,
) -> Result<(Hello, BytesMut), End> {
    let mut input = BytesMut::from(first);
    let mut bytes = input.len();
    loop {
        match session.receive(&mut input) {
            Ok(None) if bytes > MAX_BYTES => return Err(Breach::Malformed.into()),
            Ok(None) => bytes += read(socket, &mut input, resources).await?,
            Ok(Some(Incoming::Message(message))) => match FromClient::read(message)? {
                FromClient::Hello(hello) => return Ok((hello, input)),
                _ => return Err(Breach::TooEarly.into()),
            },
            Ok(Some(Incoming::Ping(payload))) => write_control(socket.get_ref(), |out| protocol::write_pong(out, &payload)),
            Ok(Some(Incoming::Pong(_))) => {}
            Ok(Some(Incoming::Close(frame))) => return Err(End::Refused(CloseInfo::client(frame))),
            Err(violation) => return Err(End::Refused(CloseInfo::violation(violation))),
        }
    }
}

/// Writes all of this.
async fn write(socket: &Watched<'_>, mut bytes: &[u8]) -> Result<(), End> {
    while !bytes.is_empty() {
        let mut ready = socket.writable().await.map_err(|_| End::Gone)?;
        match socket.get_ref().try_write(&mut [IoSlice::new(bytes)]) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => ready.clear_ready(),
            Err(_) => return Err(End::Gone),
        }
    }
    Ok(())
}

/// Reads more. Returns the number of bytes.
async fn read(socket: &Watched<'_>, input: &mut BytesMut, resources: &Resources) -> Result<usize, End> {
    loop {
        input.reserve(READ_BYTES);
        let mut ready = socket.readable().await.map_err(|_| End::Gone)?;
        socket.get_ref().note(Ready { read: true, ..Ready::default() });
        match socket.get_ref().read(&resources.ciphertext, input) {
            Ok(None) => ready.clear_ready(),
            Ok(Some(0)) | Err(_) => return Err(End::Gone),
            Ok(Some(read)) => return Ok(read),
        }
    }
}

/// Writes a control frame. The buffer of a new socket has room for it.
fn write_control(socket: &Socket, write: impl FnOnce(&mut Vec<u8>)) {
    let mut frame = Vec::new();
    write(&mut frame);
    // The client has gone, if it cannot be written to.
    let _ = socket.try_write(&mut [IoSlice::new(&frame)]).and_then(|_| socket.flush_tls());
}
