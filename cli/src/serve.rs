//! Serves a component until its server ends, for `ws-host run` and `ws-host dev`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::mpsc;
use ws_host::api::doors::AdminSocket;
use ws_host::api::takeover::Taking;
use ws_host::config::Listening;
use ws_host::log::printable;
use ws_host::{Builder, Handle};

use crate::api::Doors;
use crate::config_file::Settings;
use crate::explain;
use crate::follow::Follower;
use crate::hint::Hint;
use crate::notify;
use crate::output::authority;
use crate::reload::{ReadAgain, Reload};
use crate::serve_flags::ServeFlags;
use crate::signals::{self, Signals};
use crate::succession::{Before, EndedInVain};
use crate::tls::Tls;

/// A start that takes longer than this is explained in the log.
const SLOW: Duration = Duration::from_secs(2);

/// A server that lacks its component, for `ws-host run` and `dev`.
pub struct Serving {
    builder: Builder,
    tls: Tls,
    follower: Option<Follower>,
    /// Whether a browser finds a page.
    has_page: bool,
    doors: Doors,
    settings: Option<Settings>,
    /// The host that the flags name, if the server listens there.
    host: Option<String>,
    /// The port by which commands find the server, as far as the flags tell.
    port: u16,
    /// The admin socket of the running server whose place this one takes.
    replaces: Option<PathBuf>,
    /// The signals to a process that serves again.
    signals: Option<Signals>,
}

impl Serving {
    /// Configures a server by its flags and `more`. It takes the place of the one before it, if there is one.
    ///
    /// # Errors
    /// An environment variable of the guest is invalid, or is to be passed on and not set; or the API cannot be opened.
    pub fn new(
        flags: ServeFlags,
        tls: Tls,
        before: Option<Before>,
        more: impl FnOnce(Builder) -> Builder,
    ) -> anyhow::Result<Self> {
        let (mut taking, replaces, signals) =
            before.map_or((None, None, None), |Before { taking, socket, signals }| (Some(taking), socket, signals));
        if let Some(settings) = &flags.settings {
            tracing::info!("settings from {}", settings.file.display());
        }
        let has_page = !flags.no_page || flags.static_files.is_some();
        let (port, settings) = (flags.first_port(), flags.settings.clone());
        let doors = Doors::listen(&flags.api, flags.socket.clone(), !matches!(tls, Tls::Off), taking.as_mut());
        let host = flags.has_address().then(|| flags.host.clone());
        let configured = doors.and_then(|doors| Ok((doors, flags.builder()?)));
        let (doors, builder) = match (configured, taking) {
            (Ok((doors, builder)), Some(taking)) => (doors, builder.take_over(taking)),
            (Ok(configured), None) => configured,
            (Err(error), taking) => return Err(Taking::give_up(taking, error)),
        };
        let builder = tls.apply(more(builder));
        // Before the files are loaded, so that no change is missed.
        let follower = tls.follower();
        Ok(Self { builder, tls, follower, has_page, doors, settings, host, port, replaces, signals })
    }

    /// Checks the settings and listens, before the component is built: that can take long.
    ///
    /// # Errors
    /// A setting, the certificate or the server's address cannot be used.
    pub fn listen(mut self) -> anyhow::Result<Self> {
        self.builder = self.builder.listen()?;
        Ok(self)
    }

