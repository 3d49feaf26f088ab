//! Guest projects that `ws-host dev` can build: which language a directory holds, and how that is built.
//!
//! | file | language |
//! | --- | --- |
//! | `rust` | Rust, with cargo |
//! | `python` | Python, with the SDK's `python -m ws_host_guest build` |
//! | `javascript` | JavaScript and TypeScript, with the SDK's `ws-host-guest build` |
//! | `c` | C, with `zig cc` and `component`, which makes a component of what it makes |
//!
//! A further language is a file with a [`Language`] and a line in [`LANGUAGES`].

mod c;
mod component;
mod javascript;
mod python;
mod rust;
mod shown;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::arguments::BuildArguments;

/// How the projects of one language are recognized and built.
#[derive(Debug)]
struct Language {
    /// Its name for people.
    name: &'static str,
    /// A directory with one of these files is a project of this language.
    signs: &'static [&'static str],
    /// Checks that the tools of a project are there, or installs them. The error says what to install.
    prepare: fn(&Path) -> anyhow::Result<()>,
    /// Builds a project and answers where its component is. What the tools say goes to our stderr while they say it.
    build: fn(&Path) -> Result<PathBuf, NotBuilt>,
    /// Whether a file is part of what is built. Its path is the one below the project's directory.
    is_source: fn(&Path) -> bool,
}

/// The first whose sign is there is taken: a Python package with an extension in Rust is not what is meant here.
const LANGUAGES: [&Language; 4] = [&rust::RUST, &python::PYTHON, &javascript::JAVASCRIPT, &c::C];

/// Builds the project in a directory, and puts its component where it was asked for.
pub fn build(arguments: &BuildArguments) -> anyhow::Result<()> {
    let built = Project::open(arguments.dir.clone())?.build()?;
    std::fs::copy(&built, &arguments.out).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    // A closed stdout is no reason to fail: the component is there.
    let _ = writeln!(std::io::stdout(), "{}: serve it with `ws-host run {0}`", arguments.out.display());
    Ok(())
}

/// Why a guest was not built.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
pub struct NotBuilt {
    line: String,
    /// What the tools said, as they say it.
    pub diagnostics: String,
}

impl NotBuilt {
    /// A failure that no tool has said anything about.
    pub fn new(line: String) -> Self {
        Self { line, diagnostics: String::new() }
    }
}

/// A guest project. A clone costs a path.
#[derive(Debug, Clone)]
pub struct Project {
    dir: PathBuf,
    language: &'static Language,
}

impl Project {
    /// The project in this directory, with its tools at hand.
    pub fn open(dir: PathBuf) -> anyhow::Result<Self> {
        let shown = dir.display();
        if dir.is_file() {
            bail!(
                "{shown} is a file, not the directory of a guest project. A built component is served with `ws-host run {shown}`"
            );
        }
        if !dir.is_dir() {
            bail!("there is no directory {shown}. Give the directory of a guest project, such as one with a Cargo.toml");
        }
        let has = |sign: &&str| dir.join(sign).is_file();
        let Some(language) = LANGUAGES.into_iter().find(|language| language.signs.iter().any(has)) else {
            let known = LANGUAGES.map(|language| format!("{} ({})", language.signs.join(" or "), language.name));
            bail!("the directory {shown} has no {}. Give the directory of a guest project", known.join(", nor "));
        };
        (language.prepare)(&dir)?;
        Ok(Self { dir, language })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a file below its directory is part of what is built.
    pub fn is_source(&self, below: &Path) -> bool {
        (self.language.is_source)(below)
    }

    /// Builds it.
    pub fn build(&self) -> Result<PathBuf, NotBuilt> {
        (self.language.build)(&self.dir)
    }
}
