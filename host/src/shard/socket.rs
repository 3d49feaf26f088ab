//! A client's socket, with or without TLS.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

use super::receipt::Receipt;
use super::tls::TlsSession;

/// The most that one read of a TLS connection takes. Ciphertext goes through a buffer of the shard's first.
const CIPHERTEXT_BYTES: usize = 64 << 10;
/// The most encrypted bytes that rustls keeps.
const UNSENT_BYTES: u32 = 64 << 10;

/// A TCP socket, and the TLS session over it if there is one.
#[derive(Debug)]
pub struct Socket {
    /// In a cell: tokio reads with a mutable socket only, and only then knows when a second `recv` would be in vain.
    tcp: RefCell<TcpStream>,
    tls: Option<Box<RefCell<TlsSession>>>,
}

impl Socket {
    /// A socket with or without TLS.
    pub fn new(tcp: TcpStream, tls: Option<Box<TlsSession>>) -> Self {
        Self { tcp: RefCell::new(tcp), tls: tls.map(|session| Box::new(RefCell::new(*session))) }
    }

    /// Reads the bytes that have come, with one `recv` per readiness: tokio knows that a read which did not fill the buffer
    /// has emptied the socket. 0 is the end of the client's side. `ciphertext` is the shard's, empty between two calls.
    pub fn poll_read(
        &self,
        cx: &mut Context<'_>,
        ciphertext: &RefCell<BytesMut>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let mut tcp = self.tcp.borrow_mut();
        let Some(tls) = &self.tls else { return poll_read_buf(Pin::new(&mut *tcp), cx, buffer) };
        let (mut tls, mut ciphertext) = (tls.borrow_mut(), ciphertext.borrow_mut());
        let before = buffer.len();
        // Part of a record gives no plaintext yet.
        while buffer.len() == before && !tls.is_over() {
            ciphertext.clear();
            ciphertext.reserve(CIPHERTEXT_BYTES);
            if ready!(poll_read_buf(Pin::new(&mut *tcp), cx, &mut *ciphertext))? == 0 {
                break;
            }
            tls.receive(&ciphertext, buffer);
        }
        match buffer.len() - before {
            0 if tls.is_broken() => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            read => Poll::Ready(Ok(read)),
        }
    }

    /// Writes as much as the kernel takes, in one call. A single slice is sent, which costs the kernel less than a vectored
    /// write.
    pub fn try_write(&self, slices: &mut [IoSlice<'_>]) -> io::Result<usize> {
        match (&self.tls, &*slices) {
            (None, [bytes]) => self.tcp.borrow().try_write(bytes),
            (None, _) => self.tcp.borrow().try_write_vectored(slices),
            (Some(tls), _) => tls.borrow_mut().write(&mut Plain(&self.tcp.borrow()), slices),
        }
    }

    /// Writes what TLS has encrypted. Returns whether nothing is left.
    pub fn flush_tls(&self) -> io::Result<bool> {
        self.tls.as_ref().map_or(Ok(true), |tls| tls.borrow_mut().flush(&mut Plain(&self.tcp.borrow())))
    }

    /// Whether TLS has something left to write.
    pub fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.borrow().has_unsent())
    }

    /// How much has reached the client's machine, of all that includes `queued` bytes in front of the socket. It counts as too much
    /// rather than too little, and then the next bytes make up for that. `None` where the kernel cannot tell.
    pub fn receipt(&self, queued: u32) -> Option<Receipt> {
        let mut receipt = Receipt::of(&self.tcp.borrow())?;
        let unsent = if self.has_unsent() { UNSENT_BYTES } else { 0 };
        receipt.outstanding = receipt.outstanding.saturating_add(queued).saturating_add(unsent);
        Some(receipt)
    }

    /// Resolves when the kernel takes more.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.borrow().poll_write_ready(cx)
    }

    /// Ends our side: the client reads the bytes written before, and then the end.
    pub fn shut(&self) {
        self.end();
        let _ = socket2::SockRef::from(&*self.tcp.borrow()).shutdown(Shutdown::Write);
    }

    /// Ends a TLS session in order, as far as the kernel takes it. A plain socket ends by being closed.
    pub fn end(&self) {
        if let Some(tls) = &self.tls {
            tls.borrow_mut().end();
            let _ = self.flush_tls();
        }
    }
}

/// A TCP socket as rustls writes to it.
struct Plain<'a>(&'a TcpStream);

impl io::Write for Plain<'_> {
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
