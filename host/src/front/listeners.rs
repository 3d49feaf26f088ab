//! The listening sockets of one server, as one source of connections.

use std::future::poll_fn;
use std::io;
use std::net::TcpStream as StdTcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::bound::Bound;
use super::given::{About, Shared};
use super::listener::{Listener, Speech};
use super::source::Source;
use crate::socket_file::SocketFile;

/// Several listening sockets. They share all limits, since one loop accepts from them.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<Open>,
    /// The next socket to accept from. They take turns, so a flood of one does not shut the others out.
    turn: usize,
}

/// A connection, and what its listener is for.
#[derive(Debug)]
pub struct Accepted {
    /// A stream socket, of TCP or of Unix: both are read, written, peeked at and shut by the same calls.
    pub stream: TcpStream,
    /// Where it comes from.
    pub source: Source,
    /// The protocols of its listener.
    pub speech: Speech,
}

#[derive(Debug)]
struct Open {
    socket: Socket,
    speech: Speech,
    passed_as: Option<String>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    /// With its file, which goes when the socket does.
    Unix {
        socket: UnixListener,
        file: Option<SocketFile>,
    },
}

impl Listeners {
    /// The sockets, each taken over by the current runtime.
    ///
    /// # Errors
    /// A socket cannot be used.
    pub fn new(listeners: Vec<Listener>) -> io::Result<Self> {
        let open = |Listener { socket, speech, passed_as }| Ok(Open { socket: Socket::new(socket)?, speech, passed_as });
        Ok(Self { sockets: listeners.into_iter().map(open).collect::<io::Result<_>>()?, turn: 0 })
    }

    /// The sockets for another process, which accepts from them too.
    ///
    /// # Errors
    /// The process has no descriptors left.
    pub fn share(&self) -> io::Result<Vec<Shared>> {
        self.sockets.iter().map(Open::share).collect()
    }

    /// The next connection. The sockets take turns.
    pub async fn accept(&mut self) -> io::Result<Accepted> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        for _ in 0..self.sockets.len() {
            let turn = self.turn;
            self.turn = (turn + 1) % self.sockets.len();
            let Open { socket, speech, .. } = &self.sockets[turn];
            if let Poll::Ready(accepted) = socket.poll_accept(cx) {
                return Poll::Ready(accepted.map(|(stream, source)| Accepted { stream, source, speech: *speech }));
            }
        }
        Poll::Pending
    }
}

impl Open {
    fn share(&self) -> io::Result<Shared> {
        let (descriptor, file) = match &self.socket {
            Socket::Tcp(socket) => (socket.as_fd(), None),
            Socket::Unix { socket, file } => (socket.as_fd(), file.as_ref()),
        };
        let about = About { passed_as: self.passed_as.clone(), file: file.map(SocketFile::id), ..About::default() };
        Ok(Shared { descriptor: descriptor.try_clone_to_owned()?, about, is_left: file.map(SocketFile::is_left) })
    }
}

impl Socket {
    fn new(bound: Bound) -> io::Result<Self> {
        match bound {
            Bound::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                TcpListener::from_std(socket).map(Self::Tcp)
            }
            Bound::Unix(socket, file) => {
                socket.set_nonblocking(true)?;
                UnixListener::from_std(socket).map(|socket| Self::Unix { socket, file })
            }
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, Source)>> {
        match self {
            Self::Tcp(socket) => {
                let (stream, address) = ready!(socket.poll_accept(cx))?;
                Poll::Ready(Ok((stream, Source::tcp(address))))
            }
            Self::Unix { socket, .. } => {
                let (stream, _) = ready!(socket.poll_accept(cx))?;
                Poll::Ready(as_tcp(stream).map(|stream| (stream, Source::Unix)))
            }
        }
    }
}

/// The same socket under the type that the way of a connection has. Calls of TCP alone fail on it, and they are optional: no delay, and the
/// kernel's count of what has arrived.
fn as_tcp(stream: UnixStream) -> io::Result<TcpStream> {
    TcpStream::from_std(StdTcpStream::from(OwnedFd::from(stream.into_std()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEECH: Speech = Speech { tls: false, proxy_protocol: false, redirect: None };

    #[tokio::test]
    async fn the_sockets_take_turns() {
        let sockets: Vec<_> = (0..2).map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let ports: Vec<_> = sockets.iter().map(|socket| socket.local_addr().expect("it is bound").port()).collect();
        let sockets = sockets.into_iter().map(|socket| Listener { socket: Bound::Tcp(socket), speech: SPEECH, passed_as: None });
        let mut listeners = Listeners::new(sockets.collect()).expect("they can be used");
        let mut waiting = Vec::new();
        for port in [ports[0], ports[0], ports[0], ports[1]] {
            waiting.push(TcpStream::connect(("127.0.0.1", port)).await.expect("the backlog has room"));
        }
        let mut accepted = Vec::new();
        for _ in 0..waiting.len() {
            let Accepted { stream, .. } = listeners.accept().await.expect("one waits");
            accepted.push(stream.local_addr().expect("it is connected").port());
        }
        let second = accepted.iter().position(|port| *port == ports[1]).expect("each is accepted");
        assert!(second < 2, "it is not last: {accepted:?}");
    }

    #[tokio::test]
    async fn a_connection_of_a_unix_socket_is_peeked_at_read_written_and_shut_as_one_of_tcp() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("a.sock");
        let socket = std::os::unix::net::UnixListener::bind(&path).expect("the folder takes a socket");
        let listener = Listener { socket: Bound::Unix(socket, None), speech: SPEECH, passed_as: None };
        let mut listeners = Listeners::new(vec![listener]).expect("it can be used");
        let mut client = UnixStream::connect(&path).await.expect("it listens");
        client.write_all(b"ping").await.expect("the socket takes it");
        let Accepted { mut stream, source, .. } = listeners.accept().await.expect("one waits");
        assert_eq!(source.address().to_string(), "127.0.0.1:0");
        let mut four = [0; 4];
        assert_eq!(stream.peek(&mut four).await.expect("it is read"), 4);
        stream.read_exact(&mut four).await.expect("it is read");
        stream.write_all(&four).await.expect("the socket takes it");
        stream.shutdown().await.expect("it can be shut");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.expect("it ends in order");
        assert_eq!(heard, b"ping");
    }
}
