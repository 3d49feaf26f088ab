//! The side of the admin socket that asks.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::messages::{Answer, Request};
use super::trust::{self, Trusted, denied};

/// Asks a running server. Blocks until it has answered.
///
/// # Errors
/// No server listens at this socket, or it does not answer. `PermissionDenied`: another user has made the socket or its folder, or
/// could have done so, or listens at it.
pub fn ask(socket: &Path, request: &Request) -> io::Result<Answer> {
    on_a_thread(|| exchange(socket, request))
}

/// The same, for at most this time.
///
/// # Errors
/// As [`ask`], or `TimedOut`.
pub(super) fn ask_within(time: Duration, socket: &Path, request: &Request) -> io::Result<Answer> {
    on_a_thread(|| async { tokio::time::timeout(time, exchange(socket, request)).await.unwrap_or_else(|late| Err(late.into())) })
}

/// Waits for a future on a thread of its own: the caller may be within a runtime, where nothing may block on another one.
fn on_a_thread<T: Send, F: Future<Output = io::Result<T>>>(future: impl FnOnce() -> F + Send) -> io::Result<T> {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future());
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, run)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that asks has panicked")))
    })
}

async fn exchange(socket: &Path, request: &Request) -> io::Result<Answer> {
    let trusted = trust::check(trust::folder_of(socket))?;
    check_file(socket, trusted)?;
    let mut stream = UnixStream::connect(socket).await?;
    // The folder may have changed since. This is the user that listens, whatever the names lead to (unix(7), SO_PEERCRED).
    believe(trusted, stream.peer_cred()?.uid(), "it is served by another user")?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await?;
    if answer.is_empty() {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "it has ended without an answer"));
    }
    Ok(serde_json::from_str(&answer)?)
}

fn check_file(socket: &Path, trusted: Trusted) -> io::Result<()> {
    let found = socket.symlink_metadata()?;
    if found.is_symlink() {
        return Err(denied("it is a link, which another user may have made: name the socket itself"));
    }
    believe(trusted, found.uid(), "it belongs to another user")
}

fn believe(trusted: Trusted, uid: u32, otherwise: &str) -> io::Result<()> {
    if trusted.include(uid) { Ok(()) } else { Err(denied(format!("{otherwise} (uid {uid})"))) }
}
