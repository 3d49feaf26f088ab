//! `ws-host new`: writes a guest project that needs no checkout of this repository.

mod files;
mod words;

use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::files::File;
use self::words::{is_copied, words};
use crate::sdk::{SOURCE, Source};

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
const EVERY: &[File] = &[
    (".gitignore", template!("every/gitignore")),
    ("public/app.js", template!("public/app.js")),
    ("public/index.html", template!("public/index.html")),
    ("public/style.css", template!("public/style.css")),
    ("public/ws-host-client.js", template!("public/ws-host-client.js")),
    ("tests/hello.chat", template!("every/hello.chat")),
    ("ws-host.toml", template!("every/ws-host.toml")),
];

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
    let words = words(arguments.lang, SOURCE, name);
    for (path, content) in project(arguments.lang, SOURCE) {
        write(&folder.join(path.as_str()), &filled(&path, content, &words))?;
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
fn project(language: Language, source: Source) -> Vec<(String, &'static [u8])> {
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
        .filter(|_| is_copied(language, source))
        .flat_map(|(folder, files)| files.iter().map(move |(path, content)| (format!("{folder}/{path}"), *content)));
    EVERY.iter().chain(own).map(|(path, content)| ((*path).to_owned(), *content)).chain(copied).collect()
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).with_context(failed)?;
    fs::write(path, content).with_context(failed)
}

/// Fills in a file: the words of a template, or the values that an SDK's manifest inherits from our workspace.
fn filled(path: &str, content: &'static [u8], words: &[(&'static str, String)]) -> Cow<'static, [u8]> {
    // The longer key first: the shorter one is its end.
    let inherited = [
        ("rust-version.workspace = true", concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"")),
        ("version.workspace = true", concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")),
        ("edition.workspace = true", "edition = \"2024\""),
        ("license.workspace = true", concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\"")),
    ];
    let replacements: Vec<(&str, &str)> = match path {
        "vendor/ws-guest/Cargo.toml" => inherited.into(),
        path if path.starts_with("vendor/") => Vec::new(),
        _ => words.iter().map(|(here, there)| (*here, there.as_str())).collect(),
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

    /// The files of a project that are text, filled in.
    fn texts(language: Language, source: Source) -> Vec<(String, String)> {
        let words = words(language, source, "chat");
        let filled = |(path, content): (String, &'static [u8])| {
            let text = String::from_utf8(filled(&path, content, &words).into_owned()).ok()?;
            Some((path, text))
        };
        project(language, source).into_iter().filter_map(filled).collect()
    }

    #[test]
    fn files_inherit_nothing_from_a_workspace_and_have_no_open_placeholders() {
        for language in Language::value_variants() {
            for source in [Source::Vendored, Source::Published] {
                for (path, text) in texts(*language, source) {
                    assert!(!text.contains(".workspace = true"), "{path}");
                    assert!(path.starts_with("vendor/") || !text.contains("{{"), "{path}");
                }
            }
        }
    }

    #[test]
    fn a_project_with_a_published_sdk_has_no_copy_of_it_except_in_c() {
        for language in Language::value_variants() {
            let has_copy = |text: &str| text.contains("vendor");
            let published = texts(*language, Source::Published);
            let named = published.iter().any(|(path, text)| has_copy(path) || has_copy(text));
            assert_eq!(named, *language == Language::C, "{language:?}");
            let copied = texts(*language, Source::Vendored);
            assert!(copied.iter().any(|(path, _)| path.starts_with("vendor/")), "{language:?}");
        }
    }

    #[test]
    fn each_project_has_a_page_with_its_name_and_the_client_library_word_for_word() {
        let library = str::from_utf8(template!("public/ws-host-client.js")).expect("the library is text");
        for language in Language::value_variants() {
            let texts = texts(*language, SOURCE);
            let has = |path: &str, part: &str| texts.iter().any(|(name, text)| name == path && text.contains(part));
            assert!(has("public/index.html", "<title>chat</title>") && has("public/app.js", "new Socket("), "{language:?}");
            assert!(has("public/ws-host-client.js", library) && has("ws-host.toml", "static = \"public\""), "{language:?}");
        }
    }

    #[test]
    fn a_published_sdk_is_asked_for_in_the_version_of_this_command() {
        let version = env!("CARGO_PKG_VERSION");
        for (language, path, line) in [
            (Language::Rust, "Cargo.toml", format!("ws-guest = \"{version}\"")),
            (Language::Js, "package.json", format!("\"ws-host-guest\": \"^{version}\"")),
            (Language::Ts, "package.json", format!("\"ws-host-guest\": \"^{version}\"")),
            (Language::Python, "README.md", format!("pip install ws-host-guest~={version}")),
        ] {
            let texts = texts(language, Source::Published);
            assert!(texts.iter().any(|(name, text)| name == path && text.contains(&line)), "{language:?}");
        }
    }

    /// Cargo reads both forms of the manifest: it takes our own SDK for the published one, and a copy brings nothing for its tests.
    #[test]
    fn cargo_finds_the_sdk_of_both_forms_and_no_crate_that_only_its_tests_need() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for source in [Source::Vendored, Source::Published] {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            for (path, text) in texts(Language::Rust, source) {
                write(&folder.path().join(path), text.as_bytes()).expect("a file can be written");
            }
            // Its crates are here already.
            fs::copy(root.join("tests/guests/Cargo.lock"), folder.path().join("Cargo.lock"))
                .expect("the lock file can be copied");
            let patch = format!("patch.crates-io.ws-guest.path=\"{}\"", root.join("sdk/rust").display());
            let mut tree = std::process::Command::new(env!("CARGO"));
            tree.args(["tree", "--offline", "--edges", "all", "--prefix", "none", "--format", "{p}"]).current_dir(folder.path());
            let output = tree.args((source == Source::Published).then_some(["--config", &patch]).into_iter().flatten()).output();
            let output = output.expect("cargo starts");
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(told.contains("\nws-guest v"), "{source:?}: {}", String::from_utf8_lossy(&output.stderr));
            let lock = fs::read_to_string(folder.path().join("Cargo.lock")).expect("the lock file can be read");
            assert!(source == Source::Published || !lock.contains("futures-util"), "{lock}");
        }
    }
}
