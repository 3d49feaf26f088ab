//! Child processes.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::step::{Check, Trouble};

/// Flags and folders that are meant for the host's build and must not reach a guest's.
const HOST_BUILD: [&str; 5] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET"];

/// A command in a folder.
pub(crate) fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir);
    command
}

/// A cargo command, its words separated by spaces.
pub(crate) fn cargo(words: &str, dir: &Path) -> Command {
    let mut command = command("cargo", dir);
    command.args(words.split_whitespace());
    // What `cargo run` says of xtask. Some build scripts look at it, and would run again for each cargo that says something else.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Takes from a command what is meant for the host's build.
pub(crate) fn for_guest(command: &mut Command) -> &mut Command {
    for name in HOST_BUILD {
        command.env_remove(name);
    }
    command
}

/// Shows a command, runs it with its output on ours, and expects success.
pub(crate) fn run(command: &mut Command) -> Check {
    let shown = show(command);
    println!("$ {shown}");
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::failed(format!("`{shown}` ended with {status}"))),
        Err(error) => Err(not_started(&shown, &error)),
    }
}

/// What a command writes to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Trouble> {
    let shown = show(command);
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&shown, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::failed(format!("`{shown}` ended with {}: {}", output.status, said.trim())))
}

/// Whether a command starts and succeeds.
pub(crate) fn works(command: &mut Command) -> bool {
    output(command).is_ok()
}

/// Takes a failure to get something for its absence.
pub(crate) fn or_missing(check: Check, what: &str) -> Check {
    check.map_err(|trouble| match trouble {
        Trouble::Failed(why) | Trouble::Missing(why) => Trouble::missing(format!("{what}: {why}")),
    })
}

fn not_started(shown: &str, error: &std::io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::missing(format!("`{shown}` was not found")),
        _ => Trouble::failed(format!("`{shown}` did not start: {error}")),
    }
}

/// A command as one would type it, but for its environment. Folders above the one it runs in are left out.
fn show(command: &Command) -> String {
    let dir = command.get_current_dir().map(|dir| format!("{}/", dir.display())).unwrap_or_default();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().replace(&dir, "")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_fails_the_step_and_is_named() {
        let trouble = run(&mut command("false", Path::new("/")));
        assert_eq!(trouble, Err(Trouble::failed("`false` ended with exit status: 1")));
    }

    #[test]
    fn a_program_that_is_not_there_is_missing_rather_than_failed() {
        let trouble = run(&mut command("no-such-program-anywhere", Path::new("/")));
        assert_eq!(trouble, Err(Trouble::missing("`no-such-program-anywhere` was not found")));
    }

    #[test]
    fn flags_for_the_host_do_not_reach_a_guest() {
        let mut command = cargo("build", Path::new("/"));
        assert!(for_guest(&mut command).get_envs().any(|(name, value)| name == "RUSTFLAGS" && value.is_none()));
    }
}
