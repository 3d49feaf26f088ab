//! The set of a shard's sockets, which tells which of them are ready.
//!
//! tokio's own set has a task, an entry of 256 bytes and a waker for each socket. This one is looked at once for all sockets, by
//! the shard's driver, and an entry is a socket's slot.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use tokio::io::unix::AsyncFd;

/// Has the runtime watch a descriptor.
///
/// # Errors
/// The system's limit on watched descriptors, or on memory, is reached.
#[expect(deprecated, reason = "unsafe in its new form, for objects that close their descriptors too early: these keep them")]
pub fn watch<T: AsRawFd>(of: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(of)
}

/// The sockets that one look reports. The others are reported by the next one. Many reads in a row, and then many writes, cost less than
/// few of each in turns (`docs/decisions.md`).
pub const AT_ONCE: usize = 1024;

/// A set of sockets by the slots of their lines. A socket that is closed is out of the set.
pub struct Sockets(RefCell<(Poll, Events)>);

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sockets").field(&self.as_raw_fd()).finish()
    }
}

/// The state of a socket as the kernel tells it. Each change is told once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ready {
    /// Bytes have come, or the other side sends no more.
    pub read: bool,
    /// The other side sends no more, or the connection is broken: further reads tell that too.
    pub ended: bool,
    /// The kernel takes bytes again.
    pub write: bool,
}

impl Ready {
    fn of(event: &Event) -> Self {
        let broken = event.is_error() || event.is_write_closed();
        let ended = broken || event.is_read_closed();
        Self { read: ended || event.is_readable(), ended, write: broken || event.is_writable() }
    }
}

impl Sockets {
    /// An empty set.
    ///
    /// # Errors
    /// The system has no descriptor for it.
    pub fn new() -> io::Result<Self> {
        Ok(Self((Poll::new()?, Events::with_capacity(AT_ONCE)).into()))
    }

    /// Adds the socket of the line in a slot. Its state is reported at the next look.
    ///
    /// # Errors
    /// The system's limit on watched sockets, or on memory, is reached.
    pub fn add(&self, socket: &impl AsRawFd, slot: u32) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let (poll, _) = &*self.0.borrow();
        poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(slot as usize), interest)
    }

    /// Has `report` hear of the sockets that are ready, [`AT_ONCE`] of them at most. Returns their number. It does not wait.
    pub fn look(&self, mut report: impl FnMut(u32, Ready)) -> io::Result<usize> {
        let (poll, events) = &mut *self.0.borrow_mut();
        poll.poll(events, Some(Duration::ZERO))?;
        let mut count = 0;
        for event in &*events {
            report(event.token().0 as u32, Ready::of(event));
            count += 1;
        }
        Ok(count)
    }
}

impl AsRawFd for Sockets {
    /// The descriptor of the set. It is readable while a socket is ready.
    fn as_raw_fd(&self) -> RawFd {
        self.0.borrow().0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let client = TcpStream::connect(listener.local_addr().expect("it listens")).expect("it accepts");
        let (server, _) = listener.accept().expect("a client has connected");
        server.set_nonblocking(true).expect("a socket can be");
        (server, client)
    }

    /// Looks until a socket is ready.
    fn next(sockets: &Sockets) -> Vec<(u32, Ready)> {
        let mut seen = Vec::new();
        while seen.is_empty() {
            sockets.look(|slot, ready| seen.push((slot, ready))).expect("it looks");
            std::thread::yield_now();
        }
        seen
    }

    #[test]
    fn each_change_of_a_socket_is_told_once_by_its_slot() {
        let sockets = Sockets::new().expect("a descriptor");
        let (mut server, mut client) = pair();
        sockets.add(&server, 7).expect("it is added");
        assert_eq!(next(&sockets), [(7, Ready { write: true, ..Ready::default() })]);
        assert_eq!(sockets.look(|_, _| {}).ok(), Some(0));
        client.write_all(b"x").expect("it is connected");
        assert_eq!(next(&sockets), [(7, Ready { read: true, write: true, ended: false })]);
        assert_eq!(sockets.look(|_, _| {}).ok(), Some(0), "though nothing is read");
        drop(client);
        assert!(next(&sockets).iter().all(|(slot, ready)| (*slot, ready.read, ready.ended) == (7, true, true)));
        assert_eq!(server.read(&mut [0; 9]).ok(), Some(1));
        drop(server);
        assert_eq!(sockets.look(|_, _| {}).ok(), Some(0));
    }

    #[test]
    fn a_look_tells_of_1024_sockets_and_the_next_one_of_the_rest() {
        let sockets = Sockets::new().expect("a descriptor");
        let pairs: Vec<_> = (0..AT_ONCE + 1).map(|_| pair()).collect();
        for (slot, (server, _)) in pairs.iter().enumerate() {
            sockets.add(server, slot as u32).expect("it is added");
        }
        let mut seen = Vec::new();
        assert_eq!(sockets.look(|slot, _| seen.push(slot)).ok(), Some(AT_ONCE));
        assert_eq!(sockets.look(|slot, _| seen.push(slot)).ok(), Some(1));
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..=AT_ONCE as u32));
    }
}
