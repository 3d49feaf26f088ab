//! The check of the other end of a takeover: sockets go between processes of one user, or of root.

use std::io::{self, ErrorKind};

use tokio::net::UnixStream;

use crate::succession::Successor;

const ROOT: u32 = 0;

/// The process at the other end (unix(7), SO_PEERCRED).
///
/// # Errors
/// It is neither this user's nor root's.
pub fn check(stream: &UnixStream) -> io::Result<Successor> {
    let peer = stream.peer_cred()?;
    if is_trusted(rustix::process::geteuid().as_raw(), peer.uid()) {
        return Ok(Successor { pid: peer.pid().and_then(|pid| u32::try_from(pid).ok()) });
    }
    let what = format!("the other process is another user's (uid {}): start both as one user", peer.uid());
    Err(io::Error::new(ErrorKind::PermissionDenied, what))
}

/// Whether a process of one user trusts one of another.
fn is_trusted(own: u32, theirs: u32) -> bool {
    theirs == own || theirs == ROOT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_trusts_its_own_user_and_root_alone() {
        assert!(is_trusted(1000, 1000) && is_trusted(1000, ROOT) && is_trusted(ROOT, ROOT));
        assert!(!is_trusted(1000, 1001) && !is_trusted(ROOT, 1000));
    }

    #[tokio::test]
    async fn the_other_end_is_known_by_its_process() {
        let (here, _there) = UnixStream::pair().expect("a pair can be made");
        assert_eq!(check(&here).expect("it is this user's").pid, Some(std::process::id()));
    }
}
