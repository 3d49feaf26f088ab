//! The listening sockets of one server, as one source of connections.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

/// Several listening sockets. They share all limits, since one loop accepts from them.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<TcpListener>,
    /// The next socket to accept from. They take turns, so a flood of one does not shut the others out.
    turn: usize,
}

impl Listeners {
    /// The sockets, each taken over by the current runtime.
    ///
    /// # Errors
    /// A socket cannot be used.
    pub fn new(sockets: Vec<std::net::TcpListener>) -> io::Result<Self> {
        let take_over = |socket: std::net::TcpListener| {
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        Ok(Self { sockets: sockets.into_iter().map(take_over).collect::<io::Result<_>>()?, turn: 0 })
    }

    /// The next connection. The sockets take turns.
    pub async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        for _ in 0..self.sockets.len() {
            let turn = self.turn;
            self.turn = (turn + 1) % self.sockets.len();
            if let Poll::Ready(accepted) = self.sockets[turn].poll_accept(cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_sockets_take_turns() {
        let sockets: Vec<_> = (0..2).map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let ports: Vec<_> = sockets.iter().map(|socket| socket.local_addr().expect("it is bound").port()).collect();
        let mut listeners = Listeners::new(sockets).expect("they can be used");
        let mut waiting = Vec::new();
        for port in [ports[0], ports[0], ports[0], ports[1]] {
            waiting.push(TcpStream::connect(("127.0.0.1", port)).await.expect("the backlog has room"));
        }
        let mut accepted = Vec::new();
        for _ in 0..waiting.len() {
            let (stream, _) = listeners.accept().await.expect("one waits");
            accepted.push(stream.local_addr().expect("it is connected").port());
        }
        let second = accepted.iter().position(|port| *port == ports[1]).expect("each is accepted");
        assert!(second < 2, "it is not last: {accepted:?}");
    }
}
