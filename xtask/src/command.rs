//! Child processes.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::step::{Check, Trouble};

/// Variables of the host's build that must not reach a guest's build.
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
    without_description(command.args(words.split_whitespace()));
    command
}

/// Removes the variables in which `cargo run` describes xtask. Some build scripts depend on them, and would run again whenever they change.
pub(crate) fn without_description(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Removes the variables of the host's build from a command.
pub(crate) fn for_guest(command: &mut Command) -> &mut Command {
    for name in HOST_BUILD {
        command.env_remove(name);
    }
    command
}

/// Prints a command, runs it with our standard output, and expects success.
pub(crate) fn run(command: &mut Command) -> Check {
    let shown = show(command);
    println!("$ {shown}");
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::failed(format!("`{shown}` ended with {status}"))),
        Err(error) => Err(not_started(&shown, &error)),
    }
}

/// Runs a command and returns its standard output.
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

/// Turns a failed installation into a missing tool.
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

/// A command as one would type it, without its environment. Paths are relative to the folder it runs in.
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
    fn an_absent_program_is_missing_rather_than_failed() {
        let trouble = run(&mut command("no-such-program-anywhere", Path::new("/")));
        assert_eq!(trouble, Err(Trouble::missing("`no-such-program-anywhere` was not found")));
    }

    #[test]
    fn flags_for_the_host_do_not_reach_a_guest() {
        let mut command = cargo("build", Path::new("/"));
        assert!(for_guest(&mut command).get_envs().any(|(name, value)| name == "RUSTFLAGS" && value.is_none()));
    }
}
