//! A client of a dialogue, over a blocking socket.

use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::BytesMut;
use ws_protocol::{
    ClientHandshake, HandshakeError, Incoming, Message, NO_STATUS, Session, write_close, write_masked, write_message, write_pong,
};

/// The largest message that a client receives, in bytes.
const LARGEST: usize = 64 << 20;
/// The key of RFC 6455 §1.3: no cache lies between this client and the server.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The size of a read in bytes.
const READ: usize = 16 << 10;

/// The request of a client that joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    /// The subprotocols that it offers, as `Sec-WebSocket-Protocol` has them.
    pub(super) subprotocols: Option<&'a str>,
    /// A header, `NAME: VALUE`.
    pub(super) header: Option<&'a str>,
}

/// The server has refused the upgrade.
#[derive(Debug, thiserror::Error)]
#[error("the upgrade was refused: {reason}")]
pub(super) struct Refused {
    /// The HTTP status, if the server gave one.
    pub(super) status: Option<u16>,
    reason: String,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    session: Session,
    /// Bytes that the session has not taken yet.
    input: BytesMut,
    /// The source of masks, which no page can predict (RFC 6455 §5.3).
    random: RandomState,
    sent: u64,
    /// The longest wait for a message.
    timeout: Duration,
    subprotocol: Option<String>,
}

/// A message, or the end.
pub(super) enum Heard {
    Message(Message),
    /// The server closed the connection with this code, or with 1005 for none, and this reason.
    Closed(u16, String),
}

impl Client {
    /// Connects to a server, with a time-out for each message. If the server refuses, the error is [`Refused`].
    pub(super) fn join((address, timeout): (SocketAddr, Duration), entry: &Entry<'_>) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).context("the server accepts no connection")?;
        stream.set_read_timeout(Some(timeout)).context("cannot set a time-out for reads")?;
        stream.set_write_timeout(Some(timeout)).context("cannot set a time-out for writes")?;
        stream.set_nodelay(true).context("cannot set up the connection")?;
        let handshake = ClientHandshake { host: &address.to_string(), path: entry.path, key: KEY, deflate: false };
        let request = with_headers(&handshake.request(), entry);
        stream.write_all(request.as_bytes()).context("the upgrade request could not be sent")?;
        let mut input = BytesMut::new();
        let welcome = loop {
            if let Some(response) = handshake.response(&input) {
                break response.map_err(|error| refused(&input, &error))?;
            }
            if read(&mut stream, &mut input, timeout)? == 0 {
                bail!("the upgrade was refused: the connection ended");
            }
        };
        let subprotocol = field(&input.split_to(welcome.len), "sec-websocket-protocol");
        let (session, random) = (Session::client(LARGEST, None), RandomState::new());
        Ok(Self { stream, session, input, random, sent: 0, timeout, subprotocol })
    }

    /// The subprotocol that was agreed on.
    pub(super) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Sends a binary message.
    pub(super) fn sends(&mut self, data: &[u8]) -> anyhow::Result<()> {
        self.send(|out| write_message(out, false, data))
    }

    /// The next message or the end, if one comes within this time.
    pub(super) fn hears_within(&mut self, time: Duration) -> anyhow::Result<Option<Heard>> {
        let timeout = std::mem::replace(&mut self.timeout, time);
        // The kernel takes a time-out of zero for none.
        self.stream.set_read_timeout(Some(time.max(Duration::from_millis(1)))).context("cannot set a time-out for reads")?;
        let heard = match self.hears() {
            Ok(heard) => Ok(Some(heard)),
            Err(error) if error.is::<Late>() => Ok(None),
            Err(error) => Err(error),
        };
        self.timeout = timeout;
        self.stream.set_read_timeout(Some(timeout)).context("cannot set a time-out for reads")?;
        heard
    }

    /// Sends a text message.
    pub(super) fn says(&mut self, text: &str) -> anyhow::Result<()> {
        self.send(|out| write_message(out, true, text.as_bytes()))
    }

    /// The next message, or the end. It answers pings and the server's close frame.
    pub(super) fn hears(&mut self) -> anyhow::Result<Heard> {
        loop {
            match self.session.receive(&mut self.input)? {
                Some(Incoming::Message(message)) => return Ok(Heard::Message(message)),
                Some(Incoming::Ping(payload)) => self.send(|out| write_pong(out, &payload))?,
                Some(Incoming::Pong(_)) => {}
                Some(Incoming::Close(frame)) => {
                    let (code, reason) = frame.map_or((NO_STATUS, String::new()), |frame| (frame.code, frame.reason.to_string()));
                    // A server that has gone already needs no answer.
                    let _ = self.send(|out| write_close(out, code, ""));
                    return Ok(Heard::Closed(code, reason));
                }
                None if read(&mut self.stream, &mut self.input, self.timeout)? == 0 => {
                    bail!("the connection ended without a close frame")
                }
                None => {}
            }
        }
    }

    /// Closes the connection, and waits until the server has closed it too.
    pub(super) fn leaves(&mut self) -> anyhow::Result<()> {
        self.send(|out| write_close(out, NO_STATUS, ""))?;
        while matches!(self.hears(), Ok(Heard::Message(_))) {}
        Ok(())
    }

    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> anyhow::Result<()> {
        self.sent += 1;
        // No truncation that matters: any four of the bytes are random.
        let key = (self.random.hash_one(self.sent) as u32).to_ne_bytes();
        let (mut frame, mut masked) = (Vec::new(), Vec::new());
        write(&mut frame);
        write_masked(&mut masked, &frame, key);
        match self.stream.write_all(&masked) {
            Err(error) if is_late(&error) => bail!("the server has read nothing for {:?}", self.timeout),
            result => result.context("the connection is already gone"),
        }
    }
}

/// Nothing came within this time.
#[derive(Debug, thiserror::Error)]
#[error("nothing came within {0:?}")]
struct Late(Duration);

/// Adds what the client asks for to an upgrade request, which ends in an empty line.
fn with_headers(request: &str, entry: &Entry<'_>) -> String {
    let subprotocols = entry.subprotocols.map(|offered| format!("Sec-WebSocket-Protocol: {offered}\r\n"));
    let header = entry.header.map(|header| format!("{header}\r\n"));
    let head = request.strip_suffix("\r\n").unwrap_or(request);
    format!("{head}{}{}\r\n", subprotocols.unwrap_or_default(), header.unwrap_or_default())
}

fn refused(response: &[u8], error: &HandshakeError) -> Refused {
    let head = String::from_utf8_lossy(response);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).filter(|status| *status != 101);
    Refused { status, reason: error.to_string() }
}

/// The value of a header of a response.
fn field(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// Appends the bytes of one read. Returns their number, 0 at the end.
fn read(stream: &mut TcpStream, input: &mut BytesMut, timeout: Duration) -> anyhow::Result<usize> {
    let mut bytes = [0; READ];
    let read = match stream.read(&mut bytes) {
        Ok(read) => read,
        Err(error) if is_late(&error) => return Err(Late(timeout).into()),
        Err(error) => return Err(error).context("the connection was lost"),
    };
    input.extend_from_slice(&bytes[..read]);
    Ok(read)
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
