//! The container file. No daemon builds it here: a linter reads it, and its commands run one by one.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::system::viewed;
use super::{Trial, served};
use crate::command::{command, run, without_description};
use crate::step::{Check, Trouble};

const FILE: &str = "deploy/Containerfile";
/// The folder of the build that has the checkout.
const SOURCES: &str = "/src/";

/// An instruction: its word, and the rest of its lines as one.
#[derive(Debug, PartialEq, Eq)]
struct Instruction(String, String);

/// The container file: the instructions of the image that builds, and those of the image that is kept.
#[derive(Debug, PartialEq, Eq)]
struct Images {
    build: Vec<Instruction>,
    kept: Vec<Instruction>,
}

impl Images {
    fn read(trial: &Trial<'_>) -> Result<Self, Trouble> {
        let text = fs::read_to_string(trial.places.root.join(FILE)).context("reading the container file")?;
        Self::parse(&text).ok_or_else(|| Trouble::failed(format!("{FILE} has not two images")))
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let joined = lines.join("\n").replace("\\\n", " ");
        let instructions = joined.lines().filter_map(|line| {
            let (word, rest) = line.trim().split_once(' ')?;
            Some(Instruction(word.to_uppercase(), rest.trim().to_owned()))
        });
        let mut build: Vec<_> = instructions.collect();
        let second = build.iter().rposition(|Instruction(word, _)| word == "FROM").filter(|at| *at > 0)?;
        let kept = build.split_off(second);
        Some(Self { build, kept })
    }
}

/// The values of an instruction that may come several times.
fn all<'a>(image: &'a [Instruction], name: &'a str) -> impl Iterator<Item = &'a str> {
    image.iter().filter(move |Instruction(word, _)| word == name).map(|Instruction(_, rest)| rest.as_str())
}

/// The words of an instruction in the form of JSON.
fn words(image: &[Instruction], name: &str) -> Result<Vec<String>, Trouble> {
    let list = all(image, name).last().unwrap_or("[]");
    Ok(serde_json::from_str(list).with_context(|| format!("{FILE}: {name} is no list of JSON"))?)
}

/// Checks what can be read: the linter's rules, the toolchain, the sources that reach the build, and the command that builds.
pub(super) fn is_sound(trial: &Trial<'_>, built_here: bool) -> Check {
    let root = &trial.places.root;
    run(command(trial.python.with_file_name("hadolint"), root).arg(FILE))?;
    let images = Images::read(trial)?;
    let toolchain = fs::read_to_string(root.join("rust-toolchain.toml")).context("reading rust-toolchain.toml")?;
    let version = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"')).unwrap_or_default();
    let base = all(&images.build, "FROM").next().unwrap_or_default();
    let named = all(&images.build, "ENV").any(|set| set == format!("RUSTUP_TOOLCHAIN={version}"));
    if !base.starts_with(&format!("rust:{version}-")) || !named {
        return Err(Trouble::failed(format!("{FILE} builds with another Rust than rust-toolchain.toml, which names {version}")));
    }
    let ignored = fs::read_to_string(root.join(".dockerignore")).context("reading .dockerignore")?;
    let sources = fs::read_to_string(trial.places.target.join("dist/ws-host.d")).unwrap_or_default();
    let below = format!("{}/", root.display());
    if let Some(file) =
        // The first word is the binary itself.
        sources
            .split_whitespace()
            .skip(1)
            .filter_map(|file| file.strip_prefix(&below))
            .find(|file| is_ignored(file, &ignored))
    {
        return Err(Trouble::failed(format!(
            "{file} is compiled into the command, but .dockerignore leaves it out of the image's build"
        )));
    }
    // A binary from elsewhere was built by another command.
    if built_here {
        for line in all(&images.build, "RUN") {
            let mut shell = command("sh", root);
            run(without_description(shell.args(["-euc", line])).env("CARGO_TARGET_DIR", &trial.places.target))?;
        }
    }
    Ok(())
}

/// Whether a pattern of .dockerignore has a file or a folder above it: a name at the root, or `**/` and a name anywhere.
fn is_ignored(file: &str, patterns: &str) -> bool {
    let patterns = patterns.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut parts = Path::new(file).iter();
    let first = parts.next();
    patterns.into_iter().any(|pattern| match pattern.strip_prefix("**/") {
        Some(name) => Path::new(file).iter().any(|part| part == name),
        None => first.is_some_and(|part| part == pattern),
    })
}

