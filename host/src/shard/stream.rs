//! How a connection reaches its client: over a socket, with or without TLS.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

use super::tls::TlsSession;

/// What one read of a TLS connection takes: its ciphertext goes through a buffer of the shard's first.
const CIPHERTEXT_BYTES: usize = 64 << 10;

/// A socket, and the TLS session if there is one.
#[derive(Debug)]
pub struct Stream {
    /// In a cell since tokio reads with a mutable socket only, and knows then when a second `recv` would be in vain.
    socket: RefCell<TcpStream>,
    tls: Option<Box<RefCell<TlsSession>>>,
}

impl Stream {
    /// A stream over this socket.
    pub fn new(socket: TcpStream, tls: Option<Box<TlsSession>>) -> Self {
        Self { socket: RefCell::new(socket), tls: tls.map(|session| Box::new(RefCell::new(*session))) }
    }

    /// Reads what has come, with one `recv` per readiness: tokio knows that a read which did not fill the buffer has emptied
    /// the socket. 0 is the end. `ciphertext` is the shard's, empty between two calls.
    pub fn poll_read(
        &self,
        cx: &mut Context<'_>,
        ciphertext: &RefCell<BytesMut>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let mut socket = self.socket.borrow_mut();
        let Some(tls) = &self.tls else { return poll_read_buf(Pin::new(&mut *socket), cx, buffer) };
        let (mut tls, mut ciphertext) = (tls.borrow_mut(), ciphertext.borrow_mut());
        let before = buffer.len();
        // A part of a record is nothing to read yet.
        while buffer.len() == before && !tls.is_over() {
            ciphertext.clear();
            ciphertext.reserve(CIPHERTEXT_BYTES);
            if ready!(poll_read_buf(Pin::new(&mut *socket), cx, &mut *ciphertext))? == 0 {
                break;
            }
            tls.receive(&ciphertext, buffer);
        }
        Poll::Ready(Ok(buffer.len() - before))
    }

    /// Writes as much as the kernel takes, in one call. One slice alone is sent, which costs the kernel less than a
    /// vectored write of one.
    pub fn try_write(&self, slices: &mut [IoSlice<'_>]) -> io::Result<usize> {
        match (&self.tls, &*slices) {
            (None, [bytes]) => self.socket.borrow().try_write(bytes),
            (None, _) => self.socket.borrow().try_write_vectored(slices),
            (Some(tls), _) => tls.borrow_mut().write(&mut Socket(&self.socket.borrow()), slices),
        }
    }

    /// Writes what TLS has still to write. Whether nothing is left.
    pub fn flush(&self) -> io::Result<bool> {
        self.tls.as_ref().map_or(Ok(true), |tls| tls.borrow_mut().flush(&mut Socket(&self.socket.borrow())))
    }

    /// Whether TLS has still something to write.
    pub fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.borrow().has_unsent())
    }

    /// Resolves when the kernel takes more.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.borrow().poll_write_ready(cx)
    }

    /// Ends our side: the client reads what was written before, and then the end.
    pub fn shut(&self) {
        self.end();
        let _ = socket2::SockRef::from(&*self.socket.borrow()).shutdown(Shutdown::Write);
    }

    /// Ends a TLS session in order, as far as the kernel takes it. A plain socket ends by being closed.
    pub fn end(&self) {
        if let Some(tls) = &self.tls {
            tls.borrow_mut().end();
            let _ = self.flush();
        }
    }
}

/// A socket as rustls writes to it.
struct Socket<'a>(&'a TcpStream);

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
