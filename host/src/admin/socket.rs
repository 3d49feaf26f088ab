//! The server's side of the admin socket.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::client::ask_within;
use super::messages::{Answer, Request};
use super::trust;
use crate::error::Error;
use crate::handle::Handle;
use crate::log::{LogThrottle, printable};
use crate::socket_file::{self, SocketFile};
use crate::swap::SwapReport;

/// The longest request, in bytes. A request is a path and a few words.
const MAX_REQUEST_BYTES: u64 = 64 << 10;
/// How long the server that has the socket may take to say whether it shuts down.
const TAKE_OVER_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait when the system has no descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const BACKLOG: i32 = 128;
/// Only the server's user may connect.
const MODE: u32 = 0o600;

/// An open admin socket. Dropping it removes its file, unless that is another server's by then.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    file: SocketFile,
}

impl AdminSocket {
    /// Opens the socket. It replaces the socket of a server that has ended or shuts down, but not the one of a running server. Call
    /// it within a tokio runtime; it blocks for at most a second.
    ///
    /// # Errors
    /// The socket cannot be opened, another server uses it, or another user could meddle with it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::AdminSocket { path: path.to_owned(), source };
        trust::prepare(trust::folder_of(path)).map_err(failed)?;
        make_way(path).map_err(failed)?;
        let (listener, file) = listen(path).map_err(failed)?;
        Ok(Self { listener, file })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Answers requests for as long as it is polled.
    pub async fn serve(self, handle: Handle) {
        let failing = LogThrottle::one("the admin socket");
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (handle, is_released) = (handle.clone(), self.file.is_left());
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &handle, &is_released).await {
                            tracing::debug!("a request on the admin socket failed: {error}");
                        }
                    });
                }
                Err(error) => {
                    if let Some(more) = failing.allows(Instant::now()) {
                        tracing::warn!("the admin socket cannot accept: {error}{more}");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Removes the socket of a server that has ended or shuts down, and nothing else.
fn make_way(path: &Path) -> io::Result<()> {
    let Some(before) = socket_file::find(path)? else { return Ok(()) };
    match ask_within(TAKE_OVER_TIMEOUT, path, &Request::TakeOver) {
        Ok(Answer::Released) => tracing::info!("the admin socket is taken over from a server that shuts down"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
        // Nobody listens, or no longer.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::UnexpectedEof | ErrorKind::NotFound) => {}
        _ => return Err(in_use()),
    }
    socket_file::remove(path, before).map_err(taken)
}

fn listen(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let (listener, file) = socket_file::listen(path, MODE, (None, None), BACKLOG).map_err(taken)?;
    Ok((UnixListener::from_std(listener)?, file))
}

fn taken(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::AddrInUse { in_use() } else { error }
}

fn in_use() -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, "another server has it")
}

async fn answer(stream: UnixStream, handle: &Handle, is_released: &AtomicBool) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(MAX_REQUEST_BYTES)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => obey(request, handle, is_released).await,
        Err(error) => Answer::Refused(format!("the request is not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn obey(request: Request, handle: &Handle, is_released: &AtomicBool) -> Answer {
    let outcome = match request {
        Request::Swap(file) => changed(handle.swap(&file).await),
        Request::SwapDiscardingState(file) => changed(handle.swap_discarding_state(&file).await),
        Request::Rollback => changed(handle.rollback().await),
        Request::RollbackDiscardingState => changed(handle.rollback_discarding_state().await),
        Request::Status => handle.status().await.map(Answer::Status),
        Request::TakeOver if handle.is_stopping() => {
            is_released.store(true, Relaxed);
            Ok(Answer::Released)
        }
        Request::TakeOver => return Answer::Refused("the server does not shut down".to_owned()),
    };
    outcome.unwrap_or_else(|error| match error {
        Error::NoHandover { .. } => Answer::NoHandover(error.to_string()),
        _ => Answer::Refused(error.to_string()),
    })
}

/// Logs a change of the release, or its refusal. Only the client of the socket gets the answer.
fn changed(outcome: Result<SwapReport, Error>) -> Result<Answer, Error> {
    match &outcome {
        Ok(SwapReport { from, to, .. }) => tracing::info!("swapped from {from} to {to}, as the admin socket asked"),
        Err(error) => tracing::warn!("not swapped, though the admin socket asked: {}", printable(&error.to_string())),
    }
    outcome.map(Answer::Swapped)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("the file is there").mode() & 0o777
    }

    #[tokio::test]
    async fn files_that_other_threads_make_meanwhile_keep_their_modes() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (socket, file) = (folder.path().join("admin.sock"), folder.path().join("file"));
        std::fs::write(&file, "").expect("the folder takes a file");
        let usual = mode(&file);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let others = scope.spawn(|| {
                let mut modes = vec![usual];
                while !is_over.load(SeqCst) {
                    std::fs::remove_file(&file).expect("the file is there");
                    std::fs::write(&file, "").expect("the folder takes a file");
                    modes.push(mode(&file));
                }
                modes
            });
            let open = |_| AdminSocket::open(&socket).map(|_opened| mode(&socket));
            let opened: Result<Vec<_>, _> = (0..2_000).map(open).collect();
            is_over.store(true, SeqCst);
            let modes = others.join().expect("the other thread makes files");
            assert!(opened.expect("the folder takes a socket").iter().all(|mode| *mode == 0o600));
            assert!(modes.iter().all(|mode| *mode == usual), "{usual:o} is usual: {modes:?}");
        });
    }
}
