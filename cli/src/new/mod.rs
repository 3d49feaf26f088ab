//! `ws-host new`: writes a guest project that needs no checkout of this repository.

mod files;

use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::files::File;

/// `ws-host new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The name of the project and its folder
    pub name: String,
    /// The language of the project
    #[arg(long, short, value_enum)]
    pub lang: Language,
}

/// The languages of guest projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust
    Rust,
    /// Python
    Python,
    /// JavaScript
    #[value(alias = "javascript")]
    Js,
    /// TypeScript
    #[value(alias = "typescript")]
    Ts,
    /// C
    C,
}

macro_rules! template {
    ($file:literal) => {
        include_bytes!(concat!("../../templates/", $file)).as_slice()
    };
}

/// The files of every project. The template of `.gitignore` has no dot, so that git does not apply it in this repository.
const EVERY: &[File] = &[(".gitignore", template!("every/gitignore")), ("tests/hello.chat", template!("every/hello.chat"))];

/// The longest project name, in bytes: well below npm's limit of 214.
const LONGEST_NAME: usize = 64;

/// Names that a project cannot have: it uses crates or packages of these names, or its language reserves them.
const TAKEN: [&str; 12] = [
    "test",
    "core",
    "std",
    "alloc",
    "proc-macro",
    "ws-guest",
    "ws-host-guest",
    "websocket",
    "node_modules",
    "vendor",
    "wit-bindgen",
    "futures-core",
];

/// Writes the project into a folder of its name, below the working directory.
///
/// # Errors
/// The name is invalid, the folder exists, or a file cannot be written.
pub fn new(arguments: &NewArguments) -> anyhow::Result<()> {
    let name = arguments.name.as_str();
    check(name)?;
    let folder = Path::new(name);
    if let Err(error) = fs::create_dir(folder) {
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => bail!("{name} already exists: choose another name, or remove it first"),
            _ => return Err(error).with_context(|| format!("cannot create the folder {name}")),
        }
    }
    for (path, content) in project(arguments.lang) {
        write(&folder.join(path.as_str()), &filled(&path, content, name))?;
    }
    // A closed stdout is ignored: the project is written.
    let _ = writeln!(std::io::stdout(), "created {name}; {name}/README.md has the next steps");
    Ok(())
}

fn check(name: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) || name.len() > LONGEST_NAME {
        bail!("`{name}` is not a valid project name: use up to {LONGEST_NAME} of a-z, 0-9, - and _, starting with a letter");
    }
    if TAKEN.contains(&name) {
        bail!("`{name}` is reserved for something that a project needs: choose another name");
    }
    Ok(())
}

/// Returns the files of a project: their paths and contents.
fn project(language: Language) -> Vec<(String, &'static [u8])> {
    let (own, vendored): (&[File], &[(&str, &[File])]) = match language {
        Language::Rust => (
            &[
                ("Cargo.toml", template!("rust/manifest.toml")),
                ("README.md", template!("rust/README.md")),
                ("src/lib.rs", template!("rust/lib.rs")),
            ],
            &[("vendor/ws-guest", files::RUST)],
        ),
        Language::Python => (
            &[
                ("README.md", template!("python/README.md")),
                ("app.py", template!("python/app.py")),
                ("test_app.py", template!("python/test_app.py")),
            ],
            &[("vendor/ws-host-guest", files::PYTHON)],
        ),
        Language::Js => (
            &[
                ("README.md", template!("javascript/README.md")),
                ("package.json", template!("javascript/package.json")),
                ("src/index.js", template!("javascript/index.js")),
                ("tests/chat.test.js", template!("javascript/chat.test.js")),
            ],
            &[("vendor/ws-host-guest", files::JAVASCRIPT)],
        ),
        Language::Ts => (
            &[
                ("README.md", template!("typescript/README.md")),
                ("package.json", template!("typescript/package.json")),
                ("src/index.ts", template!("typescript/index.ts")),
                ("tests/chat.test.js", template!("javascript/chat.test.js")),
                ("tsconfig.json", template!("typescript/tsconfig.json")),
            ],
            &[("vendor/ws-host-guest", files::JAVASCRIPT)],
        ),
        Language::C => (
            &[
                ("Makefile", template!("c/Makefile")),
                ("README.md", template!("c/README.md")),
                ("compile_flags.txt", template!("c/compile_flags.txt")),
                ("src/chat.c", template!("c/chat.c")),
                ("tests/chat_test.c", template!("c/chat_test.c")),
            ],
            &[("vendor/ws-host-guest", files::C), ("vendor/ws-host-guest/wit", files::WIT)],
        ),
    };
    let copied = vendored
        .iter()
        .flat_map(|(folder, files)| files.iter().map(move |(path, content)| (format!("{folder}/{path}"), *content)));
    EVERY.iter().chain(own).map(|(path, content)| ((*path).to_owned(), *content)).chain(copied).collect()
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).with_context(failed)?;
    fs::write(path, content).with_context(failed)
}

/// Fills in a file: the project's name in a template, or the values that an SDK's manifest inherits from our workspace.
fn filled(path: &str, content: &'static [u8], name: &str) -> Cow<'static, [u8]> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let replacements: &[(&str, &str)] = match path {
        // The longer key first: the shorter one is its end.
        "vendor/ws-guest/Cargo.toml" => &[
            ("rust-version.workspace = true", concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"")),
            ("version.workspace = true", concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")),
            ("edition.workspace = true", "edition = \"2024\""),
            ("license.workspace = true", concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\"")),
        ],
        path if path.starts_with("vendor/") => &[],
        _ => &[("{{name}}", name), ("{{version}}", VERSION)],
    };
    match std::str::from_utf8(content) {
        Ok(text) if !replacements.is_empty() => {
            Cow::Owned(replacements.iter().fold(text.to_owned(), |text, (here, there)| text.replace(here, there)).into_bytes())
        }
        _ => Cow::Borrowed(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_valid_in_every_language() {
        assert!(["chat", "my-chat", "chat_2"].iter().all(|name| check(name).is_ok()));
        let long = "a".repeat(65);
        for name in ["", "2chat", "My-Chat", "a b", "../chat", "a.b", "test", long.as_str()] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn files_inherit_nothing_from_a_workspace_and_have_no_open_placeholders() {
        for language in Language::value_variants() {
            for (path, content) in project(*language) {
                let Ok(text) = String::from_utf8(filled(&path, content, "chat").into_owned()) else { continue };
                assert!(!text.contains(".workspace = true"), "{path}");
                assert!(path.starts_with("vendor/") || !text.contains("{{"), "{path}");
            }
        }
    }
}
