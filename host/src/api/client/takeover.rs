//! The request of a new process to take over from the running server.

use std::io::{self, ErrorKind};
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::exchange::{connect, on_a_thread};
use super::failure::Failure;
use crate::api::problem::Problem;
use crate::api::takeover::{PATH, PROTOCOL, Taking, check_peer};
use crate::error::Error;

/// The longest head and the longest body of an answer, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Takes over from the server at this socket. `None` if no server runs there, or it shuts down. Blocks until the listening sockets have come.
///
/// # Errors
/// The server refuses, or is another user's.
pub fn take_over(socket: &Path) -> Result<Option<Taking>, Error> {
    let asked = on_a_thread(|| async {
        let stream = ask(socket).await?;
        Ok(Taking::from_stream(stream.into_std()?)?)
    });
    match asked {
        Ok(taking) => Ok(Some(taking)),
        Err(Failure::NotAsked(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(None),
        Err(Failure::Refused(problem)) if problem.code == "stopping" => Ok(None),
        Err(failure) => Err(Error::Takeover(failure.to_string())),
    }
}

/// Asks. The descriptors come right behind the answer, so no byte is read beyond it.
async fn ask(socket: &Path) -> Result<UnixStream, Failure> {
    let mut stream = connect(socket).await?;
    // Its sockets become this process's own.
    check_peer(&stream)?;
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: {PROTOCOL}\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let head = head(&mut stream).await?;
    if head.starts_with("HTTP/1.1 101 ") {
        return Ok(stream);
    }
    let mut body = vec![0; content_length(&head).filter(|length| *length <= MAX_BYTES).ok_or_else(unexpected)?];
    stream.read_exact(&mut body).await?;
    Err(Failure::Refused(serde_json::from_slice::<Problem>(&body).map_err(|_| unexpected())?))
}

async fn head(stream: &mut UnixStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_BYTES {
            return Err(unexpected());
        }
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).map_err(|_| unexpected())
}

fn content_length(head: &str) -> Option<usize> {
    let length = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(length)
}

fn unexpected() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        "its answer is not understood: it may be of another version. Start the new server without a takeover",
    )
}