    /// Serves the component in `file` until the server ends. A reload reads the settings by `again`. The future of `beside_it` runs meanwhile.
    ///
    /// # Errors
    /// The component, the certificate or the server's address cannot be used, or the admin socket that the user named cannot be opened.
    pub fn serve(self, file: &Path, again: ReadAgain, beside_it: impl AsyncFnOnce(Handle)) -> anyhow::Result<()> {
        let begun = Instant::now();
        let Self { builder, tls, follower, has_page, doors, settings, host, port, replaces, signals } = self;
        let builder = builder.component(file);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start an event loop")?;
        // Before the other server is told that this one is ready: afterwards it would be too late to fail.
        let beside = {
            let _runtime = runtime.enter();
            replaces.as_deref().map(AdminSocket::open_beside).transpose()?
        };
        let server = explain_if_slow(file, || builder.build())?;
        let served = runtime.block_on(async {
            // Signals are handled before the announcement, because its reader may send one at once.
            let mut signals = signals.map_or_else(Signals::new, Ok).context("cannot listen for signals")?;
            let handle = server.handle();
            handle.succession().tell(|successor| notify::handed_over(successor.pid));
            let first = server.local_addrs().first().copied();
            let mut admin = match beside {
                Some(beside) => Some(beside),
                None => doors.open_admin_socket(first.map_or(port, |first| first.port()))?,
            };
            let places = server.listening().to_owned();
            let (reloads, requests) = mpsc::channel(1);
            let begin = async {
                handle.serving().await;
                if let (Some(admin), Some(path)) = (&mut admin, &replaces)
                    && let Err(error) = admin.take_place(path)
                {
                    tracing::warn!("`ws-host swap` and `status` will not reach this server: {}", explain::in_flags(&error));
                }
                announce(file, &places, host.as_deref(), has_page);
                log_reach(&places);
                if let Some(line) = first.and_then(|first| Hint::of(file).differs_from(first.port())) {
                    tracing::info!("{line}");
                }
                notify::ready();
                tracing::debug!("ready after {:?}", begun.elapsed());
                doors.open(handle.clone(), admin, reloads)
            };
            let watchdog = tokio::spawn(notify::watchdog());
            let reload = Arc::new(Reload::new((settings, again), tls, follower, file.to_owned(), handle.clone()));
            let doors = {
                // It is dropped with the remaining clients, and then the server has ended.
                let mut serving = std::pin::pin!(server.run());
                let doors = tokio::select! {
                    biased;
                    ended = &mut serving => return ended.map_err(Into::into),
                    doors = begin => doors,
                };
                tokio::select! {
                    ended = serving => ended?,
                    () = signals::obey(&mut signals, requests, &reload, &handle) => tracing::warn!("the remaining clients are cut"),
                    () = beside_it(handle.clone()) => {}
                }
                doors
            };
            reload.stop().await;
            watchdog.abort();
            doors.closed().await;
            outcome(handle, signals).await
        });
        // After a second signal a thread still waits for the shards. It ends with the process.
        runtime.shutdown_background();
        served
    }
}

/// The outcome of a server that has ended, perhaps for another process.
async fn outcome(handle: Handle, mut signals: Signals) -> anyhow::Result<()> {
    let succession = handle.succession();
    let over = tokio::select! {
        biased;
        () = signals.stop() => {
            tracing::info!("stopping: this process serves no more, whatever becomes of the other one; signal again to end at once");
            handle.shutdown();
            tokio::select! {
                over = succession.over() => over,
                () = signals.stop() => return Ok(()),
            }
        }
        over = succession.over() => over,
    };
    match over {
        Ok(()) => Ok(()),
        Err(reason) if handle.is_shut_down() => {
            tracing::warn!("{}: nobody serves, as this process was told to end", printable(&reason));
            Ok(())
        }
        Err(reason) => Err(EndedInVain { reason: printable(&reason).into_owned(), handle, signals }.into()),
    }
}

/// Does the work and, if it takes longer than [`SLOW`], logs the reason: the component is being compiled.
fn explain_if_slow<T>(file: &Path, work: impl FnOnce() -> T) -> T {
    let (over, waits) = std::sync::mpsc::channel::<()>();
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

/// Prints the server's address on stdout, in one line: the first one, or the first Unix socket of a server without addresses.
fn announce(file: &Path, places: &[Listening], host: Option<&str>, has_page: bool) {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
    let served = || places.iter().filter(|place| !place.redirects);
    let first = served().find(|place| place.address.is_some()).or_else(|| served().next());
    let Some(first) = first else { return };
    let (http, ws) = if first.tls { ("https", "wss") } else { ("http", "ws") };
    let page = if has_page { http } else { ws };
    let mut stdout = std::io::stdout().lock();
    // A closed stdout is ignored.
    let _ = match first.address {
        Some(address) => {
            let authority = authority(host, address);
            writeln!(stdout, "{name} is served at {page}://{authority}/ (WebSocket: {ws}://{authority}/)")
        }
        None => writeln!(stdout, "{name} is served at {first} (WebSocket: {ws}+{first})"),
    };
    let _ = stdout.flush();
}

/// Logs the addresses of a server that other machines can reach, and its Unix sockets.
fn log_reach(places: &[Listening]) {
    let addresses: Vec<_> = places.iter().filter_map(|place| place.address).collect();
    if !addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        tracing::info!("listening on {}: other machines can connect", addresses.join(" and "));
    }
    for place in places.iter().filter(|place| place.address.is_none() || place.redirects) {
        let purpose = if place.redirects { ", and redirecting to https://" } else { "" };
        tracing::info!("listening on {place}{purpose}");
    }
}
