//! Builds guest projects: finds the language of a directory and runs that language's tools.
//!
//! | file | language |
//! | --- | --- |
//! | `rust` | Rust, with cargo |
//! | `python` | Python, with the SDK's `python -m ws_host_guest build` |
//! | `javascript` | JavaScript and TypeScript, with the SDK's `ws-host-guest build` |
//! | `c` | C, with `zig cc` and then `component`, which turns the core module into a component with the exports that are `implemented` |
//!
//! To add a language, add a file with a [`Language`] and a line in [`LANGUAGES`].

mod c;
mod component;
mod implemented;
mod javascript;
mod other_sdk;
mod python;
mod rust;
mod shown;

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use anyhow::{Context, bail};
use clap::Args;
use ws_host::guest::{Engine, Report};

/// `ws-host build`.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The guest project
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The component's file
    #[arg(long, short, value_name = "FILE", default_value = "app.wasm")]
    pub out: PathBuf,
}

/// One language: how its projects are recognized and built.
#[derive(Debug)]
struct Language {
    /// Its name for people.
    name: &'static str,
    /// A directory with one of these files is a project of this language.
    signs: &'static [&'static str],
    /// Checks that the project's tools are present, or installs them. The error says what to install.
    prepare: fn(&Path) -> anyhow::Result<()>,
    /// Builds a project and returns the path of its component. The tools' output goes to our stderr as it comes.
    build: fn(&Path, Purpose) -> Result<PathBuf, NotBuilt>,
    /// Whether a component that is not for release has debug information: traces of its failures name functions, files and lines. It has a path of its own,
    /// so that neither build hands out the other's.
    has_lines: bool,
    /// Whether a file is a source of the project. The path is relative to the project's directory.
    is_source: fn(&Path) -> bool,
    /// The files and the listed folders that went into a component, as far as the tools tell. They are sources too.
    inputs: fn(&Path) -> Vec<PathBuf>,
}

/// The use of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Its developer waits for it, after each edit.
    Develop,
    /// Dialogues are played with it.
    Test,
    /// It is served to others.
    Release,
}

/// For tools that do not tell.
fn unknown_inputs(_component: &Path) -> Vec<PathBuf> {
    Vec::new()
}

/// The first language with a matching file wins.
const LANGUAGES: [&Language; 4] = [&rust::RUST, &python::PYTHON, &javascript::JAVASCRIPT, &c::C];

/// Builds the project in a directory and copies its component to `--out`.
///
/// # Errors
/// The project is not recognized, a tool is missing, the build fails, or the file cannot be written.
pub fn build(arguments: &BuildArguments) -> anyhow::Result<()> {
    let built = Project::open(arguments.dir.clone())?.build(Purpose::Release)?;
    std::fs::copy(&built, &arguments.out).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    if let Some(problem) = Report::of(&Engine::new()?, &arguments.out)?.problem {
        bail!("{} is built, but this host cannot run it: {problem}", arguments.out.display());
    }
    // A closed stdout is ignored: the component is written.
    let _ = writeln!(std::io::stdout(), "{}: serve it with `ws-host run {0}`", arguments.out.display());
    Ok(())
}

/// A failed build, described in one line.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
pub struct NotBuilt {
    line: String,
    /// The output of the tools, without colours.
    pub diagnostics: String,
}

impl NotBuilt {
    /// A failure without any output of a tool.
    pub fn new(line: String) -> Self {
        Self { line, diagnostics: String::new() }
    }
}

/// A guest project. A clone costs a path.
#[derive(Debug, Clone)]
pub struct Project {
    dir: PathBuf,
    language: &'static Language,
    /// The inputs of the last build.
    inputs: Arc<RwLock<HashSet<PathBuf>>>,
    /// The folder with its pages, relative to the directory.
    pages: Option<PathBuf>,
}

