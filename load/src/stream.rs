//! What a connection's bytes go over: a socket, with or without TLS on it.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use rustls::ClientConnection;

use super::tls::{self, Tls};

/// What one read takes: two of the largest messages that are usual.
const READ_BYTES: usize = 128 << 10;
/// rustls reads at most so much at once, and keeps as much between two reads.
const RECORD_READ_BYTES: usize = 4096;
/// What is told of an end without an error.
const CLOSED: &str = "the server closed the connection";

/// A socket, with or without TLS on it.
#[derive(Debug)]
pub enum Stream {
    /// Without.
    Plain(TcpStream),
    /// With it. In a box, for thousands of connections without TLS not to be larger for it.
    Tls(Box<Secured>),
}

/// A socket with TLS on it.
#[derive(Debug)]
pub struct Secured {
    socket: TcpStream,
    session: ClientConnection,
}

/// Where all connections put what they read, one after the other.
#[derive(Debug)]
pub struct Buffers {
    wire: Vec<u8>,
    /// What TLS has decrypted of it.
    plain: Vec<u8>,
}

/// What a read has brought.
#[derive(Debug)]
pub struct Brought<'a> {
    /// Plaintext. Whatever can be decrypted is in it, so that nothing waits in the session while the poller has nothing to tell.
    pub bytes: &'a [u8],
    /// What to do next.
    pub then: Then,
}

/// What to do after a read.
#[derive(Debug)]
pub enum Then {
    /// Nothing: the poller tells of more.
    Wait,
    /// Read again.
    Read,
    /// Nothing comes any more, for this reason.
    Over(String),
}

impl Stream {
    /// Begins to connect. The handshake of TLS begins with the first write.
    pub fn connect(address: SocketAddr, tls: Option<&Tls>) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        Ok(match tls {
            None => Self::Plain(socket),
            Some(tls) => Self::Tls(Box::new(Secured { socket, session: tls.session()? })),
        })
    }

    /// For the poller.
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
                // Less than what there was room for is all.
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

    /// Whether something is encrypted that the socket has not taken.
    #[cfg(test)]
    pub fn has_unsent(&self) -> bool {
        matches!(self, Self::Tls(secured) if secured.session.wants_write())
    }

    /// Says that nothing more comes from us, or what TLS has against the server. Who has gone need not hear it.
    pub fn end(&mut self) {
        if let Self::Tls(secured) = self {
            secured.session.send_close_notify();
            let _ = secured.flush();
        }
    }
}

impl Write for Stream {
    /// What it takes may in part still have to be flushed, with TLS.
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
    /// Takes something only when all that it took before is on its way; so the session never keeps more than its limit, and never takes
    /// nothing. Until the handshake is done it keeps the upgrade request, and sends it then.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let taken = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what is encrypted, several records at a time.
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

    /// Appends what `ciphertext` has in it. What came before an end is good.
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
            // At the next read rustls would give back what a large record has made its buffer grow by; a silent server sends none.
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

/// A socket on which nothing has come.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
