//! Reads the settings again while the server runs.

use std::path::PathBuf;

use tokio::sync::Mutex;
use ws_host::Handle;
use ws_host::api::ReloadReport;
use ws_host::log::printable;

use crate::config_file::{Keys, Settings};
use crate::explain::{in_flags, in_one_line};
use crate::follow::Follower;
use crate::log::{Logging, set_level};
use crate::notify;
use crate::remote::reload_in_words;
use crate::serve_flags::ServeFlags;
use crate::swap::{hash, swap};
use crate::tls::Tls;

/// The keys that a running server takes on.
const LIVE: [&str; 13] = [
    "accept-rate",
    "allow-http",
    "allow-http-private",
    "allow-origin",
    "drain",
    "drain-delay",
    "file",
    "handshake-timeout",
    "max-connections",
    "max-per-address",
    "quiet",
    "trusted-proxy",
    "verbose",
];
/// Those that a server with TLS takes on too.
const LIVE_WITH_TLS: [&str; 4] = ["tls-cert", "tls-client-ca", "tls-client-optional", "tls-key"];

/// The settings as they are now.
pub struct Again {
    /// The flags of the server.
    pub serving: ServeFlags,
    /// The log.
    pub logging: Logging,
    /// Whether the certificate is made for this run.
    pub self_signed: bool,
    /// The component's file, if a reload may change it.
    pub component: Option<PathBuf>,
}

/// Reads the settings. An error names the file and the line.
pub type ReadAgain = fn() -> anyhow::Result<Again>;

/// The settings of a running server.
pub struct Reload {
    handle: Handle,
    again: ReadAgain,
    /// One reload runs at a time.
    running: Mutex<Running>,
}

struct Running {
    /// The settings that it has.
    keys: Keys,
    tls: Tls,
    component: PathBuf,
    /// The hash of the component that was loaded last from its file.
    loaded: Option<String>,
    /// Follows the files of the certificates.
    following: Option<tokio::task::JoinHandle<()>>,
}

/// The settings as they are now, which the server has taken on as far as it can.
struct Taken {
    keys: Keys,
    tls: Tls,
    logging: Logging,
    component: Option<PathBuf>,
    report: ReloadReport,
}

impl Reload {
    /// The settings of a server that begins. `follower` follows the files of its certificates.
    pub fn new(
        (settings, again): (Option<Settings>, ReadAgain),
        tls: Tls,
        follower: Option<Follower>,
        component: PathBuf,
        handle: Handle,
    ) -> Self {
        let loaded = handle.release().map(|release| release.sha256);
        let following = follower.map(|files| follow(files, tls.clone(), handle.clone()));
        let keys = settings.map(|settings| settings.keys).unwrap_or_default();
        Self { handle, again, running: Mutex::new(Running { keys, tls, component, loaded, following }) }
    }

    /// Reads the settings again, loads the certificates, and swaps to the component if its file has changed. Logs what has changed.
    ///
    /// # Errors
    /// One line says what is wrong. Wrong settings change nothing. A component that is refused leaves the settings changed.
    pub async fn run(&self) -> Result<ReloadReport, String> {
        let mut running = self.running.lock().await;
        notify::reloading();
        let done = running.reload(self.again, &self.handle).await;
        notify::ready();
        match &done {
            Ok(report) => tracing::info!("reloaded: {}", reload_in_words(report)),
            Err(error) => tracing::error!("not reloaded: {}", printable(error)),
        }
        done
    }

    /// Ends what runs beside the server.
    pub async fn stop(&self) {
        self.running.lock().await.following.take().inspect(tokio::task::JoinHandle::abort);
    }
}

impl Running {
    async fn reload(&mut self, again: ReadAgain, handle: &Handle) -> Result<ReloadReport, String> {
        let (keys, tls, server) = (self.keys.clone(), self.tls.clone(), handle.clone());
        let taken = tokio::task::spawn_blocking(move || take_on(again, &keys, &tls, &server)).await;
        let Taken { keys, tls, logging, component, mut report } = taken.map_err(|error| format!("it panicked: {error}"))??;
        for key in &report.changed {
            self.keys.take(key, &keys);
        }
        set_level(&logging);
        if let Tls::Files(files) = &tls {
            let certificates: Vec<_> = files.iter().map(|(certificate, _)| certificate.display().to_string()).collect();
            tracing::info!("reloaded: new connections get the certificate in {}", certificates.join(", "));
        }
        if report.changed.iter().any(|key| key.starts_with("tls-")) {
            self.following.take().inspect(tokio::task::JoinHandle::abort);
            self.following = tls.follower().map(|files| follow(files, tls.clone(), handle.clone()));
        }
        self.tls = tls;
        if let Some(component) = component {
            self.component = component;
        }
        if self.swap(handle).await.map_err(|error| refused(&report, &error))? && !report.changed.iter().any(|key| key == "file") {
            report.changed.push("file".to_owned());
        }
        Ok(report)
    }

