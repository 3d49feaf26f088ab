//! `ws-host run`: serves a component until it is told to stop.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use ws_host::more::{AdminSocket, Instances, default_socket, sha256};
use ws_host::{Handle, Server};

use crate::arguments::{RunArguments, Serving, Sharing};
use crate::env;
use crate::hint::Hint;
use crate::tls::Tls;
use crate::watch::Watch;

/// Whoever waits for longer than this at the start wonders what for.
const SLOW: Duration = Duration::from_secs(2);

/// Serves the file.
pub fn run(arguments: RunArguments) -> anyhow::Result<()> {
    let RunArguments { file, watch, serving } = arguments;
    // Without one, `arguments::parse` has ended the process.
    let file = file.context("the component is missing")?;
    let watch = if watch { Some(Watch::file(&file)?) } else { None };
    let tls = Tls::new(serving.tls_files.clone(), false)?;
    serve(&file, serving, &tls, false, async |handle| match watch {
        Some(watch) => follow_file(watch, &file, &handle).await,
        None => std::future::pending().await,
    })
}

/// Serves a component in this file, as `run` and `dev` do, with `beside` running along until the server ends.
///
/// With `notices`, the page shows what `Handle::set_notice` says.
pub fn serve(file: &Path, serving: Serving, tls: &Tls, notices: bool, beside: impl AsyncFnOnce(Handle)) -> anyhow::Result<()> {
    let begun = Instant::now();
    if let Some(settings) = &serving.settings {
        tracing::info!("settings from {}", settings.display());
    }
    let (no_page, socket) = (serving.no_page, serving.socket.clone());
    // Before anything else, since a secret that is missing makes all that follows useless.
    let env = env::variables(&serving.env)?;
    let follower = tls.follower();
    let server = told_if_slow(file, || build(file, serving, tls, env, notices))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start an event loop")?;
    let served = runtime.block_on(async {
        // Set up before the line that says where to find us: who reads it may send a signal at once.
        let signals = Signals::new().context("cannot listen for signals")?;
        let handle = server.handle();
        let admin = open_admin_socket(socket, server.local_addr().port())?;
        announce(file, server.local_addr(), tls, no_page);
        if let Some(told) = Hint::of(file).differs_from(server.local_addr().port()) {
            tracing::info!("{told}");
        }
        tracing::debug!("ready after {:?}", begun.elapsed());
        let admin = admin.map(|admin| tokio::spawn(admin.serve(handle.clone())));
        let following = follower.map(|follower| tokio::spawn(follower.follow(handle.clone())));
        tokio::select! {
            ended = server.run() => ended?,
            () = obey_signals(signals, file, tls, &handle) => tracing::warn!("cut"),
            () = beside(handle.clone()) => {}
        }
        following.inspect(tokio::task::JoinHandle::abort);
        if let Some(admin) = admin {
            // Ended here, so that its file is gone before we are.
            admin.abort();
            let _ = admin.await;
        }
        Ok(())
    });
    // When a signal has cut it short, a thread still waits for the shards, which end with the process.
    runtime.shutdown_background();
    served
}

/// Does work that is over in no time unless a large component is compiled. Then whoever waits for it is told.
fn told_if_slow<T>(file: &Path, work: impl FnOnce() -> T) -> T {
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

/// A socket that was asked for must open. The default one is a convenience that a server can do without, in a container
/// without a writable folder say.
fn open_admin_socket(asked_for: Option<std::path::PathBuf>, port: u16) -> anyhow::Result<Option<AdminSocket>> {
    let (path, must_open) = asked_for.map_or_else(|| (default_socket(port), false), |path| (path, true));
    match AdminSocket::open(&path) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if must_open => Err(error.into()),
        Err(error) => {
            tracing::warn!("`ws-host swap` and `status` will not reach this server: {error}");
            Ok(None)
        }
    }
}

/// Says where the server is to be found, on stdout, in one line.
fn announce(file: &Path, address: SocketAddr, tls: &Tls, no_page: bool) {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
    let reachable = SocketAddr::new(reachable(address.ip()), address.port());
    let (http, ws) = tls.schemes();
    let page = if no_page { ws } else { http };
    let mut stdout = std::io::stdout().lock();
    // A closed stdout is no reason not to serve.
    let _ = writeln!(stdout, "{name} is served at {page}://{reachable}/ (WebSocket: {ws}://{reachable}/)");
    let _ = stdout.flush();
    if !address.ip().is_loopback() {
        tracing::info!("listening on {address}: other machines can connect");
    }
}

/// An address that a browser on this machine can open.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Swaps whenever the file has become another one.
async fn follow_file(mut watch: Watch, file: &Path, handle: &Handle) {
    loop {
        watch.changed().await;
        let Ok(bytes) = std::fs::read(file) else { continue };
        let running = handle.status().await.map(|status| status.release.sha256);
        if running.is_ok_and(|running| running != sha256(&bytes)) {
            // It has said in the log what there is to say.
            let _ = swap(file, handle).await;
        }
    }
}

/// Swaps, and logs what came of it. The running release goes on when the new one is refused.
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

/// What Ctrl-C and service managers send.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// What a signal asks for.
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

/// SIGHUP loads the certificate and the component again, the first signal to stop drains. Returns at the second one: what is
/// left is to be cut.
async fn obey_signals(mut signals: Signals, file: &Path, tls: &Tls, handle: &Handle) {
    let mut stopping = false;
    loop {
        match signals.next().await {
            Asked::Swap if stopping => {}
            Asked::Swap => {
                let (file, tls, handle) = (file.to_owned(), tls.clone(), handle.clone());
                // Aside, since a room may take its time and a signal to stop must not wait for that.
                tokio::spawn(async move {
                    tls.reload(&handle).await;
                    swap(&file, &handle).await
                });
            }
            Asked::Stop if stopping => return,
            Asked::Stop => {
                stopping = true;
                let clients = count(handle.clients().len(), "client is", "clients are");
                tracing::info!("stopping: {clients} being closed; once more to cut them");
                handle.shutdown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_is_not_many() {
        let clients = |number| count(number, "client is", "clients are");
        assert_eq!([clients(0), clients(1), clients(2)], ["0 clients are", "1 client is", "2 clients are"]);
    }
}
