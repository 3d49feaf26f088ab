//! `floor-epoll PORT`: measures the kernel's own cost. An echo by epoll with minimal work in user space: one `recv` and one
//! `send` per batch of bytes, no validation, no limits. It is no server to use.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;

use bench_peers::{echo, port, wanted, welcome};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The listener's token. A connection's is its descriptor.
const LISTENER: Token = Token(usize::MAX);
/// The most bytes that one read takes.
const BUFFER: usize = 128 * 1024;

fn main() -> io::Result<()> {
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port()).into())?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; BUFFER];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut connections)?;
                continue;
            }
            let slot = &mut connections[event.token().0];
            // The reason why a connection ends does not matter here. Dropping it closes it.
            if let Some(connection) = slot
                && !connection.turn(event, &mut buffer).unwrap_or(false)
            {
                *slot = None;
            }
        }
    }
}

fn accept(listener: &TcpListener, poll: &Poll, connections: &mut Vec<Option<Connection>>) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let at = stream.as_raw_fd() as usize;
        poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
        if connections.len() <= at {
            connections.resize_with(at + 1, || None);
        }
        connections[at] = Some(Connection { stream, is_open: false, part: Vec::new(), filled: 0, unsent: Vec::new() });
    }
}

struct Connection {
    stream: TcpStream,
    /// Whether the upgrade was answered.
    is_open: bool,
    /// The beginning of an incomplete request or frame, with room for the rest.
    part: Vec<u8>,
    /// The bytes of it that have arrived.
    filled: usize,
    /// Bytes that the kernel has not taken yet.
    unsent: Vec<u8>,
}

impl Connection {
    /// Handles an event. Returns whether the connection stays open.
    fn turn(&mut self, event: &Event, buffer: &mut [u8]) -> io::Result<bool> {
        if event.is_writable() && !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.send(&unsent)?;
        }
        if !event.is_readable() {
            return Ok(true);
        }
        loop {
            let into = if self.part.is_empty() { &mut *buffer } else { &mut self.part[self.filled..] };
            let room = into.len();
            let came = match self.stream.read(into) {
                Ok(0) => return Ok(false),
                Ok(came) => came,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            let goes_on = if self.part.is_empty() { self.take(&mut buffer[..came])? } else { self.take_part(came)? };
            // A short read has emptied the socket. Only the end of the stream is not reported again.
            if !goes_on || came < room && !event.is_read_closed() {
                return Ok(goes_on);
            }
        }
    }

    /// Handles further bytes of an incomplete request or frame.
    fn take_part(&mut self, came: usize) -> io::Result<bool> {
        self.filled += came;
        if self.is_open && self.filled < wanted(&self.part[..self.filled]) && self.filled < self.part.len() {
            return Ok(true);
        }
        let mut part = std::mem::take(&mut self.part);
        self.take(&mut part[..self.filled])
    }

    fn take(&mut self, mut bytes: &mut [u8]) -> io::Result<bool> {
        if !self.is_open
            && let Some((answer, length)) = welcome(bytes)
        {
            self.is_open = true;
            self.send(&answer)?;
            bytes = &mut bytes[length..];
        }
        if self.is_open {
            let echo = echo(bytes);
            self.send(&bytes[echo.answer])?;
            bytes = &mut bytes[echo.taken..];
            if echo.ends {
                return Ok(false);
            }
        }
        if !bytes.is_empty() {
            // One byte more than is missing, so that the completing read is a short one.
            let room = if self.is_open { wanted(bytes).max(bytes.len()) + 1 } else { bytes.len() + 1024 };
            self.part = vec![0; room];
            self.part[..bytes.len()].copy_from_slice(bytes);
            self.filled = bytes.len();
        }
        Ok(true)
    }

    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() && self.unsent.is_empty() {
            match self.stream.write(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(bytes);
        Ok(())
    }
}
