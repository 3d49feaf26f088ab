//! Subcommands of cargo that come from crates.io.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::command::{cargo, or_missing, run, works};
use crate::places::Places;
use crate::step::Trouble;

/// A subcommand of cargo.
#[derive(Debug)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    options: &'static str,
}

/// Checks licences and sources: `cargo deny`. Without its default features it cannot fetch advisories, which no step checks.
pub(crate) const DENY: Tool = Tool { name: "deny", version: "0.20.2", options: "--no-default-features" };

/// A subcommand of cargo, ready to use in the checkout. Any installed version serves. Otherwise our version is installed
/// under target/tools, unoptimised: it compiles in a quarter of the time and runs for a second.
pub(crate) fn cargo_tool(tool: &Tool, places: &Places) -> Result<impl Fn(&str, &Path) -> Command + use<>, Trouble> {
    let Tool { name, version, options } = tool;
    let root = places.tools();
    let own = root.join("bin");
    let subcommand = move |words: &str, dir: &Path| {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain([own.clone()]);
        let mut command = cargo(words, dir);
        command.env("PATH", env::join_paths(folders).unwrap_or(path.clone()));
        command
    };
    if !works(&mut subcommand(&format!("{name} --version"), &places.root)) {
        let words = format!("install cargo-{name} --version {version} --locked --debug {options} --root");
        let install = run(cargo(&words, &places.root).arg(&root));
        or_missing(install, &format!("cargo-{name} could not be installed"))?;
    }
    Ok(subcommand)
}
