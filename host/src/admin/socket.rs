//! The server's side of the admin socket.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::client::ask_within;
use super::messages::{Answer, Request};
use super::trust;
use crate::error::Error;
use crate::handle::Handle;
use crate::log::{LogThrottle, printable};
use crate::swap::SwapReport;

/// The longest request, in bytes. A request is a path and a few words.
const MAX_REQUEST_BYTES: u64 = 64 << 10;
/// How long the server that has the socket may take to say whether it shuts down.
const TAKE_OVER_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait when the system has no descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const BACKLOG: i32 = 128;

/// An open admin socket. Dropping it removes its file, unless that is another server's by then.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
    file: FileId,
    /// Whether another server has the socket now.
    is_released: Arc<AtomicBool>,
}

/// Identifies the file that a listener has made: device and inode. The listener keeps the inode from being used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

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
        let listener = listen(path).map_err(failed)?;
        let file = FileId::of(path).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), file, is_released: Arc::default() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers requests for as long as it is polled.
    pub async fn serve(self, handle: Handle) {
        let failing = LogThrottle::one("the admin socket");
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (handle, is_released) = (handle.clone(), Arc::clone(&self.is_released));
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

impl Drop for AdminSocket {
    fn drop(&mut self) {
        let is_own = || FileId::of(&self.path).is_ok_and(|found| found == self.file);
        if !self.is_released.load(Relaxed) && is_own() {
            // An error means that the file is gone already.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        Ok(Self(found.dev(), found.ino()))
    }
}

/// Removes the socket of a server that has ended or shuts down, and nothing else.
fn make_way(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => return Err(io::Error::new(ErrorKind::AlreadyExists, "something that is no socket has this name")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let before = FileId::of(path)?;
    match ask_within(TAKE_OVER_TIMEOUT, path, &Request::TakeOver) {
        Ok(Answer::Released) => tracing::info!("the admin socket is taken over from a server that shuts down"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
        // Nobody listens, or no longer.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::UnexpectedEof | ErrorKind::NotFound) => {}
        _ => return Err(in_use()),
    }
    match FileId::of(path) {
        Ok(now) if now != before => return Err(in_use()),
        _ => {}
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Listens at a path that only the owner may connect to. Nobody can connect before the socket listens, and then it has its mode. A
/// process-wide umask would give the wrong mode to files that other threads make meanwhile.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let taken = |error: io::Error| if error.kind() == ErrorKind::AddrInUse { in_use() } else { error };
    socket.bind(&SockAddr::unix(path)?).map_err(taken)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    UnixListener::from_std(std::os::unix::net::UnixListener::from(std::os::fd::OwnedFd::from(socket)))
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
