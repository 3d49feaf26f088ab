//! A connection and its WebSocket.

use std::io::{self, ErrorKind, Write};

use super::message::{self, Frames};
use super::scanner::{Scanner, Seen};
use super::target::{Target, read_answer};
use super::transport::{Brought, Buffers, Then, Transport};

/// The longest answer to an upgrade request.
const MAX_HEAD: usize = 64 << 10;

/// A connection. It keeps no bytes of messages, since it sends copies of one frame.
#[derive(Debug)]
pub struct Client {
    /// Its transport.
    pub transport: Transport,
    /// Whether permessage-deflate was agreed on.
    pub compressed: bool,
    state: State,
    scanner: Scanner,
    /// Frames to send, and the number of sent bytes of the first.
    queued: usize,
    offset: usize,
    /// Control frames to send between two messages, and the number of their sent bytes.
    control: Vec<u8>,
    control_sent: usize,
}

#[derive(Debug)]
enum State {
    Connecting,
    Upgrading {
        /// The received part of the answer to the upgrade request.
        head: Vec<u8>,
        /// Whether the request offered compression.
        deflate: bool,
    },
    Open,
    /// Whether we have sent a close frame.
    Closing,
}

/// The result of a read.
#[derive(Debug, Default)]
pub struct Came {
    /// The upgrade is done.
    pub opened: bool,
    /// The number of received messages.
    pub messages: u32,
    /// The connection has ended, for this reason. An end that we asked for has no reason.
    pub over: Option<Option<String>>,
}

impl Client {
    /// Begins to connect.
    pub fn connect(target: &Target) -> io::Result<Self> {
        Ok(Self {
            transport: Transport::connect(target.address, target.tls.as_ref())?,
            compressed: false,
            state: State::Connecting,
            scanner: Scanner::default(),
            queued: 0,
            offset: 0,
            control: Vec::new(),
            control_sent: 0,
        })
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether the connection is not open yet.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting)
    }

    /// Checks whether the connection is open, and then requests the upgrade.
    pub fn ask(&mut self, target: &Target, room: usize, deflate: bool) -> io::Result<()> {
        let socket = self.transport.socket();
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        match socket.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
            other => other?,
        };
        socket.set_nodelay(true)?;
        // The buffer of a new socket takes the whole request. TLS keeps it until its handshake is done.
        self.transport.write_all(target.request(room, deflate).as_bytes())?;
        self.state = State::Upgrading { head: Vec::new(), deflate };
        Ok(())
    }

    /// Reads all available bytes.
    pub fn read(&mut self, buffers: &mut Buffers) -> Came {
        let mut came = Came::default();
        while came.over.is_none() {
            let Brought { bytes, then } = self.transport.read(buffers);
            self.take(bytes, &mut came);
            match then {
                Then::Wait => break,
                Then::Read => {}
                // The server's last answer explains more.
                Then::Over(why) if came.over.is_none() => came.over = Some(self.end(&why)),
                Then::Over(_) => {}
            }
        }
        if came.over.is_some() {
            self.transport.end();
        }
        came
    }

    fn take(&mut self, bytes: &[u8], came: &mut Came) {
        let State::Upgrading { head, deflate } = &mut self.state else { return self.take_frames(bytes, came) };
        head.extend_from_slice(bytes);
        match read_answer(head, *deflate) {
            None if head.len() > MAX_HEAD => came.over = Some(Some("the answer to the upgrade request has no end".to_owned())),
            None => {}
            Some(Err(error)) => came.over = Some(Some(error.to_string())),
            Some(Ok(welcome)) => {
                let first = head.split_off(welcome.len);
                self.state = State::Open;
                self.compressed = welcome.deflate.is_some();
                came.opened = true;
                self.take_frames(&first, came);
            }
        }
    }

    fn take_frames(&mut self, bytes: &[u8], came: &mut Came) {
        let mut seen = Seen::default();
        if let Err(why) = self.scanner.scan(bytes, &mut seen) {
            came.over = Some(Some(why.to_owned()));
        }
        came.messages += seen.messages;
        for ping in &seen.pings {
            self.control.extend(message::pong(ping));
        }
        if let Some(code) = seen.closed {
            came.over = Some(self.end(&format!("the server closed the connection with {code}")));
        }
    }

    /// The reason of an end that we have not asked for.
    fn end(&self, why: &str) -> Option<String> {
        (!matches!(self.state, State::Closing)).then(|| why.to_owned())
    }

    /// Queues messages for the next `flush`.
    pub fn queue(&mut self, messages: usize) {
        self.queued += messages;
    }

    /// Queues a close frame for the next `flush`, behind the waiting messages.
    pub fn close(&mut self) {
        self.state = State::Closing;
        self.control.extend(message::close());
    }

    /// Writes the queued frames, as far as the socket takes them.
    pub fn flush(&mut self, frames: &Frames) -> io::Result<()> {
        loop {
            // Control frames go between two messages, and a close frame behind the last.
            let control_first = self.offset == 0 && !self.control.is_empty() && self.may_send_control();
            let bytes = if control_first {
                &self.control[self.control_sent..]
            } else if self.queued > 0 {
                let copies = self.queued.min(frames.bytes.len() / frames.len);
                &frames.bytes[self.offset..copies * frames.len]
            } else {
                // TLS may still have an alert, or encrypted bytes to send.
                return self.transport.flush().or_else(in_time);
            };
            match self.transport.write(bytes) {
                Ok(written) if control_first => self.control_is_written(written),
                Ok(written) => {
                    self.queued -= (self.offset + written) / frames.len;
                    self.offset = (self.offset + written) % frames.len;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return in_time(error),
            }
        }
    }

    fn may_send_control(&self) -> bool {
        self.queued == 0 || self.control_sent > 0 || !matches!(self.state, State::Closing)
    }

    fn control_is_written(&mut self, written: usize) {
        self.control_sent += written;
        if self.control_sent == self.control.len() {
            self.control = Vec::new();
            self.control_sent = 0;
        }
    }
}

