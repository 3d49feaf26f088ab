//! The admin socket.

use std::io;
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};
use tower_service::Service;

use super::accepting::{Listener, accept_all};
use super::connection;
use super::succession::{self, make_way, taken};
use crate::api::caller::{Caller, Door, Right};
use crate::api::router::router;
use crate::api::service::Api;
use crate::api::trust;
use crate::error::Error;
use crate::socket_file::{self, SocketFile};

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

    /// Opens a socket that is to take the place of a running server's: its file lies beside that one until [`AdminSocket::take_place`]. Call it within a
    /// tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be opened, or another user could meddle with it.
    pub fn open_beside(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::AdminSocket { path: path.to_owned(), source };
        trust::prepare(trust::folder_of(path)).map_err(failed)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = Path::new(&beside);
        // One process takes over at a time: an earlier one that failed has left it.
        if let Some(before) = socket_file::find(beside).map_err(failed)? {
            socket_file::remove(beside, before).map_err(failed)?;
        }
        let (listener, file) = listen(beside).map_err(failed)?;
        Ok(Self { listener, file })
    }

    /// Moves the file to the path of the running server's, in one step: commands find one of the two at each moment.
    ///
    /// # Errors
    /// The file cannot be moved.
    pub fn take_place(&mut self, path: &Path) -> Result<(), Error> {
        self.file.move_to(path).map_err(|source| Error::AdminSocket { path: path.to_owned(), source })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Answers requests until the server has ended.
    pub async fn serve(self, api: Api) {
        let handle = api.handle().clone();
        let router = router(api).merge(succession::routes(handle.clone(), self.file.is_left()));
        let (caller, own) = (Caller::new("admin", Right::Admin, Door::Unix), handle.clone());
        let serve = move |stream: UnixStream| {
            let (caller, router, own) = (caller.clone(), router.clone(), own.clone());
            connection::serve(
                stream,
                async move {
                    own.ended().await;
                    false
                },
                move |mut request| {
                    request.extensions_mut().insert(caller.clone());
                    router.clone().call(request)
                },
            )
        };
        accept_all("the admin socket", handle.ended(), &self.listener, serve).await;
    }
}

impl Listener for UnixListener {
    type Connection = UnixStream;

    async fn next(&self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }
}

fn listen(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let (listener, file) = socket_file::listen(path, MODE, (None, None), BACKLOG).map_err(taken)?;
    Ok((UnixListener::from_std(listener)?, file))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

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
