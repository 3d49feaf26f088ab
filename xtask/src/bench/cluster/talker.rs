//! A client of the measured servers, over a plain WebSocket or by Socket.IO's protocol.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// The longest wait for a message. An end of it makes the run fail, not hang.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer to an upgrade request.
const MAX_HEAD: usize = 4096;

/// A connection after its upgrade.
#[derive(Debug)]
pub(super) struct Talker {
    socket: TcpStream,
    /// Bytes that have arrived behind the last message.
    unread: Vec<u8>,
    /// The event whose messages it sends, with Socket.IO.
    event: Option<&'static str>,
}

impl Talker {
    /// A client of this path. It sends each message as it is.
    pub(super) fn plain(port: u16, path: &str) -> anyhow::Result<Self> {
        Self::upgrade(port, path, None)
    }

    /// A client of Socket.IO. Each message is an event of this name.
    pub(super) fn socket_io(port: u16, event: &'static str) -> anyhow::Result<Self> {
        let mut talker = Self::upgrade(port, "/socket.io/?EIO=4&transport=websocket", Some(event))?;
        let greeting = talker.hear()?;
        ensure!(greeting.starts_with('0'), "Engine.IO says {greeting}");
        talker.frame("40")?;
        let welcome = talker.hear()?;
        ensure!(welcome.starts_with("40"), "Socket.IO says {welcome}");
        Ok(talker)
    }

    fn upgrade(port: u16, path: &str, event: Option<&'static str>) -> anyhow::Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("connecting")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut talker = Self { socket, unread: Vec::new(), event };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        talker.socket.write_all(request.as_bytes())?;
        while !talker.unread.windows(4).any(|end| end == b"\r\n\r\n") {
            ensure!(talker.unread.len() < MAX_HEAD, "the answer to the upgrade request has no end");
            talker.read()?;
        }
        let end = talker.unread.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
        let head: Vec<u8> = talker.unread.drain(..end).collect();
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "no upgrade: {}", String::from_utf8_lossy(&head));
        Ok(talker)
    }

    /// Sends a message.
    pub(super) fn say(&mut self, text: &str) -> anyhow::Result<()> {
        match self.event {
            Some(event) => self.frame(&format!("42[\"{event}\",\"{text}\"]")),
            None => self.frame(text),
        }
    }

    /// Sends a text frame, masked with zeros.
    fn frame(&mut self, text: &str) -> anyhow::Result<()> {
        let mut frame = vec![0x81];
        match text.len() {
            len @ 0..=125 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(len).context("a message has at most 64 KiB")?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.socket.write_all(&frame).context("sending")
    }

    /// Waits for the next message.
    pub(super) fn hear(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(text) = self.take()? {
                return Ok(text);
            }
            self.read().context("waiting for a message")?;
        }
    }

    /// Waits for the next message, but no longer than until this time.
    pub(super) fn hear_until(&mut self, deadline: Instant) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(text) = self.take()? {
                return Ok(Some(text));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.read() {
                Err(error) if error.downcast_ref().is_some_and(is_late) => return Ok(None),
                read => read?,
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<()> {
        let mut bytes = [0; 4096];
        let count = self.socket.read(&mut bytes)?;
        ensure!(count > 0, "the server has ended the connection");
        self.unread.extend(&bytes[..count]);
        Ok(())
    }

    /// Takes the first message off the bytes that have arrived.
    fn take(&mut self) -> anyhow::Result<Option<String>> {
        let [first, second, rest @ ..] = self.unread.as_slice() else { return Ok(None) };
        let (head, len) = match (second, rest) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (126, _) => return Ok(None),
            (127, _) => bail!("a message is longer than 64 KiB"),
            (len, _) => (2, usize::from(*len)),
        };
        let (is_close, end) = (first & 0xf == 8, head + len);
        if self.unread.len() < end {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&self.unread[head..end]).into_owned();
        self.unread.drain(..end);
        ensure!(!is_close, "the server has closed the connection: {}", text.get(2..).unwrap_or_default());
        Ok(Some(text))
    }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
