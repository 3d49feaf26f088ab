//! `floor-uring PORT`: measures the kernel's own cost with io_uring. The echo of `floor-epoll`, with one `io_uring_enter` per turn of
//! the loop. It is no server to use. `floor-uring --probe` tests whether it can run here.

#![allow(unsafe_code, reason = "the kernel shares memory with us")]

mod pool;
mod ring;

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use bench_peers::{echo, port, wanted, welcome};
use io_uring::cqueue;
use socket2::{Domain, Socket, Type};

use ring::{About, Ring};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The backlog of other servers.
const BACKLOG: i32 = 1024;

fn main() -> ExitCode {
    let ring = match Ring::new() {
        Ok(ring) => ring,
        Err(error) => {
            eprintln!("floor-uring: io_uring cannot be used here ({error}); it takes Linux 6.12 and the right to use it");
            return ExitCode::FAILURE;
        }
    };
    if std::env::args().nth(1).is_some_and(|word| word == "--probe") {
        return ExitCode::SUCCESS;
    }
    match listen(port()).and_then(|listener| Server::new(ring, listener).run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floor-uring: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A blocking listener, since the ring does not wait for a non-blocking one. Its connections inherit the option.
fn listen(port: u16) -> io::Result<Socket> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    listener.set_tcp_nodelay(true)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
    listener.listen(BACKLOG)?;
    Ok(listener)
}

struct Server {
    ring: Ring,
    listener: Socket,
    /// Connections by slot.
    connections: Vec<Connection>,
    /// The sends of this turn.
    sends: Vec<Send>,
    /// Whether no connection is accepted until another one ends.
    is_full: bool,
    /// Whether an answer waits for the end of a send of this turn.
    is_behind: bool,
}

/// A connection, or the free slot of an earlier one.
#[derive(Default)]
struct Connection {
    /// Whether the upgrade was answered.
    is_open: bool,
    /// Whether a send is under way. Only one is at a time, since a short send must not be overtaken.
    sends: bool,
    /// Whether the client has ended its stream.
    has_ended: bool,
    /// Received bytes that are not answered yet.
    part: Vec<u8>,
    /// Bytes that the kernel takes as soon as it has room.
    unsent: Vec<u8>,
}

/// Bytes that must not move during a turn.
struct Send {
    slot: u32,
    bytes: *const [u8],
    /// Their owner, if they are not in the pool.
    _keeper: Option<Vec<u8>>,
}

impl Server {
    fn new(ring: Ring, listener: Socket) -> Self {
        Self { ring, listener, connections: Vec::new(), sends: Vec::new(), is_full: false, is_behind: false }
    }

    fn run(mut self) -> io::Result<()> {
        self.ring.accept(self.listener.as_raw_fd())?;
        let mut completions = Vec::new();
        loop {
            self.ring.turn(!std::mem::take(&mut self.is_behind), &mut completions)?;
            self.finish_sends(&completions)?;
            for completion in completions.drain(..) {
                match About::of(&completion) {
                    About::Accept => self.accepted(&completion)?,
                    About::Receive(slot) => self.received(slot, &completion)?,
                    About::Rest(slot) => self.sent(slot)?,
                    About::Send(_) | About::Other => {}
                }
            }
        }
    }

    /// Ends the sends of the last turn. Most have succeeded without a completion. The others report how much they have sent.
    fn finish_sends(&mut self, completions: &[cqueue::Entry]) -> io::Result<()> {
        for completion in completions {
            let About::Send(at) = About::of(completion) else { continue };
            let send = &self.sends[at as usize];
            let sent = completion.result();
            if sent >= 0 || sent == -libc::EAGAIN {
                // SAFETY: the owner of the bytes still exists.
                let bytes = unsafe { &*send.bytes };
                let connection = &mut self.connections[send.slot as usize];
                connection.unsent = bytes[sent.max(0) as usize..].to_vec();
                // SAFETY: nothing touches `unsent` until the completion.
                unsafe { self.ring.send_patiently(send.slot, &raw const connection.unsent[..])? };
            }
        }
        let mut sends = std::mem::take(&mut self.sends);
        self.ring.pool.reuse();
        for Send { slot, .. } in sends.drain(..) {
            if self.connections[slot as usize].unsent.is_empty() {
                self.sent(slot)?;
            }
        }
        if self.sends.is_empty() {
            // Keeps its memory.
            self.sends = sends;
        }
        Ok(())
    }

    fn accepted(&mut self, completion: &cqueue::Entry) -> io::Result<()> {
        if let Ok(slot) = u32::try_from(completion.result()) {
            if self.connections.len() <= slot as usize {
                self.connections.resize_with(slot as usize + 1, Connection::default);
            }
            self.ring.receive(slot)?;
        }
        if cqueue::more(completion.flags()) {
            return Ok(());
        }
        self.is_full = completion.result() == -libc::ENFILE;
        if self.is_full { Ok(()) } else { self.ring.accept(self.listener.as_raw_fd()) }
    }

    fn received(&mut self, slot: u32, completion: &cqueue::Entry) -> io::Result<()> {
        let came = completion.result();
        if let Some(id) = cqueue::buffer_select(completion.flags()) {
            self.take(slot, id, came.max(0) as usize, !cqueue::buffer_more(completion.flags()))?;
        }
        if cqueue::more(completion.flags()) {
            return Ok(());
        }
        if came > 0 || came == -libc::ENOBUFS {
            return self.ring.receive(slot);
        }
        self.connections[slot as usize].has_ended = true;
        self.close_if_over(slot)
    }

    /// Answers out of the buffer that has the received bytes, or keeps them for later.
    fn take(&mut self, slot: u32, id: u16, came: usize, is_full: bool) -> io::Result<()> {
        let connection = &mut self.connections[slot as usize];
        let bytes = self.ring.pool.came(id, came, is_full);
        if connection.sends || !connection.is_open || !connection.part.is_empty() {
            connection.part.extend_from_slice(bytes);
            self.is_behind |= connection.sends;
            return self.proceed(slot);
        }
        let echo = echo(bytes);
        if echo.taken < came {
            let rest = &bytes[echo.taken..];
            connection.part.reserve_exact(wanted(rest).min(1 << 20));
            connection.part.extend_from_slice(rest);
        }
        let bytes = &raw const bytes[echo.answer];
        self.send(slot, bytes, None, echo.ends)
    }

    /// Answers the bytes that a connection has kept.
    fn proceed(&mut self, slot: u32) -> io::Result<()> {
        let connection = &mut self.connections[slot as usize];
        if connection.sends || connection.part.is_empty() {
            return Ok(());
        }
        if !connection.is_open {
            let Some((answer, length)) = welcome(&connection.part) else { return Ok(()) };
            connection.is_open = true;
            connection.part = connection.part.split_off(length);
            self.is_behind |= !connection.part.is_empty();
            return self.send(slot, &raw const answer[..], Some(answer), false);
        }
        let echo = echo(&mut connection.part);
        if echo.taken == 0 {
            return Ok(());
        }
        let rest = connection.part[echo.taken..].to_vec();
        let bytes = std::mem::replace(&mut connection.part, rest);
        self.send(slot, &raw const bytes[echo.answer], Some(bytes), echo.ends)
    }

    fn send(&mut self, slot: u32, bytes: *const [u8], keeper: Option<Vec<u8>>, is_last: bool) -> io::Result<()> {
        if !bytes.is_empty() {
            self.connections[slot as usize].sends = true;
            // SAFETY: the owner stays among the sends until the turn is over.
            unsafe { self.ring.send(slot, bytes, self.sends.len() as u32)? };
            self.sends.push(Send { slot, bytes, _keeper: keeper });
        }
        if is_last { self.ring.stop_receiving(slot) } else { Ok(()) }
    }

    /// Handles the end of a send.
    fn sent(&mut self, slot: u32) -> io::Result<()> {
        let connection = &mut self.connections[slot as usize];
        connection.sends = false;
        connection.unsent = Vec::new();
        self.proceed(slot)?;
        self.close_if_over(slot)
    }

    fn close_if_over(&mut self, slot: u32) -> io::Result<()> {
        let connection = &mut self.connections[slot as usize];
        if !connection.has_ended || connection.sends {
            return Ok(());
        }
        *connection = Connection::default();
        self.ring.close(slot)?;
        if std::mem::take(&mut self.is_full) { self.ring.accept(self.listener.as_raw_fd()) } else { Ok(()) }
    }
}
