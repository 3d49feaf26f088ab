//! `ws-host run`: serves a component until it is told to stop.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use ws_host::admin::{AdminSocket, default_socket};
use ws_host::config::Instances;
use ws_host::guest::sha256;
use ws_host::{Handle, Server};

use crate::arguments::{RunArguments, Serving, Sharing};
use crate::env;
use crate::explain;
use crate::hint::Hint;
use crate::tls::Tls;
use crate::watch::Watch;

/// A start that takes longer than this is explained in the log.
const SLOW: Duration = Duration::from_secs(2);

/// Serves the file until the server ends.
///
/// # Errors
/// The component, the certificate or the server's address cannot be used.
pub fn run(arguments: RunArguments) -> anyhow::Result<()> {
    let RunArguments { file, watch, serving } = arguments;
    // `arguments::parse` ends the process if it is missing.
    let file = file.context("the component is missing")?;
    let watch = if watch { Some(Watch::file(&file)?) } else { None };
    let tls = Tls::new(serving.tls_files.clone(), false)?;
    serve(&file, serving, &tls, false, async |handle| match watch {
        Some(watch) => follow_file(watch, &file, &handle).await,
        None => std::future::pending().await,
    })
}

/// Serves the component in `file`, for `run` and `dev`. The future of `beside` runs until the server ends.
///
/// With `notices`, the page shows the text of `Handle::set_notice`.
///
/// # Errors
/// As for [`run`], or the admin socket that the user named cannot be opened.
pub fn serve(file: &Path, serving: Serving, tls: &Tls, notices: bool, beside: impl AsyncFnOnce(Handle)) -> anyhow::Result<()> {
    let begun = Instant::now();
    if let Some(settings) = &serving.settings {
        tracing::info!("settings from {}", settings.display());
    }
    let (no_page, socket) = (serving.no_page, serving.socket.clone());
    // Checked first, because without a needed secret the rest is useless.
    let env = env::variables(&serving.env)?;
    let follower = tls.follower();
    let server = explain_if_slow(file, || build(file, serving, tls, env, notices))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start an event loop")?;
    let served = runtime.block_on(async {
        // Signals are handled before the announcement, because its reader may send one at once.
        let signals = Signals::new().context("cannot listen for signals")?;
        let handle = server.handle();
        let admin = open_admin_socket(socket, server.local_addr().port())?;
        announce(file, server.local_addr(), tls, no_page);
        if let Some(line) = Hint::of(file).differs_from(server.local_addr().port()) {
            tracing::info!("{line}");
        }
        tracing::debug!("ready after {:?}", begun.elapsed());
        let admin = admin.map(|admin| tokio::spawn(admin.serve(handle.clone())));
        let following = follower.map(|follower| tokio::spawn(follower.follow(handle.clone())));
        tokio::select! {
            ended = server.run() => ended?,
            () = obey_signals(signals, file, tls, &handle) => tracing::warn!("the remaining clients are cut"),
            () = beside(handle.clone()) => {}
        }
        following.inspect(tokio::task::JoinHandle::abort);
        if let Some(admin) = admin {
            // Awaited, so that the socket's file is removed before the process ends.
            admin.abort();
            let _ = admin.await;
        }
        Ok(())
    });
    // After a second signal a thread still waits for the shards. It ends with the process.
    runtime.shutdown_background();
    served
}

/// Does the work and, if it takes longer than [`SLOW`], logs the reason: the component is being compiled.
fn explain_if_slow<T>(file: &Path, work: impl FnOnce() -> T) -> T {
    let (over, waits) = mpsc::channel::<()>();
    let file = file.display().to_string();
    std::thread::spawn(move || {
        if waits.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
            tracing::info!("{file} is being compiled; next time it comes from the cache");
        }
    });
    let done = work();
    drop(over);
    done
}

