//! One connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;

use super::message::{self, Frames};
use super::scanner::{Scanner, Seen};
use super::target::read_answer;

/// The longest answer to an upgrade request that is waited for.
const MAX_HEAD: usize = 64 << 10;

/// One connection. It keeps no bytes of messages: what it has to send are copies of the same frame.
#[derive(Debug)]
pub struct Client {
    /// Its socket.
    pub stream: TcpStream,
    /// Whether permessage-deflate was agreed on.
    pub compressed: bool,
    state: State,
    scanner: Scanner,
    /// Frames to send, and how much of the first is gone already.
    queued: usize,
    offset: usize,
    /// Control frames that go between two messages, and how much of them is gone.
    control: Vec<u8>,
    control_sent: usize,
}

#[derive(Debug)]
enum State {
    Connecting,
    /// What has come of the answer to the upgrade request.
    Upgrading(Vec<u8>),
    Open,
    /// We have sent a close frame.
    Closing,
}

/// What reading brought.
#[derive(Debug, Default)]
pub struct Came {
    /// The upgrade is done.
    pub opened: bool,
    /// So many messages.
    pub messages: u32,
    /// The connection is over, for this reason. An end that we asked for has none.
    pub over: Option<Option<String>>,
}

impl Client {
    /// Begins to connect.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            stream: TcpStream::connect(address)?,
            compressed: false,
            state: State::Connecting,
            scanner: Scanner::default(),
            queued: 0,
            offset: 0,
            control: Vec::new(),
            control_sent: 0,
        })
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether the connection is still to be made.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting)
    }

    /// Looks whether the connection is made, and asks for the upgrade then.
    pub fn ask(&mut self, request: impl FnOnce() -> String) -> io::Result<()> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
            other => other?,
        };
        self.stream.set_nodelay(true)?;
        // The buffer of a new socket takes a request whole.
        self.stream.write_all(request().as_bytes())?;
        self.state = State::Upgrading(Vec::new());
        Ok(())
    }

    /// Reads what is there.
    pub fn read(&mut self, buffer: &mut [u8]) -> Came {
        let mut came = Came::default();
        while came.over.is_none() {
            match self.stream.read(buffer) {
                Ok(0) => came.over = Some(self.end("the server closed the connection")),
                Ok(read) => {
                    self.take(&buffer[..read], &mut came);
                    // Less than what there was room for is all: the poller tells of more.
                    if read < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => came.over = Some(self.end(&error.to_string())),
            }
        }
        came
    }

    fn take(&mut self, bytes: &[u8], came: &mut Came) {
        let State::Upgrading(head) = &mut self.state else { return self.take_frames(bytes, came) };
        head.extend_from_slice(bytes);
        match read_answer(head) {
            None if head.len() > MAX_HEAD => came.over = Some(Some("the answer to the upgrade request has no end".to_owned())),
            None => {}
            Some(Err(why)) => came.over = Some(Some(why)),
            Some(Ok(upgraded)) => {
                let first = head.split_off(upgraded.head_len);
                self.state = State::Open;
                self.compressed = upgraded.compressed;
                came.opened = true;
                self.take_frames(&first, came);
            }
        }
    }

    fn take_frames(&mut self, bytes: &[u8], came: &mut Came) {
        let mut seen = Seen::default();
        if let Err(why) = self.scanner.scan(bytes, &mut seen) {
            came.over = Some(Some(why.to_owned()));
        }
        came.messages += seen.messages;
        for ping in &seen.pings {
            self.control.extend(message::pong(ping));
        }
        if let Some(code) = seen.closed {
            came.over = Some(self.end(&format!("the server closed the connection with {code}")));
        }
    }

    /// The reason for an end, if we have not asked for it.
    fn end(&self, why: &str) -> Option<String> {
        (!matches!(self.state, State::Closing)).then(|| why.to_owned())
    }

    /// Has messages sent with the next `flush`.
    pub fn queue(&mut self, messages: usize) {
        self.queued += messages;
    }

    /// Has a close frame sent with the next `flush`, behind the messages that wait.
    pub fn close(&mut self) {
        self.state = State::Closing;
        self.control.extend(message::close());
    }

    /// Writes what waits, as far as the socket takes it.
    pub fn flush(&mut self, frames: &Frames) -> io::Result<()> {
        loop {
            // Control frames go between two messages; a close frame behind the last.
            let control_first = self.offset == 0 && !self.control.is_empty() && self.may_send_control();
            let bytes = if control_first {
                &self.control[self.control_sent..]
            } else if self.queued > 0 {
                let copies = self.queued.min(frames.bytes.len() / frames.len);
                &frames.bytes[self.offset..copies * frames.len]
            } else {
                return Ok(());
            };
            match self.stream.write(bytes) {
                Ok(written) if control_first => self.control_is_written(written),
                Ok(written) => {
                    self.queued -= (self.offset + written) / frames.len;
                    self.offset = (self.offset + written) % frames.len;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn may_send_control(&self) -> bool {
        self.queued == 0 || self.control_sent > 0 || !matches!(self.state, State::Closing)
    }

    fn control_is_written(&mut self, written: usize) {
        self.control_sent += written;
        if self.control_sent == self.control.len() {
            self.control = Vec::new();
            self.control_sent = 0;
        }
    }
}
