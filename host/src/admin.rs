//! The admin socket: other processes see and change the release of a running server.
//!
//! It is a Unix socket that only the server's user may open (mode 0600). A connection carries one request and one answer,
//! each a line of JSON.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::error::Error;
use crate::handle::Handle;
pub use crate::shard::RoomSwap;
pub use crate::swap::{ReleaseInfo, Status, SwapReport};

/// The longest request, in bytes. A request is a path and a few words.
const MAX_REQUEST_BYTES: u64 = 64 << 10;

/// A request to a running server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Replace the component by the one in this file. The server reads the file, so the path must be absolute.
    Swap(PathBuf),
    /// Go back to the previous release.
    Rollback,
    /// Tell what runs.
    Status,
}

/// The server's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The swap or rollback is done.
    Swapped(SwapReport),
    /// The running release, and what is counted.
    Status(Status),
    /// The request was refused for this reason, and nothing has changed.
    Refused(String),
}

/// The default path of the socket of the server on this port: a file in the user's runtime folder.
pub fn default_socket(port: u16) -> PathBuf {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let folder = folder.map_or_else(
        || std::env::temp_dir().join(format!("ws-host-{}", rustix::process::getuid().as_raw())),
        |folder| PathBuf::from(folder).join("ws-host"),
    );
    folder.join(format!("{port}.sock"))
}

/// Asks a running server. Blocks until it has answered.
///
/// # Errors
/// No server listens at this socket, or it does not answer.
pub fn ask(socket: &Path, request: &Request) -> io::Result<Answer> {
    let mut stream = StdUnixStream::connect(socket)?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// An open admin socket. Dropping it removes its file.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Opens the socket. It replaces the socket of a server that has ended, but not the one of a running server. Call it within
    /// a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be opened, or another server uses it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::AdminSocket { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            prepare(folder).map_err(failed)?;
        }
        if StdUnixStream::connect(path).is_ok() {
            return Err(failed(io::Error::new(io::ErrorKind::AddrInUse, "another server has it")));
        }
        clear(path).map_err(failed)?;
        // The mask makes the socket private from its first moment.
        let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        rustix::process::umask(before);
        Ok(Self { listener: listener.map_err(failed)?, path: path.to_owned() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers requests for as long as it is polled.
    pub async fn serve(self, handle: Handle) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let handle = handle.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &handle).await {
                            tracing::debug!("a request on the admin socket failed: {error}");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!("the admin socket cannot accept: {error}");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // An error means that the file is gone already.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes the socket of a server that has ended, and nothing else.
fn clear(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket has this name")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the socket's folder, private to its owner, or checks who owns an existing one.
fn prepare(folder: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let owner = std::fs::metadata(folder)?.uid();
    if owner != rustix::process::getuid().as_raw() && owner != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "its folder belongs to another user"));
    }
    Ok(())
}

async fn answer(stream: UnixStream, handle: &Handle) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    AsyncBufReader::new(reader.take(MAX_REQUEST_BYTES)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => obey(request, handle).await,
        Err(error) => Answer::Refused(format!("the request is not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn obey(request: Request, handle: &Handle) -> Answer {
    let outcome = match request {
        Request::Swap(file) => handle.swap(&file).await.map(Answer::Swapped),
        Request::Rollback => handle.rollback().await.map(Answer::Swapped),
        Request::Status => handle.status().await.map(Answer::Status),
    };
    outcome.unwrap_or_else(|error| Answer::Refused(error.to_string()))
}