/// Makes the image's files in a view of this system, and runs its command as its user on files that cannot be written, as the guide does.
pub(super) fn serves(trial: &Trial<'_>) -> Check {
    let images = Images::read(trial)?;
    let binary = trial.folder.join("archive/bin/ws-host");
    let script = script(&images, &trial.places.root)?;
    served::once(viewed(trial, "container", &script, &[&binary, &trial.component])?)
}

fn script(images: &Images, root: &Path) -> Result<String, Trouble> {
    let mut script = String::new();
    for copy in all(&images.kept, "COPY") {
        let mut parts = copy.split_whitespace().filter(|part| !part.starts_with("--"));
        let (Some(from), Some(to)) = (parts.next(), parts.next()) else {
            return Err(Trouble::failed(format!("{FILE}: `COPY {copy}` names no two paths")));
        };
        if from.strip_prefix(SOURCES) != Some("target/dist/ws-host") {
            return Err(Trouble::failed(format!("{FILE} copies {from}: the build writes target/dist/ws-host")));
        }
        script.push_str(&format!("cp tmp/ws-host .{to}\n"));
    }
    for line in all(&images.kept, "RUN") {
        script.push_str(&format!("inside sh -euc '{line}'\n"));
    }
    let environment = all(&images.kept, "ENV").collect::<Vec<_>>().join(" ");
    let user = all(&images.kept, "USER").last().unwrap_or("0:0");
    let command = [words(&images.kept, "ENTRYPOINT")?, words(&images.kept, "CMD")?].concat();
    let component = command.iter().find(|word| word.ends_with(".wasm")).context("the image's command names no component")?;
    script.push_str(&format!("mkdir -p .$(dirname {component})\ncp tmp/echo.wasm .{component}\n"));
    for folder in tmpfs(root)? {
        script.push_str(&format!("mount -t tmpfs -o mode=1777 view .{folder}\n"));
    }
    // A user without an entry in passwd gets this home.
    let path = "PATH=/usr/local/bin:/usr/bin:/bin HOME=/";
    let command = command.join(" ");
    script.push_str("mount -o remount,ro view .\nexec 1>&3 3>&-\n");
    script.push_str(&format!("exec chroot --userspec={user} . /usr/bin/env -i {path} {environment} {command} --port 0\n"));
    Ok(script)
}

/// The folders that the guide's command makes writable.
fn tmpfs(root: &Path) -> Result<Vec<String>, Trouble> {
    let page = fs::read_to_string(root.join("docs/guide/src/deploying.md")).context("reading the guide")?;
    let line = page.lines().find(|line| line.contains("podman run ")).context("the guide has no `podman run`")?;
    let folders = line.split("--tmpfs ").skip(1).filter_map(|rest| rest.split_whitespace().next());
    Ok(folders.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "FROM rust:1 AS build\n# why\nRUN a \\\n  b\nFROM debian\nENV A=1 B=2\nCMD [\"run\", \"x\"]\n";

    #[test]
    fn instructions_are_read_over_several_lines_and_without_comments() {
        let images = Images::parse(TEXT).expect("the file has two images");
        assert_eq!(
            all(&images.build, "RUN").map(|line| line.split_whitespace().collect()).collect::<Vec<Vec<_>>>(),
            [["a", "b"]]
        );
        assert_eq!(all(&images.kept, "ENV").collect::<Vec<_>>(), ["A=1 B=2"]);
        assert_eq!(words(&images.kept, "CMD"), Ok(vec!["run".to_owned(), "x".to_owned()]));
        assert_eq!(Images::parse("FROM debian\n"), None);
    }

    #[test]
    fn a_file_is_ignored_by_a_folder_at_the_root_or_by_a_name_anywhere() {
        let patterns = "# why\n.git\ndocs\n**/target\n";
        assert!(["docs/guide/a.md", "sdk/rust/target/x", ".git"].iter().all(|file| is_ignored(file, patterns)));
        assert!(!["host/docs/a.md", "cli/src/main.rs"].iter().any(|file| is_ignored(file, patterns)));
    }
}
