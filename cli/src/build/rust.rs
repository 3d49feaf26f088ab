//! Builds a Rust guest with cargo.

use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::shown::{show, without_colours};
use super::{Language, NotBuilt, Purpose};

/// The Rust target that produces components.
const TARGET: &str = "wasm32-wasip2";

/// Rust projects.
pub(super) const RUST: Language =
    Language { name: "Rust", signs: &["Cargo.toml"], prepare: ensure_target, build, has_lines: true, is_source, inputs };

/// Options for a profile of our own: the project's profile for releases with line tables. Its folder in the target directory is another.
const WITH_LINES: [&str; 8] = [
    "--profile",
    "ws-host-dev",
    "--config",
    "profile.ws-host-dev.inherits='release'",
    "--config",
    "profile.ws-host-dev.debug='line-tables-only'",
    "--config",
    "profile.ws-host-dev.strip='none'",
];

/// Adds the wasm target through rustup if it is missing, because rustup's own automatic installation may be off.
fn ensure_target(dir: &Path) -> anyhow::Result<()> {
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).current_dir(dir).output();
    let libraries = libraries.context("cannot run rustc. Install Rust with rustup, then run this again")?;
    let folder = String::from_utf8_lossy(&libraries.stdout).trim().to_owned();
    if libraries.status.success() && Path::new(&folder).is_dir() {
        return Ok(());
    }
    tracing::info!("adding the Rust target {TARGET} through rustup");
    let added = Command::new("rustup").args(["target", "add", TARGET]).current_dir(dir).status();
    let added = added.with_context(|| format!("the Rust target {TARGET} is missing, and cannot run rustup to add it"))?;
    if !added.success() {
        bail!("rustup could not add the Rust target {TARGET} (see above)");
    }
    Ok(())
}

/// Builds the project for the wasm target and returns the path of its component. Messages of cargo and the compiler go to
/// our stderr as they come.
fn build(dir: &Path, purpose: Purpose) -> Result<PathBuf, NotBuilt> {
    tracing::info!("building {} for {TARGET}", dir.display());
    let cannot_run = |error| NotBuilt::new(format!("cannot run cargo: {error}. Install Rust with rustup, then run this again"));
    let form = if std::io::stderr().is_terminal() { "json-diagnostic-rendered-ansi" } else { "json" };
    let mut cargo = Command::new("cargo")
        .args(["build", "--target", TARGET, "--message-format", form])
        .args(if purpose == Purpose::Release { &["--release"][..] } else { &WITH_LINES[..] })
        .current_dir(dir)
        // Flags for this machine's processor or linker mean nothing to the guest's.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot_run)?;
    let (mut found, mut diagnostics) = (Vec::new(), String::new());
    for line in cargo.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        found.extend(components(&message));
        if let Some(text) = message["message"]["rendered"].as_str() {
            show(text);
            diagnostics.push_str(text);
        }
    }
    let built = cargo.wait().map_err(cannot_run)?.success();
    let failed = |line| NotBuilt { line, diagnostics: without_colours(&diagnostics) };
    if !built {
        return Err(failed(format!("{} did not build (see above)", dir.display())));
    }
    one_of(&found, dir).map_err(failed)
}

fn one_of(components: &[PathBuf], dir: &Path) -> Result<PathBuf, String> {
    let dir = dir.display();
    match components {
        [component] => Ok(component.clone()),
        [] => Err(format!("the build of {dir} made no component. Set `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml")),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            let names = names.join(", ");
            Err(format!("the build of {dir} made several components: {names}. Run this in the directory of one of them"))
        }
    }
}

/// Returns the components that one of cargo's messages lists.
fn components(message: &Value) -> Vec<PathBuf> {
    if message["reason"] != "compiler-artifact" {
        return Vec::new();
    }
    let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    files.filter(|file| file.ends_with(".wasm")).map(PathBuf::from).collect()
}

fn is_source(below: &Path) -> bool {
    let ends = ["rs", "toml", "wit"];
    let is_output = below.components().any(|part| part.as_os_str() == "target");
    !is_output && below.extension().is_some_and(|end| ends.iter().any(|one| end == *one))
}

/// Reads the dep-info file that cargo writes beside a component. It names files of other kinds too, such as those of
/// `include_str!`.
fn inputs(component: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(component.with_extension("d")).unwrap_or_default();
    text.lines().filter_map(|line| line.split_once(": ")).flat_map(|(_, files)| files_of(files)).collect()
}

/// Splits the files of a line of dep-info. A backslash stands before a space in a name.
fn files_of(line: &str) -> Vec<PathBuf> {
    let line = line.replace("\\ ", "\0");
    line.split(' ').filter(|file| !file.is_empty()).map(|file| PathBuf::from(file.replace('\0', " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_and_manifests_are_sources_by_their_names() {
        assert!(is_source(Path::new("src/lib.rs")) && is_source(Path::new("Cargo.toml")));
        for path in ["target/x.rs", "Cargo.lock", "README.md", "dev.log", "x.wasm", "tests/hello.chat"] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn files_that_cargo_names_are_inputs() {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(dir.path().join("chat.d"), "/t/chat.wasm: /p/src/lib.rs /p/with\\ space.txt\n")
            .expect("the folder takes a file");
        let found = inputs(&dir.path().join("chat.wasm"));
        assert_eq!(found, [Path::new("/p/src/lib.rs"), Path::new("/p/with space.txt")]);
    }
}
