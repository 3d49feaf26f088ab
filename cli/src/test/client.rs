//! A client of a dialogue, over a blocking socket.

use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::BytesMut;
use ws_protocol::{ClientHandshake, Incoming, Message, NO_STATUS, Session, write_close, write_masked, write_message, write_pong};

/// The largest message that a client receives, in bytes.
const LARGEST: usize = 64 << 20;
/// The key of RFC 6455 §1.3: no cache lies between this client and the server.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The size of a read in bytes.
const READ: usize = 16 << 10;

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
}

/// A message, or the end.
pub(super) enum Heard {
    Message(Message),
    /// The server closed the connection with this code, or with 1005 for none.
    Closed(u16),
}

impl Client {
    /// Connects to a path of a server, with a time-out for each message.
    pub(super) fn join((address, timeout): (SocketAddr, Duration), path: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).context("the server accepts no connection")?;
        stream.set_read_timeout(Some(timeout)).context("cannot set a time-out for reads")?;
        stream.set_write_timeout(Some(timeout)).context("cannot set a time-out for writes")?;
        stream.set_nodelay(true).context("cannot set up the connection")?;
        let handshake = ClientHandshake { host: &address.to_string(), path, key: KEY, deflate: false };
        stream.write_all(handshake.request().as_bytes()).context("the upgrade request could not be sent")?;
        let mut input = BytesMut::new();
        let welcome = loop {
            if let Some(response) = handshake.response(&input) {
                break response.context("the upgrade was refused")?;
            }
            if read(&mut stream, &mut input, timeout)? == 0 {
                bail!("the upgrade was refused: the connection ended");
            }
        };
        let _ = input.split_to(welcome.len);
        Ok(Self { stream, session: Session::client(LARGEST, None), input, random: RandomState::new(), sent: 0, timeout })
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
                    let code = frame.map_or(NO_STATUS, |frame| frame.code);
                    // A server that has gone already needs no answer.
                    let _ = self.send(|out| write_close(out, code, ""));
                    return Ok(Heard::Closed(code));
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

/// Appends the bytes of one read. Returns their number, 0 at the end.
fn read(stream: &mut TcpStream, input: &mut BytesMut, timeout: Duration) -> anyhow::Result<usize> {
    let mut bytes = [0; READ];
    let read = match stream.read(&mut bytes) {
        Ok(read) => read,
        Err(error) if is_late(&error) => bail!("nothing came within {timeout:?}"),
        Err(error) => return Err(error).context("the connection was lost"),
    };
    input.extend_from_slice(&bytes[..read]);
    Ok(read)
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
