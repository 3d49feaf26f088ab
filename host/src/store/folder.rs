//! The data folder and its lock.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// The name of the database file in the data folder.
const DATABASE: &str = "ws-host.db";
/// The name of the file that the process with the database has locked. It has that process's id.
const LOCK: &str = "ws-host.lock";

/// The database file of a data folder.
pub(super) fn database_file(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// The lock on a data folder, held until it is dropped. SQLite itself would let a second process in.
#[derive(Debug)]
pub(super) struct FolderLock {
    /// The lock belongs to the open file and ends with it.
    _file: File,
}

impl FolderLock {
    /// Makes the folder if it does not exist, only for this user, and locks it.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Folder { folder: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let path = folder.join(LOCK);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: folder.to_owned(), pid: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        note_holder(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn note_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    // A full disk must not keep a database from being opened: the id is only for a message.
    let _ = writeln!(file, "{}", std::process::id());
    file.rewind()
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
