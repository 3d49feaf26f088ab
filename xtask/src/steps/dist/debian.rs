//! Debian's package: installed, upgraded, removed and purged by dpkg, with its user and its settings.

use super::system::viewed;
use super::{Trial, served};
use crate::command::{command, run};
use crate::step::{Check, Trouble};
use crate::toolbox;

const SCRIPT: &str = include_str!("debian.sh");

/// Installs the package by dpkg in a view of this system, and serves as the service would.
pub(super) fn installs(trial: &Trial<'_>) -> Check {
    let Some(package) = &trial.packages.debian else { return Ok(()) };
    if toolbox::on_path(&["dpkg"]).is_none() {
        return Err(Trouble::missing("there is no dpkg: the archive, the wheel and npm's packages passed"));
    }
    // It comes with a hundred other packages, so it judges only where somebody has it.
    if toolbox::on_path(&["lintian"]).is_some() {
        run(command("lintian", &trial.folder).args(["--fail-on", "error,warning"]).arg(package))?;
    }
    served::once(viewed(trial, "debian", SCRIPT, &[package, &trial.component])?)
}
