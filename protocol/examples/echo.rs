//! An echo server and a client of it, over blocking sockets: `cargo run --example echo`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::BytesMut;
use ws_protocol::{
    ClientHandshake, Incoming, Message, Session, accept_key, write_close, write_masked, write_message, write_pong,
};

/// The largest message in bytes.
const LIMIT: usize = 1 << 20;
/// A real client chooses 16 random bytes for the key of each connection, and four for the mask of each frame.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener.accept()?.0));

    let mut stream = TcpStream::connect(address)?;
    let handshake = ClientHandshake { host: &address.to_string(), path: "/", key: KEY, deflate: false };
    stream.write_all(handshake.request().as_bytes())?;
    let head = read_head(&mut stream)?;
    handshake.response(&head).expect("the head is whole").map_err(io::Error::other)?;
    send(&mut stream, |out| write_message(out, true, "grüße".as_bytes()))?;
    let mut connection = Connection { stream, session: Session::client(LIMIT, None), input: BytesMut::new() };
    while let Some(event) = connection.next()? {
        println!("the client received {event:?}");
        match event {
            Incoming::Message(_) => send(&mut connection.stream, |out| write_close(out, 1000, "done"))?,
            Incoming::Ping(payload) => send(&mut connection.stream, |out| write_pong(out, &payload))?,
            Incoming::Pong(_) | Incoming::Close(_) => {}
        }
    }
    server.join().expect("the server does not panic")
}

/// One connection of the server.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    let head = String::from_utf8_lossy(&read_head(&mut stream)?).into_owned();
    // A real server has an HTTP library read the request, and checks the rules of RFC 6455 §4.2.1.
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    let accept = accept_key(key);
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    let mut connection = Connection { stream, session: Session::new(LIMIT), input: BytesMut::new() };
    while let Some(event) = connection.next()? {
        let is_end = matches!(event, Incoming::Close(_));
        let mut out = Vec::new();
        match event {
            Incoming::Message(message) => write_message(&mut out, matches!(message, Message::Text(_)), message.as_bytes()),
            Incoming::Ping(payload) => write_pong(&mut out, &payload),
            Incoming::Pong(_) => {}
            Incoming::Close(frame) => write_close(&mut out, frame.map_or(1005, |frame| frame.code), ""),
        }
        connection.stream.write_all(&out)?;
        if is_end {
            break;
        }
    }
    Ok(())
}

/// A socket, and what a session makes of its bytes.
struct Connection {
    stream: TcpStream,
    session: Session,
    input: BytesMut,
}

impl Connection {
    /// The next event, or `None` at the end of the connection.
    fn next(&mut self) -> io::Result<Option<Incoming>> {
        loop {
            if let Some(event) = self.session.receive(&mut self.input).map_err(io::Error::other)? {
                return Ok(Some(event));
            }
            let mut bytes = [0; 4096];
            let read = self.stream.read(&mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.input.extend_from_slice(&bytes[..read]);
        }
    }
}

/// Sends a client's frame.
fn send(stream: &mut TcpStream, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let (mut frame, mut masked) = (Vec::new(), Vec::new());
    write(&mut frame);
    write_masked(&mut masked, &frame, MASK);
    stream.write_all(&masked)
}

/// Reads up to the empty line that ends the head of a request or a response.
fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}