fn build(file: &Path, serving: Serving, tls: &Tls, env: Vec<(String, String)>, notices: bool) -> Result<Server, ws_host::Error> {
    let instances = match serving.instances {
        Sharing::Shared => Instances::Shared,
        Sharing::PerRoom => Instances::PerRoom,
        Sharing::PerClient => Instances::PerClient,
    };
    let mut builder = Server::builder()
        .component(file)
        .host(serving.host)
        .port(serving.port)
        .page(!serving.no_page)
        .notices(notices)
        .instances(instances)
        .proxy_protocol(serving.proxy_protocol)
        .shards(serving.shards)
        .compression(serving.compression.into())
        .limits(serving.limits.into());
    if let Some(pattern) = serving.room_path {
        builder = builder.room_path(pattern);
    }
    for origin in serving.allow_origin {
        builder = builder.allow_origin(origin);
    }
    for (name, value) in env {
        builder = builder.env(name, value);
    }
    for proxy in serving.trusted_proxy {
        builder = builder.trusted_proxy(proxy);
    }
    tls.apply(builder).build()
}

/// Opens the admin socket. A socket that the user named must open. The default one is optional: a container, for example, may
/// have no writable folder.
fn open_admin_socket(asked_for: Option<std::path::PathBuf>, port: u16) -> anyhow::Result<Option<AdminSocket>> {
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

/// Prints the server's address on stdout, in one line.
fn announce(file: &Path, address: SocketAddr, tls: &Tls, no_page: bool) {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
    let reachable = SocketAddr::new(reachable(address.ip()), address.port());
    let (http, ws) = tls.schemes();
    let page = if no_page { ws } else { http };
    let mut stdout = std::io::stdout().lock();
    // A closed stdout is ignored.
    let _ = writeln!(stdout, "{name} is served at {page}://{reachable}/ (WebSocket: {ws}://{reachable}/)");
    let _ = stdout.flush();
    if !address.ip().is_loopback() {
        tracing::info!("listening on {address}: other machines can connect");
    }
}

/// Returns an address that a browser on this machine can open.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Swaps whenever the content of the file has changed.
async fn follow_file(mut watch: Watch, file: &Path, handle: &Handle) {
    loop {
        watch.changed().await;
        let Ok(bytes) = std::fs::read(file) else { continue };
        let running = handle.status().await.map(|status| status.release.sha256);
        if running.is_ok_and(|running| running != sha256(&bytes)) {
            // `swap` has logged the error.
            let _ = swap(file, handle).await;
        }
    }
}

/// Swaps to the component in `file` and logs the result.
///
/// # Errors
/// The new component is refused; the running release goes on.
pub async fn swap(file: &Path, handle: &Handle) -> Result<(), ws_host::Error> {
    let swapped = handle.swap(file).await;
    match &swapped {
        Ok(report) => {
            let clients: usize = report.rooms.iter().map(|room| room.clients).sum();
            let pause = report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0);
            let clients = count(clients, "client", "clients");
            tracing::info!("swapped to {} with {clients} connected; the longest pause was {pause} us", file.display());
        }
        Err(error) => tracing::error!("not swapped: {error}"),
    }
    swapped.map(drop)
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The signals of Ctrl-C and of service managers.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// The request that a signal stands for.
enum Asked {
    Stop,
    Swap,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Swap,
        }
    }
}

/// SIGHUP reloads the certificate and swaps the component. The first SIGINT or SIGTERM drains the server. Returns at the second
/// one, when the remaining clients are to be cut.
async fn obey_signals(mut signals: Signals, file: &Path, tls: &Tls, handle: &Handle) {
    let mut stopping = false;
    loop {
        match signals.next().await {
            Asked::Swap if stopping => {}
            Asked::Swap => {
                let (file, tls, handle) = (file.to_owned(), tls.clone(), handle.clone());
                // A task of its own: a room may take its time, and a signal to stop must not wait for it.
                tokio::spawn(async move {
                    tls.reload(&handle).await;
                    swap(&file, &handle).await
                });
            }
            Asked::Stop if stopping => return,
            Asked::Stop => {
                stopping = true;
                let clients = count(handle.clients().len(), "client is", "clients are");
                tracing::info!("stopping: {clients} being closed; signal again to cut them");
                handle.shutdown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_client_takes_the_singular() {
        let clients = |number| count(number, "client is", "clients are");
        assert_eq!([clients(0), clients(1), clients(2)], ["0 clients are", "1 client is", "2 clients are"]);
    }
}