/// Takes `WouldBlock` as success: the poller reports room in the socket.
fn in_time(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::{Duration, Instant};

    use mio::{Events, Interest, Poll, Token};
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::super::message::Prepared;
    use super::super::options::Options;
    use super::*;

    fn config() -> ServerConfig {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate can be made");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for them")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("the key belongs to the certificate")
    }

    /// Accepts one client. Reads its bytes only on request, and only as many as requested.
    fn wait_then_read(listener: &TcpListener, bytes: &Receiver<usize>) {
        // The first only checks that a server listens.
        let socket = listener.incoming().nth(1).expect("connections come").expect("a connection comes");
        let session = ServerConnection::new(config().into()).expect("a session can be begun");
        let mut stream = StreamOwned::new(session, socket);
        let _ = stream.read(&mut [0; 1024]).expect("a request comes");
        let welcome = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        stream.write_all(welcome.as_bytes()).expect("the client takes an answer");
        let bytes = bytes.recv().expect("the test says how much");
        stream.read_exact(&mut vec![0; bytes]).expect("all comes");
    }

    #[test]
    fn bytes_that_tls_has_taken_and_the_socket_has_not_are_sent_later() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("wss://{}/", listener.local_addr().expect("it has an address"));
        let (tell, told) = channel();
        let server = thread::spawn(move || wait_then_read(&listener, &told));
        let target = Target::find(&Options { insecure: true, ..Options::new(url) }).expect("the server is there");
        let message = Prepared::new(60_000, true, false, 1);
        let frames = message.frames(false);

        let mut client = Client::connect(&target).expect("the connection can be begun");
        let (mut poll, mut events) = (Poll::new().expect("a poller can be made"), Events::with_capacity(8));
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(client.transport.socket(), Token(0), both).expect("it can be watched");
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut turn = |client: &mut Client| {
            assert!(Instant::now() < deadline, "something has got stuck");
            poll.poll(&mut events, Some(Duration::from_millis(50))).expect("the poller polls");
            if client.is_connecting() {
                return client.ask(&target, 0, false).expect("the server can be asked");
            }
            client.read(&mut Buffers::default());
            // The server ends after it has read everything.
            let _ = client.flush(frames);
        };
        while !client.is_open() {
            turn(&mut client);
        }
        let mut sent = 0;
        while !client.transport.has_unsent() {
            client.queue(1);
            client.flush(frames).expect("the connection is whole");
            sent += 1;
        }
        assert_eq!((client.queued, client.offset), (0, 0), "the whole last message is taken");
        tell.send(sent * frames.len).expect("the server listens");
        while !server.is_finished() {
            turn(&mut client);
        }
        server.join().expect("all has come");
    }
}
