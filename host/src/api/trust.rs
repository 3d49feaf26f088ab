//! Which users a process believes: those that could have made a folder or a socket in its place.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITE: u32 = 0o020;
/// In a folder with this bit, a file is renamed and removed by its owner alone.
const STICKY: u32 = 0o1000;
const ROOT: u32 = 0;

/// The users that a process believes: itself, root, and for root perhaps the owner of a server's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trusted {
    me: u32,
    owner: u32,
}

impl Trusted {
    /// Checks a folder. `parent` is the folder that it lies in, if that can be looked at.
    ///
    /// Root asks servers of other users, as those that a service manager starts. It believes the owner of their folder, if the folder
    /// lies where strangers could not have put it.
    ///
    /// # Errors
    /// The folder is a link, another user's, or one that every user may write to.
    pub fn of(me: u32, folder: &Metadata, parent: Option<&Metadata>) -> io::Result<Self> {
        if folder.is_symlink() {
            return Err(denied("its folder is a link, which another user may have made: name the folder itself"));
        }
        if !folder.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        if folder.mode() & (OTHERS_WRITE | STICKY) == OTHERS_WRITE {
            return Err(denied("every user may write to its folder: `chmod o-w` it"));
        }
        let owner = folder.uid();
        let is_placed = || parent.is_some_and(|parent| parent.uid() == ROOT && parent.mode() & (GROUP_WRITE | OTHERS_WRITE) == 0);
        if owner == me || owner == ROOT || me == ROOT && is_placed() {
            return Ok(Self { me, owner });
        }
        Err(denied(format!("its folder belongs to another user (uid {owner})")))
    }

    /// Whether this user is one of them.
    pub fn include(self, uid: u32) -> bool {
        uid == self.me || uid == ROOT || self.me == ROOT && uid == self.owner
    }
}

/// Checks the folder of a socket for a process that asks.
///
/// # Errors
/// As [`Trusted::of`], or there is no such folder.
pub fn check(folder: &Path) -> io::Result<Trusted> {
    // The real path: the folder may be named as `.`, whose parent is not in its name.
    let parent = folder.canonicalize().ok().and_then(|folder| folder.parent()?.metadata().ok());
    Trusted::of(me(), &folder.symlink_metadata()?, parent.as_ref())
}

/// Makes the folder of a server's socket, private to its owner, or checks an existing one.
///
/// # Errors
/// As [`Trusted::of`], or the folder cannot be made.
pub fn prepare(folder: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A server, root's too, puts its socket into a folder of its own.
    Trusted::of(me(), &folder.symlink_metadata()?, None).map(drop)
}

/// The folder of this socket.
pub fn folder_of(socket: &Path) -> &Path {
    socket.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The user whose rights this process has.
fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// An error of trust.
pub fn denied(reason: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, reason.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder with this mode, as a file of the one who runs the test.
    fn folder(mode: u32) -> (tempfile::TempDir, Metadata) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
        let metadata = folder.path().symlink_metadata().expect("the folder is there");
        (folder, metadata)
    }

    /// Whether a process of this user believes a folder of the one who runs the test.
    fn trusted(user: u32, mode: u32, parent_mode: u32) -> Option<Trusted> {
        let (_folder, metadata) = folder(mode);
        let (_parent, parent) = folder(parent_mode);
        Trusted::of(user, &metadata, Some(&parent)).ok()
    }

    #[test]
    fn a_folder_that_every_user_may_write_to_is_refused_unless_it_keeps_owners_apart() {
        for mode in [0o777, 0o702, 0o703] {
            assert_eq!(trusted(me(), mode, 0o755), None, "{mode:o}");
        }
        for mode in [0o700, 0o755, 0o770, 0o1777] {
            assert!(trusted(me(), mode, 0o755).is_some(), "{mode:o}");
        }
    }

    #[test]
    fn a_link_is_refused_whatever_it_leads_to() {
        let (folder, _) = folder(0o700);
        let link = folder.path().join("link");
        symlink(folder.path(), &link).expect("a link can be made");
        let error = check(&link).expect_err("a link is refused");
        assert!(error.to_string().contains("is a link"), "{error}");
        assert!(prepare(&link).is_err() && check(folder.path()).is_ok() && prepare(folder.path()).is_ok());
    }

    #[test]
    fn a_file_is_no_folder() {
        let (folder, _) = folder(0o700);
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("the folder takes a file");
        assert_eq!(check(&file).expect_err("a file is refused").kind(), ErrorKind::NotADirectory);
    }

    #[test]
    fn the_folder_of_another_user_is_refused() {
        let stranger = me() + 1;
        assert_eq!(trusted(stranger, 0o755, 0o755).is_some(), me() == ROOT, "all believe root");
    }

    #[test]
    fn root_believes_the_owner_of_a_folder_that_only_root_could_have_placed() {
        let (metadata, parent) = (&folder(0o700).1, &Path::new("/").metadata().expect("there is a root folder"));
        let trusted = Trusted::of(ROOT, metadata, Some(parent)).expect("it is placed well");
        assert!(trusted.include(metadata.uid()) && trusted.include(ROOT) && !trusted.include(metadata.uid() + 1));
        if metadata.uid() != ROOT {
            assert!(Trusted::of(ROOT, metadata, Some(&folder(0o1777).1)).is_err());
            assert!(Trusted::of(ROOT, metadata, None).is_err());
        }
    }

    #[test]
    fn another_user_is_not_believed() {
        let trusted = Trusted { me: 1000, owner: 1000 };
        assert!(trusted.include(1000) && trusted.include(ROOT) && !trusted.include(1001));
        let by_root = Trusted { me: 1000, owner: ROOT };
        assert!(by_root.include(1000) && !by_root.include(1001));
        let root = Trusted { me: ROOT, owner: 1000 };
        assert!(root.include(1000) && !root.include(1001));
    }
}
