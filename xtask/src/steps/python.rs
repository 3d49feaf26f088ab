//! Guests in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use anyhow::Context as _;

use crate::command::{cargo, command, run};
use crate::places::Places;
use crate::step::{Check, Context, Trouble};
use crate::toolbox;

/// The SDK's own tests and its type hints, and the tests of components that it has built, with the real host.
pub(crate) fn guests(context: &Context) -> Check {
    let places = &context.places;
    let python = toolbox::guest_sdk(places)?;
    run(command(&python, &places.root.join("sdk/python")).args(["-m", "unittest", "discover", "--start-directory", "tests"]))?;
    // Each app in a run of its own, since both are modules of the name `app`.
    for checked in [
        &["sdk/python/src", "guest-examples/python/app.py"][..],
        &["guest-examples/wall/python/app.py"],
        &["guest-examples/bot/python/app.py"],
        &["guest-examples/counter/python/app.py"],
        &["cli/templates/python/app.py", "cli/templates/python/test_app.py"],
    ] {
        run(command(&python, &places.root)
            .args(["-m", "mypy", "--strict"])
            .args(checked)
            .env("MYPYPATH", "sdk/python/src")
            .env("MYPY_CACHE_DIR", places.scratch("mypy")))?;
    }
    let components = places.scratch("guests-python");
    build_all(sources(places)?, |(name, source)| build(&python, places, &source, &components.join(format!("{name}.wasm"))))?;
    let environment = python.parent().and_then(Path::parent).expect("Python is in the folder bin of its environment");
    let mut tests = cargo("test --workspace --test integration -- --ignored python::", &places.root);
    run(tests.env("GUESTS_PYTHON", components).env("VIRTUAL_ENV", environment))
}

/// Builds what it is given, on all processors: componentize-py uses one.
fn build_all<T: Send>(sources: Vec<T>, build: impl Fn(T) -> Check + Sync) -> Check {
    let sources = Mutex::new(sources.into_iter());
    let next = || sources.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || std::iter::from_fn(next).try_for_each(&build);
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Builds one component, unless it is there already.
fn build(python: &Path, places: &Places, source: &Path, component: &Path) -> Check {
    let modules = [places.root.join("tests/guests-python/commands"), places.root.join("sdk/python/src")];
    if is_older(component, &[source, &modules[0], &modules[1]]) {
        let mut build = command(python, &places.root);
        run(build.args(["-m", "ws_host_guest", "build"]).arg(source).arg("--output").arg(component))?;
    }
    // Compiles it into the cache, since many tests at once would each compile it.
    let mut compile = command(places.host_binary(), &places.root);
    run(compile.args(["inspect", "--json"]).arg(component).stdout(Stdio::null()))
}

/// The fixtures, the example and the user of packages, by the names of their components.
fn sources(places: &Places) -> Result<Vec<(String, PathBuf)>, Trouble> {
    let folder = places.root.join("tests/guests-python");
    let entries = folder.read_dir().with_context(|| format!("listing {}", folder.display()))?;
    let beyond = [
        ("bot", "guest-examples/bot/python/app.py"),
        ("chat", "guest-examples/python/app.py"),
        ("packages", "sdk/python/packages/app.py"),
        ("wall", "guest-examples/wall/python/app.py"),
    ];
    let mut sources: Vec<_> = beyond.map(|(name, file)| (name.to_owned(), places.root.join(file))).into();
    for path in entries.flatten().map(|entry| entry.path()) {
        if let (Some(name), Some("py")) = (path.file_stem(), path.extension().and_then(|end| end.to_str())) {
            sources.push((name.to_string_lossy().into_owned(), path));
        }
    }
    sources.sort();
    Ok(sources)
}

/// Whether a file is missing, or older than one of these files or than a file in one of these folders.
fn is_older(file: &Path, than: &[&Path]) -> bool {
    let Some(made) = modified(file) else { return true };
    than.iter().any(|path| newest(path).is_none_or(|newest| newest > made))
}

/// The time at which a file, or the last file in a folder, was written.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = path.read_dir() else { return modified(path) };
    entries.flatten().filter_map(|entry| newest(&entry.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
