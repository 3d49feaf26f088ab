//! Builds a Python guest with the SDK, which wraps componentize-py.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;
use serde_json::Value;

use super::shown::{copied, without_colours};
use super::{Language, NotBuilt, Purpose, other_sdk};
use crate::sdk::{PYTHON_REQUIREMENT, SOURCE, Source};

/// Python projects.
pub(super) const PYTHON: Language = Language {
    name: "Python",
    signs: &["app.py", "server.py", "pyproject.toml"],
    prepare,
    build,
    has_lines: false,
    is_source,
    inputs,
};

/// Python in the project's own virtual environment.
const OWN_PYTHON: &str = ".venv/bin/python";

/// The folder into which `ws-host new` copies the SDK.
const VENDORED: &str = "vendor/ws-host-guest";

/// The folder of the components, below the project. It is hidden, so it is not watched as a source.
const FOLDER: &str = ".ws-host";

/// The component, below the project.
const COMPONENT: &str = ".ws-host/app.wasm";

/// The component for `ws-host dev`, of the same name. The SDK builds it in a second or two, and it takes a little longer to start.
const QUICK_COMPONENT: &str = ".ws-host/dev/app.wasm";

/// Checks that Python has the SDK and componentize-py.
fn prepare(dir: &Path) -> anyhow::Result<()> {
    let python = python(dir);
    let shown = python.display();
    let has = |modules: &str| Command::new(&python).args(["-c", modules]).current_dir(dir).stderr(Stdio::null()).status();
    match has("import ws_host_guest") {
        Err(error) => bail!("cannot run {shown}: {error}. Install Python 3.10 or newer, then run this again"),
        Ok(status) if !status.success() => {
            let vendored = dir.join(VENDORED).is_dir();
            bail!("{shown} lacks the package ws-host-guest. {}", installation(SOURCE, vendored, &shown.to_string()))
        }
        Ok(_) => {}
    }
    if !has("import componentize_py")?.success() {
        bail!("{shown} lacks componentize-py. Install it: {shown} -m pip install componentize-py");
    }
    Ok(())
}

/// Tells how to install the SDK for this Python, from the project's copy if it has one.
fn installation(source: Source, vendored: bool, python: &str) -> String {
    match (vendored, source) {
        (true, _) => format!("In the project's directory: python3 -m venv .venv && .venv/bin/pip install ./{VENDORED}"),
        (false, Source::Published) => format!("Install it: {python} -m pip install {PYTHON_REQUIREMENT}"),
        (false, Source::Vendored) => format!("From the repository of ws-host: {python} -m pip install sdk/python"),
    }
}

/// Returns the Python of the project's own virtual environment, else that of the active one, else `python3`.
fn python(dir: &Path) -> PathBuf {
    let own = dir.join(OWN_PYTHON);
    if own.is_file() {
        // An absolute path: the command runs in the project's directory.
        return std::path::absolute(&own).unwrap_or(own);
    }
    let active = env::var_os("VIRTUAL_ENV").map(|environment| Path::new(&environment).join("bin/python"));
    active.filter(|python| python.is_file()).unwrap_or_else(|| "python3".into())
}

fn build(dir: &Path, purpose: Purpose) -> Result<PathBuf, NotBuilt> {
    tracing::info!("building {} with componentize-py", dir.display());
    let python = python(dir);
    let cannot_run = |error| NotBuilt::new(format!("cannot run {}: {error}", python.display()));
    let mut command = Command::new(&python);
    let (component, how) = match purpose {
        Purpose::Develop => (QUICK_COMPONENT, &["--quickly"][..]),
        Purpose::Test | Purpose::Release => (COMPONENT, &[][..]),
    };
    command.args(["-m", "ws_host_guest", "build", ".", "--output", component]).args(how).current_dir(dir);
    let mut build = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(cannot_run)?;
    let diagnostics = build.stderr.take().map(copied).unwrap_or_default();
    let status = build.wait().map_err(cannot_run)?;
    if status.success() {
        return Ok(dir.join(component));
    }
    let line = other_sdk::line(dir, status, &diagnostics);
    Err(NotBuilt { line, diagnostics: without_colours(&diagnostics) })
}

fn is_source(below: &Path) -> bool {
    let name = below.file_name().unwrap_or_default().to_string_lossy();
    let is_python = name.ends_with(".py") || name == "pyproject.toml";
    is_python && !below.components().any(|part| matches!(part.as_os_str().to_str(), Some("__pycache__" | "venv" | "env")))
}

/// Reads the record that the SDK keeps beside a component. It names the files that the app reads, and the folders that it lists.
fn inputs(component: &Path) -> Vec<PathBuf> {
    let mut record = component.as_os_str().to_owned();
    record.push(".inputs");
    let record: Value = fs::read(record).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let files = record["files"].as_object().into_iter().flat_map(|files| files.keys());
    // Python resolves the links in the path of the project.
    let dir = component.ancestors().find(|folder| folder.ends_with(FOLDER)).and_then(Path::parent).unwrap_or(component);
    let (shown, real) = (std::path::absolute(dir).unwrap_or_default(), dir.canonicalize().unwrap_or_default());
    files.map(|file| Path::new(file).strip_prefix(&real).map_or_else(|_| file.into(), |below| shown.join(below))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_record_are_inputs_even_if_a_link_leads_to_the_project() {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let real = dir.path().canonicalize().expect("the folder exists").join("real");
        fs::create_dir_all(real.join(".ws-host/dev")).expect("a folder can be made");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&real, &link).expect("a link can be made");
        let record =
            serde_json::json!({ "files": { real.join("words.txt").to_str().expect("the path is text"): "", "/p/x.py": "" } });
        fs::write(real.join(".ws-host/dev/app.wasm.inputs"), record.to_string()).expect("the record can be written");
        assert_eq!(inputs(&link.join(QUICK_COMPONENT)), [PathBuf::from("/p/x.py"), link.join("words.txt")]);
        assert!(inputs(Path::new("elsewhere/app.wasm")).is_empty());
    }

    #[test]
    fn the_sdk_comes_from_the_projects_copy_or_else_from_its_place() {
        assert!(installation(Source::Published, true, "python3").ends_with(".venv/bin/pip install ./vendor/ws-host-guest"));
        let published = installation(Source::Published, false, "python3");
        assert_eq!(published, format!("Install it: python3 -m pip install {PYTHON_REQUIREMENT}"));
        assert!(installation(Source::Vendored, false, "python3").ends_with("pip install sdk/python"));
    }

    #[test]
    fn python_files_are_sources_and_caches_and_environments_are_not() {
        assert!(
            is_source(Path::new("app.py")) && is_source(Path::new("chat/names.py")) && is_source(Path::new("pyproject.toml"))
        );
        for path in ["__pycache__/app.cpython-314.pyc", "venv/lib/x.py", "notes.txt", "app.wasm"] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }
}
