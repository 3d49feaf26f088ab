//! One client's TLS session: it decrypts and encrypts, without I/O.

use std::io::{self, BufRead, IoSlice, Write};

use bytes::{Bytes, BytesMut};
use rustls::ServerConnection;

/// The most that rustls reads at once, and keeps between two reads.
const READ_BYTES: usize = 4096;

/// A TLS session after its handshake. It has no socket: its caller brings and takes the bytes.
///
/// rustls keeps at most 64 KiB of encrypted bytes that are not written, its default. They wait for a client in addition to its
/// outbox.
#[derive(Debug)]
pub struct TlsSession {
    connection: ServerConnection,
    /// Nothing more comes: the client has ended the session, or broken it.
    over: bool,
    /// The client broke the session.
    broken: bool,
}

impl TlsSession {
    /// Takes over a session of which `first` was read already. Returns `first` and all plaintext that was decrypted after it.
    /// Ciphertext that is not decrypted yet stays with the session.
    pub fn take_over(connection: ServerConnection, first: Bytes) -> (Self, Bytes) {
        let mut session = Self { connection, over: false, broken: false };
        let mut rest = BytesMut::new();
        session.take_plaintext(&mut rest);
        if rest.is_empty() {
            return (session, first);
        }
        let mut all = BytesMut::from(first);
        all.unsplit(rest);
        (session, all.freeze())
    }

    /// Decrypts `ciphertext` and appends the plaintext. A failure ends the session; the plaintext before it is valid.
    pub fn receive(&mut self, mut ciphertext: &[u8], plaintext: &mut BytesMut) {
        let is_large = ciphertext.len() > READ_BYTES;
        while !self.over && !ciphertext.is_empty() {
            let read = self.connection.read_tls(&mut ciphertext);
            let processed = self.connection.process_new_packets();
            self.take_plaintext(plaintext);
            if let Err(error) = &processed {
                tracing::debug!("the TLS session is broken: {error}");
            }
            self.broken |= processed.is_err();
            // Nothing was read: the bytes after the client's end of the session are no part of it.
            self.over |= self.broken || !matches!(read, Ok(1..));
        }
        if is_large {
            // A large record made rustls' buffer grow. It shrinks at the next read only, which an idle client does not have.
            let _ = self.connection.read_tls(&mut Nothing);
        }
    }

    fn take_plaintext(&mut self, plaintext: &mut BytesMut) {
        let mut reader = self.connection.reader();
        loop {
            match reader.fill_buf() {
                Ok([]) => return self.over = true,
                Ok(bytes) => {
                    let len = bytes.len();
                    plaintext.extend_from_slice(bytes);
                    reader.consume(len);
                }
                Err(_) => return,
            }
        }
    }

    /// Whether nothing more comes.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the client has broken the session.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Encrypts and writes as much as `socket` takes. Returns the number of bytes of plaintext that were encrypted. Some of them
    /// may not be written yet.
    pub fn write(&mut self, socket: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        while self.flush(socket)? && !slices.is_empty() {
            let encrypted = self.connection.writer().write_vectored(slices)?;
            IoSlice::advance_slices(&mut slices, encrypted);
            taken += encrypted;
        }
        Ok(taken)
    }

    /// Writes the encrypted bytes, in one vectored write as long as the socket takes them. Returns whether it took all.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        while self.has_unsent() {
            match self.connection.write_tls(socket) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Whether encrypted bytes are not written yet: the rest of a message, or a record of TLS itself.
    pub fn has_unsent(&self) -> bool {
        self.connection.wants_write()
    }

    /// Tells the client that nothing more comes from us (RFC 8446 §6.1). A fatal alert, sent or received, has ended a broken session
    /// without that (§6.2).
    pub fn end(&mut self) {
        if !self.broken {
            self.connection.send_close_notify();
        }
    }
}

/// A socket on which nothing has arrived.
struct Nothing;

impl io::Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
