//! A client's socket, with or without TLS.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

use bytes::BytesMut;
use rustix::io::{Errno, writev};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::receipt::Receipt;
use super::sockets::Ready;
use super::tls::TlsSession;
use crate::protocol::fill;

/// The most that one read of a TLS connection takes. Ciphertext goes through a buffer of the shard's first.
const CIPHERTEXT_BYTES: usize = 64 << 10;
/// The most encrypted bytes that rustls keeps.
const UNSENT_BYTES: u32 = 64 << 10;
/// A write to a connection that is lost is an error and no signal. Elsewhere, the standard library's sockets have an option for that.
const SEND: SendFlags = if cfg!(target_os = "linux") { SendFlags::NOSIGNAL } else { SendFlags::empty() };

/// A TCP socket, and the TLS session over it if there is one. It does not block.
#[derive(Debug)]
pub struct Socket {
    tcp: TcpStream,
    /// Whether bytes may have come that are not read.
    readable: Cell<bool>,
    /// Whether the other side sends no more, or the connection is broken. The kernel tells that once.
    ended: Cell<bool>,
    tls: Option<Box<RefCell<TlsSession>>>,
}

impl Socket {
    /// A socket with or without TLS.
    pub fn new(tcp: TcpStream, tls: Option<Box<TlsSession>>) -> Self {
        let tls = tls.map(|session| Box::new(RefCell::new(*session)));
        Self { tcp, readable: Cell::new(false), ended: Cell::new(false), tls }
    }

    /// The kernel tells that it is ready.
    pub fn note(&self, ready: Ready) {
        if ready.read {
            self.readable.set(true);
        }
        if ready.ended {
            self.ended.set(true);
        }
    }

    /// Appends the bytes that have come to `buffer`, with one `recv` for each time that the kernel tells of some: a read that does not fill the
    /// buffer has emptied the socket. Returns their number. `None` if nothing has come, and 0 at the end of the client's side. `ciphertext` is
    /// the shard's, empty between two calls.
    pub fn read(&self, ciphertext: &RefCell<BytesMut>, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        let Some(tls) = &self.tls else { return self.receive(buffer) };
        let (mut tls, mut ciphertext) = (tls.borrow_mut(), ciphertext.borrow_mut());
        let before = buffer.len();
        // Part of a record gives no plaintext yet.
        while buffer.len() == before && !tls.is_over() {
            ciphertext.clear();
            ciphertext.reserve(CIPHERTEXT_BYTES);
            match self.receive(&mut ciphertext)? {
                None => return Ok(None),
                Some(0) => break,
                Some(_) => tls.receive(&ciphertext, buffer),
            }
        }
        match buffer.len() - before {
            0 if tls.is_broken() => Err(io::ErrorKind::InvalidData.into()),
            read => Ok(Some(read)),
        }
    }

    fn receive(&self, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        if !self.readable.get() && !self.ended.get() {
            return Ok(None);
        }
        let room = buffer.capacity() - buffer.len();
        match fill(buffer, |free| Ok(recv(&self.tcp, free, RecvFlags::empty())?.0.0)) {
            Ok(read) => {
                self.readable.set(read == room);
                Ok(Some(read))
            }
            Err(Errno::AGAIN) => {
                self.readable.set(false);
                self.ended.set(false);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes as much as the kernel takes, in one call. A single slice is sent, which costs the kernel less than a vectored
    /// write.
    pub fn try_write(&self, slices: &mut [IoSlice<'_>]) -> io::Result<usize> {
        match (&self.tls, &*slices) {
            (None, [bytes]) => Ok(send(&self.tcp, bytes, SEND)?),
            (None, _) => Ok(writev(&self.tcp, slices)?),
            (Some(tls), _) => tls.borrow_mut().write(&mut &self.tcp, slices),
        }
    }

    /// Writes what TLS has encrypted. Returns whether nothing is left.
    pub fn flush_tls(&self) -> io::Result<bool> {
        self.tls.as_ref().map_or(Ok(true), |tls| tls.borrow_mut().flush(&mut &self.tcp))
    }

    /// Whether TLS has something left to write.
    pub fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.borrow().has_unsent())
    }

    /// How much has reached the client's machine, of all that includes `queued` bytes in front of the socket. It counts as too much
    /// rather than too little, and then the next bytes make up for that. `None` where the kernel cannot tell.
    pub fn receipt(&self, queued: u32) -> Option<Receipt> {
        let mut receipt = Receipt::of(&self.tcp)?;
        let unsent = if self.has_unsent() { UNSENT_BYTES } else { 0 };
        receipt.outstanding = receipt.outstanding.saturating_add(queued).saturating_add(unsent);
        Some(receipt)
    }

    /// Ends our side: the client reads the bytes written before, and then the end.
    pub fn shut(&self) {
        self.end();
        let _ = self.tcp.shutdown(Shutdown::Write);
    }

    /// Ends a TLS session in order, as far as the kernel takes it. A plain socket ends by being closed.
    pub fn end(&self) {
        if let Some(tls) = &self.tls {
            tls.borrow_mut().end();
            let _ = self.flush_tls();
        }
    }
}

impl AsRawFd for &Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.tcp.as_raw_fd()
    }
}
