//! The binary, its version and the files that every package has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::calendar::Moment;
use super::needs::Needs;
use super::options::Options;
use super::target::{System, Target};
use super::{crates, licences, read, sbom};
use crate::bench::build_command;
use crate::command::{cargo, command, output, run, works};
use crate::places::Places;
use crate::step::Trouble;

/// The folder of the documents.
pub(super) const DOCUMENTS: &str = "share/doc/ws-host/";

/// 1980-01-01, the earliest time that every kind of package has.
const EARLIEST: u64 = 315_532_800;

/// Files of the checkout that packages have among their documents.
const COPIED: [(&str, &str); 11] = [
    ("deploy/packages/README.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("deploy/ws-host.service", "deploy/ws-host.service"),
    ("deploy/ws-host@.service", "deploy/ws-host@.service"),
    ("deploy/ws-host.socket", "deploy/ws-host.socket"),
    ("deploy/ws-host.toml", "deploy/ws-host.toml"),
    ("deploy/nginx.conf", "deploy/nginx.conf"),
    ("deploy/renew-certificate", "deploy/renew-certificate"),
    ("deploy/Containerfile", "deploy/Containerfile"),
];

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) content: Vec<u8>,
}

impl File {
    /// A file that everybody may read.
    pub(super) fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), mode: 0o644, content: content.into() }
    }

    /// One that everybody may also execute.
    pub(super) fn program(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o755, ..Self::new(path, content) }
    }
}

/// The head of the licences.
const HEAD: &str = "ws-host is licensed under MIT or Apache-2.0, at your choice. It contains the crates below. Each text is followed by the\n\
    crates that come with it. RUST-STD.html has the texts of the\n\
    Rust standard library.\n";

/// A release for one target.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) version: &'static str,
    pub(super) target: Target,
    pub(super) needs: Needs,
    /// The time of all files, in seconds since 1970.
    pub(super) time: u64,
    /// The files by their paths below a prefix such as `/usr/local`.
    pub(super) files: Vec<File>,
}

impl Release {
    /// Builds the binary, if none is given, and gathers what packages have.
    pub(super) fn gather(options: &Options, places: &Places) -> Result<Self, Trouble> {
        let target = match &options.target {
            Some(triple) => triple.clone(),
            None => native(places)?,
        };
        let target = Target::parse(&target).map_err(Trouble::failed)?;
        let binary = match &options.binary {
            Some(binary) => std::path::absolute(binary).context("finding the binary")?,
            None => built(options.target.as_deref(), places)?,
        };
        let needs = match target.system {
            System::MacOs => Needs { glibc: None, libgcc: false },
            System::Gnu | System::Musl => Needs::of(&binary)?,
        };
        let time = time(places);
        let mut files =
            vec![File::program("bin/ws-host", fs::read(&binary).with_context(|| format!("reading {}", binary.display()))?)];
        files.extend(written_by_itself(&speaker(&binary, places)?)?);
        for (source, name) in COPIED {
            let path = format!("{DOCUMENTS}{name}");
            let text = read(places, source)?;
            files.push(if text.starts_with("#!") { File::program(path, text) } else { File::new(path, text) });
        }
        let mut crates = crates::of_binary(places, &target)?;
        crates.extend(crates::of_engine(places)?);
        let root = |file: &str| read(places, file);
        files.push(File::new(format!("{DOCUMENTS}THIRD-PARTY.txt"), licences::text(HEAD, &crates, &root)?));
        files.extend(of_the_standard_library(places)?);
        files.push(File::new(format!("{DOCUMENTS}ws-host.cdx.json"), sbom::text(&crates, &target, &Moment::of(time).rfc3339())));
        Ok(Self { version: env!("CARGO_PKG_VERSION"), target, needs, time, files })
    }

    /// The name of the archive's folder.
    pub(super) fn name(&self) -> String {
        format!("ws-host-{}-{}", self.version, self.target.triple)
    }

    /// The content of a file that every package has.
    pub(super) fn content(&self, path: &str) -> &[u8] {
        let file = self.files.iter().find(|file| file.path == path);
        &file.expect("`gather` collects the files that packages name").content
    }

    /// The checksum of all files with their paths, modes and time.
    pub(super) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for File { path, mode, content } in &self.files {
            digest.update(format!("{path} {mode} {} {}\n", self.time, content.len()));
            digest.update(content);
        }
        HEXLOWER.encode(&digest.finalize())
    }

    /// The files in a folder, by their paths in another one.
    pub(super) fn moved<'a>(&'a self, from: &'a str, to: &'a str) -> impl Iterator<Item = File> + 'a {
        self.files.iter().filter_map(move |file| {
            let path = format!("{to}{}", file.path.strip_prefix(from)?);
            Some(File { path, mode: file.mode, content: file.content.clone() })
        })
    }
}

/// The triple of this machine.
fn native(places: &Places) -> Result<String, Trouble> {
    let version = output(command("rustc", &places.root).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Trouble::failed("rustc names no host"))
}

/// Builds the binary by the command that measurements use, so that one build serves both.
fn built(target: Option<&str>, places: &Places) -> Result<PathBuf, Trouble> {
    let mut build = cargo(&build_command("dist"), &places.root);
    let Some(triple) = target else {
        run(&mut build)?;
        return Ok(places.target.join("dist/ws-host"));
    };
    run(build.args(["--target", triple]))?;
    Ok(places.target.join(triple).join("dist/ws-host"))
}

/// A binary that writes the manual page: the packaged one if it runs here, otherwise the debug build of this machine.
fn speaker(binary: &Path, places: &Places) -> Result<PathBuf, Trouble> {
    if works(command(binary, &places.root).arg("--version")) {
        return Ok(binary.to_owned());
    }
    println!("the binary does not run here: a debug build writes the manual page");
    run(&mut cargo("build --workspace --bins", &places.root))?;
    Ok(places.host_binary())
}

/// The manual page and the completions.
fn written_by_itself(speaker: &Path) -> Result<Vec<File>, Trouble> {
    let said = |words: &[&str]| output(Command::new(speaker).args(words).env_remove("RUST_LOG"));
    Ok(vec![
        File::new("share/man/man1/ws-host.1", said(&["man"])?),
        File::new("share/bash-completion/completions/ws-host", said(&["completions", "bash"])?),
        File::new("share/zsh/site-functions/_ws-host", said(&["completions", "zsh"])?),
        File::new("share/fish/vendor_completions.d/ws-host.fish", said(&["completions", "fish"])?),
    ])
}

/// The licences of the standard library and of what it contains, which rustup installs with the compiler.
fn of_the_standard_library(places: &Places) -> Result<Option<File>, Trouble> {
    let folder = output(command("rustc", &places.root).args(["--print", "sysroot"]))?;
    let text = fs::read(Path::new(folder.trim()).join("share/doc/rust/COPYRIGHT-library.html"));
    Ok(text.ok().map(|text| File::new(format!("{DOCUMENTS}RUST-STD.html"), text)))
}

/// SOURCE_DATE_EPOCH, or the time of the last commit; outside of a checkout the earliest time.
fn time(places: &Places) -> u64 {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let committed = || output(command("git", &places.root).args(["log", "-1", "--format=%ct"])).ok();
    given.or_else(committed).and_then(|text| text.trim().parse().ok()).unwrap_or(EARLIEST).max(EARLIEST)
}
