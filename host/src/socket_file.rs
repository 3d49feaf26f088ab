//! The file of a Unix socket that listens: made with its mode and owner, and removed at the end.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde::{Deserialize, Serialize};
use socket2::{Domain, SockAddr, Socket, Type};

/// A file that this process has made. Dropping it removes it, unless another process has replaced it by then.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    id: FileId,
    is_left: Arc<AtomicBool>,
}

/// Identifies a file: device and inode. The listener keeps the inode from being used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId(u64, u64);

/// The user and the group of a file; `None` leaves them as they are.
pub type Owner = (Option<u32>, Option<u32>);

/// Listens at a path where nothing is. Nobody can connect before the socket listens, and then its file has its mode and owner. A
/// process-wide umask would give the wrong mode to files that other threads make meanwhile.
///
/// # Errors
/// The socket cannot be made, or its file cannot be given to that owner.
pub fn listen(path: &Path, mode: u32, (user, group): Owner, backlog: i32) -> io::Result<(UnixListener, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile { path: path.to_owned(), id: FileId::of(path)?, is_left: Arc::default() };
    file.give((mode, (user, group)))?;
    socket.listen(backlog)?;
    socket.set_nonblocking(true)?;
    Ok((UnixListener::from(OwnedFd::from(socket)), file))
}

/// The socket at a path, or none if nothing is there.
///
/// # Errors
/// Something else has this name, or it cannot be looked at.
pub fn find(path: &Path) -> io::Result<Option<FileId>> {
    match path.symlink_metadata() {
        Ok(found) if found.file_type().is_socket() => Ok(Some(FileId(found.dev(), found.ino()))),
        Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "something that is no socket has this name")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes the socket at this path, if it is still this one.
///
/// # Errors
/// It is another one by now: `AddrInUse`; or it cannot be removed.
pub fn remove(path: &Path, id: FileId) -> io::Result<()> {
    match FileId::of(path) {
        Ok(now) if now != id => return Err(ErrorKind::AddrInUse.into()),
        _ => {}
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl FileId {
    /// The file at a path, which is no link to it.
    ///
    /// # Errors
    /// Nothing is there, or it cannot be looked at.
    pub fn of(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        Ok(Self(found.dev(), found.ino()))
    }
}

impl SocketFile {
    /// The file of a socket that another process has made and hands over. It is that process's own until `is_left` is set to false.
    pub fn handed_over(path: &Path, id: FileId) -> Self {
        Self { path: path.to_owned(), id, is_left: Arc::new(AtomicBool::new(true)) }
    }

    /// Gives the file this mode and owner.
    ///
    /// # Errors
    /// Only root gives a file to another user.
    pub fn give(&self, (mode, (user, group)): (u32, Owner)) -> io::Result<()> {
        std::fs::set_permissions(&self.path, Permissions::from_mode(mode))?;
        if user.is_some() || group.is_some() {
            std::os::unix::fs::lchown(&self.path, user, group)?;
        }
        Ok(())
    }

    /// Moves the file to another path, in place of the file there.
    ///
    /// # Errors
    /// The file cannot be moved.
    pub fn move_to(&mut self, path: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, path)?;
        path.clone_into(&mut self.path);
        Ok(())
    }

    /// The file itself, whatever its path.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True once the file is left to another process, which removes it. The caller sets it.
    pub fn is_left(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_left)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if !self.is_left.load(Relaxed) {
            // An error means that the file is gone already, or another process's.
            let _ = remove(&self.path, self.id);
        }
    }
}
