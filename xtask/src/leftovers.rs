//! Files of a passed step that no later step uses.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::places::Places;
use crate::step::Check;

/// Folders by the step after which they are useless. `target/` is Cargo's target folder.
const FOLDERS: [(&str, &[&str]); 8] = [
    (
        "clippy",
        &[
            "guest-examples/target/debug",
            "guest-examples/target/wasm32-wasip2/debug",
            "tests/guests/target/debug",
            "tests/guests/target/wasm32-wasip2/debug",
        ],
    ),
    ("packages", &["target/package", "target/packages"]),
    ("doc", &["target/doc"]),
    ("fuzz", &["fuzz/target"]),
    ("test", &["target/debug/examples"]),
    ("dist", &["target/dist", "target/dist-trial", "target/dist-python"]),
    ("python-guests", &["target/guests-python-environment", "target/guests-python", "target/mypy"]),
    ("c-guests", &["target/guests-c-environment", "target/guests-c"]),
];

/// Removes what a passed step has left. A clean run in CI needs it once; a developer's next run would make it anew.
pub(crate) fn remove(step: &str, places: &Places) -> Check {
    let folders = FOLDERS.iter().filter(|(after, _)| *after == step).flat_map(|(_, folders)| *folders);
    for folder in folders.map(|folder| place(folder, places)).filter(|folder| folder.exists()) {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    if step == "test" {
        for file in finished_tests(&places.target.join("debug/deps")) {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
    }
    Ok(())
}

fn place(folder: &str, places: &Places) -> PathBuf {
    folder.strip_prefix("target/").map_or_else(|| places.root.join(folder), |below| places.target.join(below))
}

/// The executables of tests in Cargo's folder. Later steps run the one of the integration tests, and the commands, which have a
/// second name one folder above.
fn finished_tests(folder: &Path) -> Vec<PathBuf> {
    let files = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let is_finished = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let alone = file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.nlink() == 1);
        alone && file.extension().is_none() && !name.starts_with("integration-")
    };
    files.filter(is_finished).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps;

    #[test]
    fn each_leftover_belongs_to_a_step() {
        for (step, folders) in FOLDERS {
            assert!(steps::ALL.iter().any(|one| one.name == step), "there is no step {step}");
            assert!(folders.iter().all(|folder| folder.split('/').any(|part| part == "target")), "{step} removes sources");
        }
    }

    #[test]
    fn leftovers_are_removed_with_their_step_and_executables_that_are_used_again_stay() {
        let root = std::env::temp_dir().join(format!("xtask-leftovers-{}", std::process::id()));
        let places = Places { target: root.join("elsewhere"), root };
        let deps = places.target.join("debug/deps");
        for folder in [&deps, &places.root.join("fuzz/target"), &places.target.join("doc")] {
            fs::create_dir_all(folder).expect("a folder is made");
        }
        for name in ["integration-1", "ws_host-1", "ws_host-2", "libws_host-1.rlib"] {
            fs::write(deps.join(name), "").expect("a file is written");
        }
        fs::hard_link(deps.join("ws_host-1"), places.target.join("debug/ws-host")).expect("a link is made");
        for step in ["fuzz", "doc", "test"] {
            assert_eq!(remove(step, &places), Ok(()));
        }
        let exist = |folder: &Path, names: &[&str]| names.iter().map(|name| folder.join(name).exists()).collect::<Vec<_>>();
        assert_eq!(exist(&deps, &["integration-1", "ws_host-1", "ws_host-2", "libws_host-1.rlib"]), [true, true, false, true]);
        assert_eq!(exist(&places.root, &["fuzz/target", "elsewhere/doc", "fuzz"]), [false, false, true]);
        fs::remove_dir_all(&places.root).expect("the folder is removed");
    }
}
