//! Debian packages, which only root can install.

use std::path::Path;

use super::on_path;
use crate::command::{command, or_missing, output, run};
use crate::step::{Check, Trouble};

/// Installs packages as root; for other users the error has the command.
pub(super) fn install(packages: &[&str]) -> Check {
    let names = packages.join(" ");
    let here = Path::new(".");
    let is_root = output(command("id", here).arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || on_path(&["apt-get"]).is_none() {
        return Err(Trouble::missing(format!("install it, for example with `sudo apt-get install {names}`")));
    }
    let apt = |words: &[&str]| run(command("apt-get", here).args(words).env("DEBIAN_FRONTEND", "noninteractive"));
    or_missing(apt(&["update", "--quiet"]), "the list of packages could not be updated")?;
    or_missing(apt(&[&["install", "--yes", "--quiet"], packages].concat()), "it could not be installed")
}
