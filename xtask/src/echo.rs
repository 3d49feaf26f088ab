//! A client of the echo guest that speaks just enough of RFC 6455.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// A message of 20 B of text, masked with zeros.
const FRAME: &[u8] = b"\x81\x94\0\0\0\0twenty bytes of text";
/// The frame that answers it.
const ANSWER: &[u8] = b"\x81\x14twenty bytes of text";
/// An answer takes less than a second. A host that does not answer makes the run fail, not hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer to an upgrade request.
const MAX_HEAD: usize = 4096;

/// A connection after its upgrade.
#[derive(Debug)]
pub(crate) struct Client(TcpStream);

impl Client {
    /// Connects to a port of this machine.
    pub(crate) fn connect(port: u16) -> anyhow::Result<Self> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        write!(
            socket,
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            anyhow::ensure!(head.len() < MAX_HEAD, "the answer to the upgrade request has no end");
            socket.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        anyhow::ensure!(head.starts_with(b"HTTP/1.1 101 "), "no upgrade: {}", String::from_utf8_lossy(&head));
        Ok(Self(socket))
    }

    /// Sends the message.
    pub(crate) fn say(&mut self) -> anyhow::Result<()> {
        Ok(self.0.write_all(FRAME)?)
    }

    /// Expects the message.
    pub(crate) fn hear(&mut self) -> anyhow::Result<()> {
        let mut answer = [0; ANSWER.len()];
        self.0.read_exact(&mut answer)?;
        anyhow::ensure!(answer == ANSWER, "another frame comes back");
        Ok(())
    }
}