    /// Swaps to the component, if its file is another one than it was. So a reload takes no release back that came in another way.
    async fn swap(&mut self, handle: &Handle) -> Result<bool, ws_host::Error> {
        let path = self.component.clone();
        let now = tokio::task::spawn_blocking(move || hash(&path)).await.ok().flatten();
        if now.is_some() && now == self.loaded {
            return Ok(false);
        }
        let running = handle.release().map(|release| release.sha256);
        let is_new = now.is_none() || now != running;
        if is_new {
            swap(&self.component, handle).await?;
        }
        self.loaded = now;
        Ok(is_new)
    }
}

fn refused(report: &ReloadReport, error: &ws_host::Error) -> String {
    let component = format!("the component stays: {}", in_flags(error));
    if report.changed.is_empty() { component } else { format!("{}, but {component}", reload_in_words(report)) }
}

fn follow(files: Follower, tls: Tls, handle: Handle) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { tls.follow(files, &handle).await })
}

/// Reads the settings, and has the server take on those that it can. It had `keys` before, and `tls`. Blocks.
fn take_on(again: ReadAgain, keys: &Keys, tls: &Tls, handle: &Handle) -> Result<Taken, String> {
    let Again { serving, logging, self_signed, component } = again().map_err(|error| in_one_line(&error))?;
    let settings = serving.settings.clone();
    let new_keys = settings.as_ref().map(|settings| settings.keys.clone()).unwrap_or_default();
    let differing = new_keys.differing(keys);
    let new_tls = Tls::new(serving.tls_files.clone(), self_signed);
    let configured = new_tls.and_then(|new| reconfigure(serving, &new, handle).map(|()| new));
    let new_tls = configured.map_err(|error| {
        let error = in_one_line(&error);
        settings.map_or_else(|| error.clone(), |settings| settings.refused(&error, &differing))
    })?;
    let takes_on_files = takes_on_files(tls, &new_tls);
    let is_live = |key: &String| match key.as_str() {
        "file" => component.is_some(),
        key => LIVE.contains(&key) || takes_on_files && LIVE_WITH_TLS.contains(&key),
    };
    let (changed, needs_restart) = differing.into_iter().partition(is_live);
    // A server that speaks no TLS still speaks none, and the other way round.
    let tls = if takes_on_files { new_tls } else { tls.clone() };
    Ok(Taken { keys: new_keys, tls, logging, component, report: ReloadReport { changed, needs_restart } })
}

/// Whether a server takes on the files of TLS. A self-signed certificate stays, with the rules for those of clients.
fn takes_on_files(before: &Tls, now: &Tls) -> bool {
    matches!((before, now), (Tls::Files(_), Tls::Files(_)))
}

fn reconfigure(serving: ServeFlags, tls: &Tls, handle: &Handle) -> anyhow::Result<()> {
    Ok(tls.apply(serving.builder()?).reconfigure(handle)?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn a_server_takes_on_the_files_of_tls_if_its_certificate_is_from_files() {
        let files = Tls::Files(Vec::new());
        assert!(takes_on_files(&files, &files));
        for (before, now) in [(&Tls::SelfSigned, &Tls::SelfSigned), (&Tls::Off, &files), (&files, &Tls::Off)] {
            assert!(!takes_on_files(before, now));
        }
    }

    #[test]
    fn each_key_that_a_running_server_takes_on_is_one_of_run() {
        let mut root = Arguments::command();
        root.build();
        let run = root.find_subcommand("run").expect("the command exists");
        for key in LIVE.into_iter().chain(LIVE_WITH_TLS) {
            let is_it = |argument: &&clap::Arg| argument.get_long() == Some(key) || argument.get_id() == key;
            assert!(run.get_arguments().any(|argument| is_it(&argument)), "{key}");
        }
    }
}
