//! One client's TLS session: ciphertext in, plaintext out, and the other way round.

use std::io::{self, BufRead, IoSlice, Write};

use bytes::{Bytes, BytesMut};
use rustls::ServerConnection;

/// rustls reads at most so much at once, and keeps as much between two reads.
const READ_BYTES: usize = 4096;

/// A TLS session after its handshake. Bytes come and go through its caller: it has no socket.
///
/// rustls keeps at most 64 KiB that are encrypted and not written, its default, which is what can wait for a client beyond
/// its outbox.
#[derive(Debug)]
pub struct TlsSession {
    connection: ServerConnection,
    /// Nothing comes any more: the client has ended the session, or broken it.
    over: bool,
}

impl TlsSession {
    /// Takes over a session from who has read `first` of it. Answers that with all that is decrypted behind it; what is
    /// not decrypted yet stays with the session.
    pub fn take_over(connection: ServerConnection, first: Bytes) -> (Self, Bytes) {
        let mut session = Self { connection, over: false };
        let mut rest = BytesMut::new();
        session.take_plaintext(&mut rest);
        if rest.is_empty() {
            return (session, first);
        }
        let mut all = BytesMut::from(first);
        all.unsplit(rest);
        (session, all.freeze())
    }

    /// Decrypts what has come and appends the plaintext. Once it fails, the session is over; what came before is good.
    pub fn receive(&mut self, mut ciphertext: &[u8], plaintext: &mut BytesMut) {
        let is_large = ciphertext.len() > READ_BYTES;
        while !self.over && !ciphertext.is_empty() {
            let read = self.connection.read_tls(&mut ciphertext);
            let processed = self.connection.process_new_packets();
            self.take_plaintext(plaintext);
            if let Err(error) = &processed {
                tracing::debug!("the TLS session is broken: {error}");
            }
            // A read of nothing: what is behind the client's end of the session is no part of it.
            self.over |= processed.is_err() || !matches!(read, Ok(1..));
        }
        if is_large {
            // At the next read rustls would give back what a large record has made its buffer grow by; an idle client has none.
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

    /// Whether nothing comes any more.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Encrypts and writes as much as `socket` takes. Answers how many bytes of plaintext are encrypted; not all of them may
    /// be written yet.
    pub fn write(&mut self, socket: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        while self.flush(socket)? && !slices.is_empty() {
            let encrypted = self.connection.writer().write_vectored(slices)?;
            IoSlice::advance_slices(&mut slices, encrypted);
            taken += encrypted;
        }
        Ok(taken)
    }

    /// Writes what is encrypted, in one vectored write as long as the socket takes it. Whether it took all.
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

    /// Whether something is encrypted and not written: the rest of a message, or what TLS itself has to say.
    pub fn has_unsent(&self) -> bool {
        self.connection.wants_write()
    }

    /// Says that nothing more comes from us (RFC 8446 §6.1).
    pub fn end(&mut self) {
        self.connection.send_close_notify();
    }
}

/// A socket on which nothing has come.
struct Nothing;

impl io::Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
