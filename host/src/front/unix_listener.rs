//! A Unix socket for clients: its file takes the place of one that a process has left behind.

use std::io::{self, ErrorKind};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use nix::unistd::{Group, User};

use super::given::Given;
use crate::error::Error;
use crate::socket_file::{self, Owner, SocketFile};

/// Connections that wait in the kernel until they are accepted.
const BACKLOG: i32 = 4096;

/// Listens at a path. A socket that nobody listens at any more is replaced, and one that is handed over goes on.
///
/// # Errors
/// Another process listens there, something else has the name, the owner is unknown, or the file cannot be made.
pub fn listen(path: &Path, mode: u32, owner: Option<&str>, given: &mut Given) -> Result<(UnixListener, SocketFile), Error> {
    let failed = |problem: String| Error::UnixSocket { path: path.to_owned(), problem };
    let owner = owner.map_or(Ok((None, None)), find_owner).map_err(failed)?;
    if let Some((socket, file)) = given.unix(path) {
        file.give((mode, owner)).map_err(|error| failed(explain(&error)))?;
        return Ok((socket, file));
    }
    make_way(path).and_then(|()| socket_file::listen(path, mode, owner, BACKLOG)).map_err(|error| failed(explain(&error)))
}

/// Removes a socket that nobody listens at.
fn make_way(path: &Path) -> io::Result<()> {
    let Some(before) = socket_file::find(path)? else { return Ok(()) };
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket_file::remove(path, before),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        _ => Err(ErrorKind::AddrInUse.into()),
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => "another process listens there. Stop it, or choose another path".into(),
        ErrorKind::NotFound => "its folder does not exist. Make it first".into(),
        ErrorKind::PermissionDenied => {
            "permission denied. This user must be allowed to write to its folder, and only root gives a file to another user"
                .into()
        }
        _ => error.to_string(),
    }
}

/// Reads `USER`, `USER:GROUP` or `:GROUP`, each a name or a number.
fn find_owner(text: &str) -> Result<Owner, String> {
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let user = id(user, |name| User::from_name(name).ok().flatten().map(|user| user.uid.as_raw()));
    let group = id(group, |name| Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw()));
    let user = user.map_err(|name| format!("this machine has no user {name:?}"))?;
    let group = group.map_err(|name| format!("this machine has no group {name:?}"))?;
    Ok((user, group))
}

fn id(text: &str, find: impl Fn(&str) -> Option<u32>) -> Result<Option<u32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().ok().or_else(|| find(text)).map(Some).ok_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    fn problem(path: &Path, owner: Option<&str>) -> String {
        listen(path, 0o600, owner, &mut Given::default()).map(drop).expect_err("it is refused").to_string()
    }

    #[test]
    fn the_file_has_its_mode_and_goes_with_the_socket() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        let me = rustix::process::geteuid().as_raw();
        let listening = listen(&path, 0o620, Some(&me.to_string()), &mut Given::default()).expect("it listens");
        let found = path.metadata().expect("the file is there");
        assert_eq!((found.permissions().mode() & 0o777, found.uid()), (0o620, me));
        drop(listening);
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_that_nobody_listens_at_is_replaced_and_another_process_keeps_its_own() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        drop(UnixListener::bind(&path).expect("the folder takes a socket"));
        assert!(path.exists(), "the standard library leaves the file");
        let listening = listen(&path, 0o600, None, &mut Given::default()).expect("it takes the place");
        assert!(problem(&path, None).contains("another process listens there"));
        assert!(UnixStream::connect(&path).is_ok());
        // The one that ends leaves the file of its successor alone.
        std::fs::remove_file(&path).expect("the file is there");
        let successor = listen(&path, 0o600, None, &mut Given::default()).expect("nothing is there");
        drop(listening);
        assert!(path.exists());
        drop(successor);
    }

    #[test]
    fn a_path_that_cannot_be_used_is_told_with_what_to_do() {
        let folder = folder();
        let path = folder.path().join("a.sock");
        assert!(problem(&folder.path().join("none/a.sock"), None).contains("its folder does not exist"));
        assert!(problem(&path, Some("no-such-user")).contains("no user \"no-such-user\""));
        assert!(problem(&path, Some(":no-such-group")).contains("no group \"no-such-group\""));
        std::fs::write(&path, "data").expect("the folder takes a file");
        assert!(problem(&path, None).contains("something that is no socket"));
        assert_eq!(std::fs::read(&path).expect("the file is there"), b"data");
        assert_eq!(find_owner("root"), Ok((Some(0), None)));
        assert_eq!(find_owner(":root"), Ok((None, Some(0))));
        assert_eq!(find_owner("7:8"), Ok((Some(7), Some(8))));
    }
}
