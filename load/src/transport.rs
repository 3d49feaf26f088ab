//! The transport of a connection: a socket, with or without TLS.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use rustls::ClientConnection;

use super::tls::{self, Tls};

/// The most bytes of one read: two of the largest usual messages.
const READ_BYTES: usize = 128 << 10;
/// The most that rustls reads at once, and the most that it keeps between two reads.
const RECORD_READ_BYTES: usize = 4096;
/// The reason of an end without an error.
const CLOSED: &str = "the server closed the connection";

/// A socket, with or without TLS.
#[derive(Debug)]
pub enum Transport {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS. The box keeps connections without TLS small.
    Tls(Box<Secured>),
}

/// A socket with TLS.
#[derive(Debug)]
pub struct Secured {
    socket: TcpStream,
    session: ClientConnection,
}

/// The read buffers, shared by all connections.
#[derive(Debug)]
pub struct Buffers {
    wire: Vec<u8>,
    /// The bytes that TLS has decrypted.
    plain: Vec<u8>,
}

/// The result of a read.
#[derive(Debug)]
pub struct Brought<'a> {
    /// Plaintext: everything that can be decrypted, since the poller does not report bytes that wait in the session.
    pub bytes: &'a [u8],
    /// The next step.
    pub then: Then,
}

/// The step after a read.
#[derive(Debug)]
pub enum Then {
    /// Wait: the poller reports further bytes.
    Wait,
    /// Read again.
    Read,
    /// The stream has ended, for this reason.
    Over(String),
}

impl Transport {
    /// Begins to connect. The handshake of TLS begins with the first write.
    pub fn connect(address: SocketAddr, tls: Option<&Tls>) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        Ok(match tls {
            None => Self::Plain(socket),
            Some(tls) => Self::Tls(Box::new(Secured { socket, session: tls.session()? })),
        })
    }

    /// The socket for the poller.
    pub fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(secured) => &mut secured.socket,
        }
    }

    /// Reads the socket once.
    pub fn read<'a>(&mut self, buffers: &'a mut Buffers) -> Brought<'a> {
        let Buffers { wire, plain } = buffers;
        let then = match self.socket().read(wire) {
            Ok(0) => Then::Over(CLOSED.to_owned()),
            Ok(read) => {
                // A short read has emptied the socket.
                let then = if read < wire.len() { Then::Wait } else { Then::Read };
                return match self {
                    Self::Plain(_) => Brought { bytes: &wire[..read], then },
                    Self::Tls(secured) => {
                        plain.clear();
                        let decrypted = secured.decrypt(&wire[..read], plain);
                        Brought { bytes: plain, then: decrypted.map_or_else(Then::Over, |()| then) }
                    }
                };
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Then::Wait,
            Err(error) if error.kind() == ErrorKind::Interrupted => Then::Read,
            Err(error) => Then::Over(error.to_string()),
        };
        Brought { bytes: &[], then }
    }

    /// Whether the socket has not taken all encrypted bytes.
    #[cfg(test)]
    pub fn has_unsent(&self) -> bool {
        matches!(self, Self::Tls(secured) if secured.session.wants_write())
    }

    /// Sends the end of the session, or TLS's alert. Errors are ignored, since the server may be gone.
    pub fn end(&mut self) {
        if let Self::Tls(secured) = self {
            secured.session.send_close_notify();
            let _ = secured.flush();
        }
    }
}

impl Write for Transport {
    /// Takes bytes to send. With TLS, some of them may still have to be flushed.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(secured) => secured.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(secured) => secured.flush(),
        }
    }
}

impl Secured {
    /// Takes bytes only after all earlier ones are written. So the session never keeps more than its limit, and always takes some.
    /// Until the handshake is done it keeps the upgrade request.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let taken = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes encrypted bytes, several records at a time.
    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Appends the plaintext of `ciphertext`. Bytes before an end are valid.
    fn decrypt(&mut self, mut ciphertext: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        let is_large = ciphertext.len() > RECORD_READ_BYTES;
        while !ciphertext.is_empty() {
            self.session.read_tls(&mut ciphertext).map_err(|error| error.to_string())?;
            let processed = self.session.process_new_packets();
            self.take_plaintext(plain);
            if processed.map_err(|error| tls::in_words(&error))?.peer_has_closed() {
                return Err(CLOSED.to_owned());
            }
        }
        if is_large {
            // rustls would shrink a buffer that a large record has grown at the next read, which a silent server never causes.
            let _ = self.session.read_tls(&mut Nothing);
        }
        Ok(())
    }

    fn take_plaintext(&mut self, plain: &mut Vec<u8>) {
        let mut reader = self.session.reader();
        while let Ok(bytes @ [_, ..]) = reader.fill_buf() {
            let len = bytes.len();
            plain.extend_from_slice(bytes);
            reader.consume(len);
        }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self { wire: vec![0; READ_BYTES], plain: Vec::new() }
    }
}

/// Takes `WouldBlock` as a read of no bytes.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
