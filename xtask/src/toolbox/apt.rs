//! Debian's packages, for root alone.

use std::path::Path;

use super::on_path;
use crate::command::{command, or_missing, output, run};
use crate::step::{Check, Trouble};

/// Installs packages, or says how somebody else would.
pub(super) fn install(packages: &[&str]) -> Check {
    let names = packages.join(" ");
    let here = Path::new(".");
    let is_root = output(command("id", here).arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || on_path(&["apt-get"]).is_none() {
        return Err(Trouble::missing(format!("install it, with `sudo apt-get install {names}` say")));
    }
    let apt = |words: &[&str]| run(command("apt-get", here).args(words).env("DEBIAN_FRONTEND", "noninteractive"));
    or_missing(apt(&["update", "--quiet"]), "the list of packages could not be had")?;
    or_missing(apt(&[&["install", "--yes", "--quiet"], packages].concat()), "it could not be installed")
}