impl Project {
    /// Opens the project in this directory and prepares its tools.
    ///
    /// # Errors
    /// The directory is missing or holds no known language, or a tool is missing. The error says what to install.
    pub fn open(dir: PathBuf) -> anyhow::Result<Self> {
        let shown = dir.display();
        if dir.is_file() {
            bail!(
                "{shown} is a file, not the directory of a guest project. A built component is served with `ws-host run {shown}`"
            );
        }
        if !dir.is_dir() {
            bail!("the directory {shown} does not exist. Give the directory of a guest project, such as one with a Cargo.toml");
        }
        let has = |sign: &&str| dir.join(sign).is_file();
        let Some(language) = LANGUAGES.into_iter().find(|language| language.signs.iter().any(has)) else {
            let known = LANGUAGES.map(|language| format!("{} ({})", language.signs.join(" or "), language.name));
            bail!("the directory {shown} has no {}. Give the directory of a guest project", known.join(", nor "));
        };
        (language.prepare)(&dir)?;
        Ok(Self { dir, language, inputs: Arc::default(), pages: None })
    }

    /// The project with its pages in this folder: a file there is a source only if a build has read it.
    #[must_use]
    pub fn with_pages(mut self, folder: Option<&Path>) -> Self {
        let below = |folder: &Path| {
            let (folder, dir) = (std::path::absolute(folder).ok()?, std::path::absolute(&self.dir).ok()?);
            folder.strip_prefix(dir).ok().filter(|below| *below != Path::new("")).map(Path::to_owned)
        };
        self.pages = folder.and_then(below);
        self
    }

    /// The project's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether its component for `dev` and `test` has the lines of its sources. Where it has none, they share with `run` what is compiled.
    pub fn has_lines(&self) -> bool {
        self.language.has_lines
    }

    /// Whether a file is a source of the project. `below` is relative to the project's directory.
    pub fn is_source(&self, below: &Path) -> bool {
        let is_page = self.pages.as_ref().is_some_and(|pages| below.starts_with(pages));
        if !is_page && (self.language.is_source)(below) {
            return true;
        }
        let Ok(path) = std::path::absolute(self.dir.join(below)) else { return false };
        // A folder among the inputs is one whose list of files counts.
        self.inputs
            .read()
            .is_ok_and(|inputs| inputs.contains(&path) || path.parent().is_some_and(|folder| inputs.contains(folder)))
    }

    /// Builds the project and returns the path of its component.
    ///
    /// # Errors
    /// The build fails; the error has the tools' output.
    pub fn build(&self, purpose: Purpose) -> Result<PathBuf, NotBuilt> {
        let component = (self.language.build)(&self.dir, purpose)?;
        if let Ok(mut inputs) = self.inputs.write() {
            *inputs = (self.language.inputs)(&component).into_iter().collect();
        }
        Ok(component)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_among_the_inputs_and_each_of_a_folder_among_them_is_a_source() {
        let dir = PathBuf::from("/project");
        let inputs = ["words.txt", "texts"].map(|name| dir.join(name)).into();
        let project = Project { dir, language: &python::PYTHON, inputs: Arc::new(RwLock::new(inputs)), pages: None };
        assert!(["app.py", "words.txt", "texts/new.txt"].iter().all(|path| project.is_source(Path::new(path))));
        assert!(!["notes.txt", "texts/more/new.txt"].iter().any(|path| project.is_source(Path::new(path))));
    }
    #[test]
    fn a_file_of_a_page_is_no_source_unless_a_build_has_read_it() {
        let dir = PathBuf::from("/project");
        let inputs = Arc::new(RwLock::new(HashSet::from([dir.join("public/shared.js")])));
        let project = Project { dir, language: &javascript::JAVASCRIPT, inputs, pages: None };
        assert!(project.is_source(Path::new("public/app.js")), "without pages it is like any other");
        let with = |folder: &str| project.clone().with_pages(Some(Path::new(folder)));
        let project = with("/project/public");
        assert!(!project.is_source(Path::new("public/app.js")) && !project.is_source(Path::new("public/a/b.js")));
        assert!(project.is_source(Path::new("src/index.js")) && project.is_source(Path::new("public/shared.js")));
        for folder in ["/project", "/other/public"] {
            assert!(with(folder).is_source(Path::new("src/index.js")), "{folder}");
        }
    }
}
