//! The ways into the API of a served component: the admin socket and `--api`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use ws_host::Handle;
use ws_host::api::doors::{AdminSocket, HealthDoor, TcpDoor, default_socket};
use ws_host::api::takeover::Taking;
use ws_host::api::{Api, ReloadRequest};

use super::flags::ApiFlags;
use super::tokens;
use crate::explain;
use crate::follow::Follower;
use crate::output::authority;

/// How long the last answers may take.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// The doors before the server is there.
pub struct Doors {
    socket: Option<PathBuf>,
    tcp: Option<TcpDoor>,
    health: Option<HealthDoor>,
    max_upload: usize,
    tokens: Option<Follower>,
}

/// The doors that answer requests.
pub struct OpenDoors {
    admin: Option<JoinHandle<()>>,
    tcp: Option<JoinHandle<()>>,
    health: Option<JoinHandle<()>>,
    /// Follows the file of tokens.
    following: Option<JoinHandle<()>>,
}

impl Doors {
    /// Listens at `--api` and `--health`. `socket` is the path of the admin socket, if the user names it. `has_certificate` tells whether the server can
    /// speak TLS. Doors of the server whose place this one takes go on.
    ///
    /// # Errors
    /// The address or the tokens cannot be used.
    pub fn listen(
        flags: &ApiFlags,
        socket: Option<PathBuf>,
        has_certificate: bool,
        mut taking: Option<&mut Taking>,
    ) -> anyhow::Result<Self> {
        // Before the file is read, so that no change is missed.
        let tokens = flags.token_file().and_then(tokens::follower);
        let settings = flags.settings();
        let open = |settings| TcpDoor::open(&settings, has_certificate, taking.as_deref_mut());
        let tcp = settings.map(open).transpose()?;
        let health = flags.health.as_deref().map(|place| HealthDoor::open(place, taking)).transpose()?;
        Ok(Self { socket, tcp, health, max_upload: flags.api_max_upload, tokens })
    }

    /// Opens the admin socket of the server at this port.
    ///
    /// # Errors
    /// The user named the socket, and it cannot be opened.
    pub fn open_admin_socket(&self, port: u16) -> anyhow::Result<Option<AdminSocket>> {
        open_admin_socket(self.socket.clone(), port)
    }

    /// Answers requests. Those to read the settings again go to `reloads`.
    pub fn open(self, handle: Handle, admin: Option<AdminSocket>, reloads: mpsc::Sender<ReloadRequest>) -> OpenDoors {
        let api = Api::new(handle).with_max_upload(self.max_upload).with_reloads(reloads);
        let api_for_health = api.clone();
        let file = self.tcp.as_ref().and_then(|door| door.token_file().cloned());
        let following = file.map(|file| tokio::spawn(tokens::follow(file, self.tokens)));
        let admin = admin.map(|admin| tokio::spawn(admin.serve(api.clone())));
        let tcp = self.tcp.map(|door| {
            announce(&door);
            tokio::spawn(async move {
                if let Err(error) = door.serve(api).await {
                    tracing::error!("the API is closed: {error}");
                }
            })
        });
        let health = self.health.map(|door| {
            tracing::info!("metrics and probes at http://{}/metrics, /healthz and /readyz", door.address());
            tokio::spawn(async move {
                if let Err(error) = door.serve(api_for_health).await {
                    tracing::error!("metrics and probes are not served: {error}");
                }
            })
        });
        OpenDoors { admin, tcp, health, following }
    }
}

impl OpenDoors {
    /// Waits for the last answers. The doors end with the server, and the admin socket removes its file.
    pub async fn closed(self) {
        self.following.inspect(JoinHandle::abort);
        for mut door in [self.admin, self.tcp, self.health].into_iter().flatten() {
            if tokio::time::timeout(LAST_ANSWERS, &mut door).await.is_err() {
                // Dropped, the admin socket removes its file.
                door.abort();
                let _ = door.await;
            }
        }
    }
}

/// Opens the admin socket. A socket that the user named must open. The default one is optional: a container, for example, may
/// have no writable folder.
fn open_admin_socket(asked_for: Option<PathBuf>, port: u16) -> anyhow::Result<Option<AdminSocket>> {
    let (path, must_open) = asked_for.map_or_else(|| (default_socket(port), false), |path| (path, true));
    match AdminSocket::open(&path) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if must_open => Err(error.into()),
        Err(error) => {
            tracing::warn!("`ws-host swap` and `status` will not reach this server: {}", explain::in_flags(&error));
            Ok(None)
        }
    }
}

/// Tells where the API is. A token that was made for it goes to a terminal alone: a log is kept.
fn announce(door: &TcpDoor) {
    let url = url(door);
    match door.made_token() {
        Some(token) if std::io::stdout().is_terminal() => {
            // A closed stdout is ignored.
            let _ = writeln!(std::io::stdout(), "the API is at {url}#token={token}");
        }
        Some(_) => tracing::warn!("the API is at {url}, and its token is shown to a terminal alone: give --api-token-file"),
        None => tracing::info!("the API is at {url}"),
    }
}

/// The address of the API for a browser on this machine.
fn url(door: &TcpDoor) -> String {
    let scheme = if door.is_tls() { "https" } else { "http" };
    let authority = door.addresses().first().map_or_else(String::new, |first| authority(None, *first));
    format!("{scheme}://{authority}/")
}
