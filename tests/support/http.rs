//! HTTP and WebSocket frames by hand, for input that a well-behaved client cannot send.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A connection that can send any bytes.
pub struct Raw {
    pub(super) stream: BufReader<TcpStream>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, if it was read.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

impl Raw {
    /// Connects to `127.0.0.1:40123`.
    pub fn connect(address: &str) -> Self {
        Self::over(TcpStream::connect(address).expect("the host accepts connections"))
    }

    /// Connects to a Unix socket.
    pub fn connect_unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the host accepts connections");
        // The same calls read and write either.
        Self::over(OwnedFd::from(stream).into())
    }

    fn over(stream: TcpStream) -> Self {
        // With this timeout a bug fails a test and does not hang it.
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("the socket has a timeout");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("the socket has a timeout");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends bytes.
    pub fn says(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the connection takes bytes");
    }

    /// Repeats the same bytes until the connection takes no more for a while, or until `most` bytes are sent. Returns the number
    /// of sent bytes.
    pub fn floods(&mut self, bytes: &[u8], at_most: usize) -> usize {
        let stream = self.stream.get_mut();
        stream.set_write_timeout(Some(Duration::from_secs(1))).expect("the socket has a timeout");
        let mut sent = 0;
        while sent < at_most {
            match stream.write_all(bytes) {
                Ok(()) => sent += bytes.len(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("the connection is held back, not {error}"),
            }
        }
        sent
    }

    /// Waits for the end of the connection, by a FIN or a reset, before which no byte may arrive.
    pub fn is_ended(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection ends, not {error}"),
            _ => assert_eq!(rest, [0; 0], "nothing comes before the end"),
        }
    }

    /// The head of the answer.
    pub fn head(&mut self) -> Answer {
        let status = self.line();
        let status = status
            .strip_prefix("HTTP/1.1 ")
            .or_else(|| status.strip_prefix("HTTP/1.0 "))
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .expect("a status line");
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Answer { status, headers, body: Vec::new() };
            }
            let (name, value) = line.split_once(':').expect("a header has a colon");
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The answer, its body up to the end of the connection.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        self.stream.read_to_end(&mut answer.body).expect("the connection ends in order");
        answer
    }

    /// The answer, its body as long as it says. The connection may go on behind it.
    pub fn whole_answer(&mut self) -> Answer {
        let mut answer = self.head();
        answer.body.resize(answer.header("content-length").parse().expect("the answer has a length"), 0);
        self.stream.read_exact(&mut answer.body).expect("the body is whole");
        answer
    }

    /// Waits for the first byte of the answer, without reading it.
    pub fn is_answered(&mut self) {
        let come = self.stream.get_ref().peek(&mut [0]).expect("an answer comes");
        assert_eq!(come, 1, "an answer comes, not the end");
    }

    /// Whether the connection ends without another byte.
    pub fn ends(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line comes");
        line.strip_suffix("\r\n").expect("the line ends").to_owned()
    }

    /// The next frame: its first byte and its payload.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).expect("a frame comes");
        let more = match head[1] {
            0..126 => 0,
            126 => 2,
            127 => 8,
            128.. => panic!("a server's frame is not masked"),
        };
        let mut len = [0; 8];
        len[7] = if more == 0 { head[1] } else { 0 };
        self.stream.read_exact(&mut len[8 - more..]).expect("the header is whole");
        let mut payload = vec![0; usize::try_from(u64::from_be_bytes(len)).expect("it fits into memory")];
        self.stream.read_exact(&mut payload).expect("the frame is whole");
        (head[0], payload)
    }

    /// The next frame, which must be a text.
    pub fn hears(&mut self) -> String {
        let (first, payload) = self.frame();
        assert_eq!(first, 0x81, "a text comes next");
        String::from_utf8(payload).expect("a text is UTF-8")
    }

    /// The code and reason of the next frame, which must be a close frame.
    pub fn is_closed(&mut self) -> (u16, String) {
        let (first, payload) = self.frame();
        assert_eq!(first, 0x88, "a close frame comes next");
        (u16::from_be_bytes([payload[0], payload[1]]), String::from_utf8_lossy(&payload[2..]).into_owned())
    }
}

/// A short text frame of a client, masked with zeros.
pub fn text_frame(text: &str) -> Vec<u8> {
    let len = u8::try_from(text.len()).ok().filter(|len| *len < 126).expect("the text is short");
    [&[0x81, 0x80 | len, 0, 0, 0, 0], text.as_bytes()].concat()
}

/// Sends one request and reads the answer to the end of the connection.
pub fn ask(address: &str, request: &str) -> Answer {
    let mut raw = Raw::connect(address);
    raw.says(request.as_bytes());
    raw.answer()
}

/// A request without a body, such as `GET /`, that asks for the end of the connection.
pub fn request(method_and_path: &str) -> String {
    format!("{method_and_path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// The upgrade request of RFC 6455 §1.3 for this path, with changes: `(name, "")` removes a header, any other value sets it.
pub fn upgrade(path: &str, changes: &[(&str, &str)]) -> String {
    let mut headers = vec![
        ("Host", "server.example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];
    for (name, value) in changes {
        headers.retain(|(header, _)| header != name);
        headers.extend((!value.is_empty()).then_some((*name, *value)));
    }
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\n{headers}\r\n")
}

/// The standard's answer to that request's key.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
