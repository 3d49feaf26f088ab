//! `ws-host dev`: builds the guest project in a directory and serves it, again and again.

use std::path::PathBuf;

use ws_host::Handle;

use crate::arguments::DevArguments;
use crate::build::{NotBuilt, Project};
use crate::run;
use crate::tls::Tls;
use crate::watch::Watch;

/// Builds, then serves.
pub fn dev(arguments: DevArguments) -> anyhow::Result<()> {
    let project = Project::open(arguments.dir)?;
    let tls = Tls::new(arguments.serving.tls_files.clone(), arguments.tls)?;
    // Before the first build, so that no change is missed while it runs.
    let sources = project.clone();
    let watch = Watch::sources(project.dir(), move |below| sources.is_source(below))?;
    let component = project.build()?;
    run::serve(&component, arguments.serving, &tls, true, async |handle| follow_sources(watch, &project, &handle).await)
}

/// Builds again whenever the sources have changed, and swaps when that worked. When it did not, the compiler has said
/// why, in the terminal and in the page, and the release before goes on.
async fn follow_sources(mut watch: Watch, project: &Project, handle: &Handle) {
    loop {
        watch.changed().await;
        let refused = match build_aside(project).await {
            Ok(component) => run::swap(&component, handle).await.err().map(|error| error.to_string()),
            Err(error) => {
                tracing::error!("{error}; the release before goes on");
                Some(format!("The build failed; the release before goes on.\n\n{}", error.diagnostics))
            }
        };
        handle.set_notice(refused.unwrap_or_default());
    }
}

/// Builds on a thread of its own: the server goes on meanwhile.
async fn build_aside(project: &Project) -> Result<PathBuf, NotBuilt> {
    let project = project.clone();
    match tokio::task::spawn_blocking(move || project.build()).await {
        Ok(built) => built,
        Err(error) => Err(NotBuilt::new(format!("the build ended in an unexpected way: {error}"))),
    }
}
