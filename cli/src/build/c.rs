//! Builds a guest in C with zig, whose `zig cc` is clang with a C library for WebAssembly in one package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::component::{Lines, make_component};
use super::shown::{copied, without_colours};
use super::{Language, NotBuilt, Purpose, unknown_inputs};

/// Projects in C.
pub(super) const C: Language =
    Language { name: "C", signs: &[FLAGS], prepare, build, has_lines: true, is_source, inputs: unknown_inputs };

/// The file with the compiler's flags, one a line. Editors with clangd read it too.
const FLAGS: &str = "compile_flags.txt";

/// The compiler's arguments beyond the project's own flags. A reactor is a library without a main function. `-s` would take the names of
/// functions too.
const ALWAYS: [&str; 4] = ["cc", "--target=wasm32-wasi", "-mexec-model=reactor", "-O2"];

/// A file by which the folder of the SDK is known. A flag `-I` names that folder.
const HEADER: &str = "ws_guest.h";

/// The files of the SDK, besides those of its own folder `src`.
const BINDINGS: [&str; 2] = ["bindings/ws.c", "bindings/ws_component_type.o"];

/// The folder of the output, below the project. It is hidden, so it is not watched as a source.
const FOLDER: &str = ".ws-host";

impl Lines {
    /// The names of the module and the component in the folder of the output.
    fn files(self) -> [&'static str; 2] {
        match self {
            Self::With => ["module-dev.wasm", "app-dev.wasm"],
            Self::Without => ["module.wasm", "app.wasm"],
        }
    }
}

fn prepare(dir: &Path) -> anyhow::Result<()> {
    flags(dir)?;
    if zig(dir).is_none() {
        bail!(
            "zig, which compiles C, is missing. In the project's directory (it takes 450 MB): python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1"
        );
    }
    Ok(())
}

/// Finds zig: on the PATH, else as a package of the project's Python, of the active environment's or of `python3`.
fn zig(dir: &Path) -> Option<Command> {
    let own = dir.join(".venv/bin/python");
    // An absolute path: the command runs in the project's directory.
    let own = std::path::absolute(&own).unwrap_or(own);
    let active = std::env::var_os("VIRTUAL_ENV").map(|environment| Path::new(&environment).join("bin/python"));
    let pythons = [Some(own), active, Some("python3".into())].into_iter().flatten();
    let from_python = pythons.map(|python| {
        let mut zig = Command::new(python);
        zig.args(["-m", "ziglang"]);
        zig
    });
    std::iter::once(Command::new("zig")).chain(from_python).find_map(|mut zig| {
        let mut asked = Command::new(zig.get_program());
        asked.args(zig.get_args()).arg("version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        zig.current_dir(dir);
        asked.current_dir(dir).status().is_ok_and(|status| status.success()).then_some(zig)
    })
}

/// Reads the project's flags and finds the folder among them that has the SDK.
fn flags(dir: &Path) -> anyhow::Result<(Vec<String>, PathBuf)> {
    let file = dir.join(FLAGS);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let flags: Vec<_> = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let folders = flags.iter().filter_map(|flag| flag.strip_prefix("-I"));
    let sdk = folders.map(PathBuf::from).find(|folder| dir.join(folder).join(HEADER).is_file());
    let sdk = sdk.with_context(|| {
        format!("{} names no folder with {}: add a line such as -Ivendor/ws-host-guest", file.display(), HEADER)
    })?;
    Ok((flags, sdk))
}

fn build(dir: &Path, purpose: Purpose) -> Result<PathBuf, NotBuilt> {
    let lines = if purpose == Purpose::Release { Lines::Without } else { Lines::With };
    let [module, component] = lines.files().map(|name| Path::new(FOLDER).join(name));
    let component = dir.join(component);
    let hint = if has_been_built(dir) { "" } else { "; zig's first build makes a C library too, which takes up to a minute" };
    tracing::info!("building {} with zig cc{hint}", dir.display());
    let failed = |error: anyhow::Error| NotBuilt::new(format!("{} did not build: {error:#}", dir.display()));
    let (flags, sdk) = flags(dir).map_err(failed)?;
    let mut command = zig(dir).ok_or_else(|| NotBuilt::new("zig has disappeared".to_owned()))?;
    command.args(ALWAYS).args((lines == Lines::With).then_some("-gline-tables-only"));
    command.args(flags).args(sources(dir, Path::new("src"))).args(sources(dir, &sdk.join("src")));
    command.args(BINDINGS.map(|file| sdk.join(file))).arg("-o").arg(&module);
    fs::create_dir_all(component.parent().unwrap_or(dir)).context("cannot create the folder .ws-host").map_err(failed)?;
    let mut compiler = command.stderr(Stdio::piped()).spawn().context("cannot run zig").map_err(failed)?;
    let diagnostics = compiler.stderr.take().map(copied).unwrap_or_default();
    if !compiler.wait().context("cannot wait for zig").map_err(failed)?.success() {
        let line = format!("{} did not build (see above)", dir.display());
        return Err(NotBuilt { line, diagnostics: without_colours(&diagnostics) });
    }
    make_component(&dir.join(module), &component, lines).map_err(failed)?;
    Ok(component)
}

/// Whether the project has a component, of either purpose.
fn has_been_built(dir: &Path) -> bool {
    [Lines::With, Lines::Without].iter().any(|lines| dir.join(FOLDER).join(lines.files()[1]).exists())
}

/// Returns the C files of a folder, relative to the project as the folder is.
fn sources(dir: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = dir.join(folder).read_dir().into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| folder.join(entry.file_name())).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "c"));
    files.sort();
    files
}

/// Tests in C are no part of the component.
fn is_source(below: &Path) -> bool {
    let has_code = below.extension().is_some_and(|end| end == "c" || end == "h");
    below == Path::new(FLAGS) || has_code && !below.starts_with("tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_been_built_when_it_has_a_component_of_either_purpose() {
        for built in [Lines::With, Lines::Without] {
            let project = tempfile::tempdir().expect("a temporary folder can be made");
            assert!(!has_been_built(project.path()));
            fs::create_dir(project.path().join(FOLDER)).expect("a folder can be made");
            fs::write(project.path().join(FOLDER).join(built.files()[1]), "").expect("a file can be written");
            assert!(has_been_built(project.path()));
        }
    }

    #[test]
    fn files_that_the_compiler_reads_are_sources_and_its_output_is_not() {
        assert!(["src/chat.c", "src/names.h", FLAGS].iter().all(|path| is_source(Path::new(path))));
        assert!(!["app.wasm", "src/chat.o", "README.md", "tests/chat_test.c"].iter().any(|path| is_source(Path::new(path))));
    }
}
