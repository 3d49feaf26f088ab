//! `ws-host dev`: builds the guest project in a directory, serves it, and rebuilds it after each change.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use ws_host::api::LogTail;
use ws_host::{Builder, Handle};

use crate::build::{NotBuilt, Project, Purpose};
use crate::pages;
use crate::reload::ReadAgain;
use crate::serve::Serving;
use crate::serve_flags::ServeFlags;
use crate::swap::{hash, swap};
use crate::tls::Tls;
use crate::watch::Watch;

/// `ws-host dev`.
#[derive(Debug, Args)]
pub struct DevArguments {
    /// The guest project: a directory with a Cargo.toml, app.py, package.json or compile_flags.txt
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Serve https:// and wss:// with a certificate made for localhost, 127.0.0.1 and ::1
    #[arg(long)]
    pub tls: bool,
    /// The options that `dev` shares with `run`.
    #[command(flatten)]
    pub serving: ServeFlags,
}

/// Builds the project and serves it until the server ends.
///
/// # Errors
/// The project, its first build or the server fails.
pub fn dev(mut arguments: DevArguments, log: LogTail, again: ReadAgain) -> anyhow::Result<()> {
    // Its token is shown to a terminal alone, and without one nobody would have it.
    if std::io::stdout().is_terminal() {
        arguments.serving.api.open_by_default();
    }
    let folder = pages::for_development(&arguments.serving, &arguments.dir);
    arguments.serving.static_files.clone_from(&folder);
    let project = Project::open(arguments.dir)?.with_pages(folder.as_deref());
    let tls = Tls::new(arguments.serving.tls_files.clone(), arguments.tls)?;
    // Watching begins before the first build, so that no change during it is missed.
    let sources = project.clone();
    let watch = Watch::sources(project.dir(), move |below| sources.is_source(below))?;
    // A port in use is told before the build, which may take a minute.
    let more = |builder: Builder| builder.notices(true).trace_lines(project.has_lines()).log_tail(log);
    let serving = Serving::new(arguments.serving, tls, None, more)?.listen()?;
    let component = project.build(Purpose::Develop)?;
    let built = hash(&component);
    // No browser has a page yet, so no change before this matters.
    let page_watch = folder.as_deref().map(|folder| Watch::sources(folder, |_| true)).transpose()?;
    serving.serve(&component, again, async |handle| {
        tokio::join!(follow_sources(watch, &project, built, &handle), pages::follow(page_watch, &handle));
    })
}

/// Rebuilds whenever the sources change, and swaps to the new component. If the build fails, the compiler's messages appear in
/// the terminal and on the page, and the previous release keeps running. `built` is the hash of the component before.
async fn follow_sources(mut watch: Watch, project: &Project, mut built: Option<String>, handle: &Handle) {
    loop {
        watch.changed().await;
        let refused = match build_aside(project).await {
            // A swap would undo a rollback, and cost the guest what its snapshot leaves out.
            Ok(component) if built.is_some() && hash(&component) == built => {
                tracing::info!("the component is as before: not swapped");
                None
            }
            Ok(component) => {
                let new = hash(&component);
                match swap(&component, handle).await {
                    Ok(()) => {
                        built = new;
                        None
                    }
                    Err(error) => Some(error.to_string()),
                }
            }
            Err(error) => {
                tracing::error!("{error}; the previous release keeps running");
                Some(format!("The build failed; the previous release keeps running.\n\n{}", error.diagnostics))
            }
        };
        handle.set_notice(refused.unwrap_or_default());
    }
}

/// Builds on a thread of its own, so that the server runs on meanwhile.
async fn build_aside(project: &Project) -> Result<PathBuf, NotBuilt> {
    let project = project.clone();
    match tokio::task::spawn_blocking(move || project.build(Purpose::Develop)).await {
        Ok(built) => built,
        Err(error) => Err(NotBuilt::new(format!("the build panicked: {error}"))),
    }
}
