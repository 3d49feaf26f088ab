//! The cache of compiled components.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::support::host::command;
use crate::support::{Host, guest};
use notify::{RecursiveMode, Watcher};

/// A host with its cache in this folder.
fn start(folder: &Path) -> Host {
    let mut run = command();
    run.arg("run").arg(guest("echo")).args(["--port", "0", "--socket"]).arg(folder.join("admin")).env("XDG_CACHE_HOME", folder);
    Host::start(run)
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("it has a name").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Waits until a folder has a file.
fn found<T>(folder: &Path, mut find: impl FnMut() -> Option<T>) -> T {
    let (tell, told) = channel();
    let mut watcher = notify::recommended_watcher(tell).expect("folders can be watched");
    watcher.watch(folder, RecursiveMode::Recursive).expect("this one, too");
    loop {
        match find() {
            Some(found) => return found,
            None => drop(told.recv_timeout(Duration::from_secs(30)).expect("something happens in the folder")),
        }
    }
}

/// wasmtime compresses an artifact again after 256 loads, which takes 170 MB in the process that loads it next.
#[test]
fn a_component_that_is_started_often_is_not_compressed_again_while_it_is_served() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    drop(start(folder.path()));
    let is_component = |path: &PathBuf| path.extension().is_none() && path.to_string_lossy().contains("wasmtime");
    let kept = files(folder.path()).into_iter().find(is_component).expect("the compiled component is kept");
    let times = kept.with_extension("stats");
    fs::write(&times, "usages = 255\noptimized-compression = 3\n").expect("the file can be written");

    let host = start(folder.path());
    // One thread maintains the cache and does one thing after the other. When it handles the second component, the first is done.
    let mut swap = command();
    swap.arg("swap").arg(guest("probe")).arg("--socket").arg(folder.path().join("admin"));
    assert!(swap.output().expect("ws-host starts").status.success());
    found(folder.path(), || {
        let is_other = |path: &PathBuf| path.extension().is_some_and(|end| end == "stats") && *path != times;
        files(folder.path()).into_iter().find(is_other)
    });
    drop(host);
    let times = fs::read_to_string(&times).expect("the file is still there");
    assert_eq!(times.lines().collect::<Vec<_>>(), ["usages = 256", "optimized-compression = 3"]);
}
