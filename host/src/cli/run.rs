//! `ws-host run`: serves a component until it is told to stop.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use ws_host::more::Limits;
use ws_host::{Handle, Server};

use super::{RunArguments, Serving};

/// Serves the file.
pub fn run(arguments: RunArguments) -> anyhow::Result<()> {
    serve(&arguments.file, arguments.serving)
}

/// Serves a component in this file, as `run` and `dev` do.
pub fn serve(file: &Path, serving: Serving) -> anyhow::Result<()> {
    let begun = Instant::now();
    let limits = Limits { drain_timeout: Duration::from_secs(serving.drain), ..Limits::default() };
    let mut builder =
        Server::builder().component(file).host(serving.host).port(serving.port).page(!serving.no_page).limits(limits);
    for origin in serving.allow_origin {
        builder = builder.allow_origin(origin);
    }
    let server = builder.build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start an event loop")?;
    runtime.block_on(async {
        // Set up before the line that says where to find us: who reads it may send a signal at once.
        let signals = Signals::new().context("cannot listen for signals")?;
        announce(file, server.local_addr(), serving.no_page);
        tracing::debug!("ready after {:?}", begun.elapsed());
        let stopping = tokio::spawn(stop_on_signal(signals, server.handle()));
        server.run().await?;
        stopping.abort();
        Ok(())
    })
}

/// Says where the server is to be found, on stdout, in one line.
fn announce(file: &Path, address: SocketAddr, no_page: bool) {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
    let reachable = SocketAddr::new(reachable(address.ip()), address.port());
    let page = if no_page { "ws" } else { "http" };
    let mut stdout = std::io::stdout().lock();
    // A closed stdout is no reason not to serve.
    let _ = writeln!(stdout, "{name} is served at {page}://{reachable}/ (WebSocket: ws://{reachable}/)");
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

/// What Ctrl-C and service managers send.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The first signal drains, the second ends the process at once.
async fn stop_on_signal(mut signals: Signals, handle: Handle) {
    signals.next().await;
    tracing::info!("stopping: {} clients are being closed; once more to cut them", handle.clients().len());
    handle.shutdown();
    signals.next().await;
    tracing::warn!("cut");
    std::process::exit(0);
}
