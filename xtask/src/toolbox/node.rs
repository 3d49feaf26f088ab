//! Node.js and the packages of its tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::once;
use crate::command::{command, or_missing, output, run};
use crate::places::Places;
use crate::step::{Check, Trouble};

const MAJOR: u32 = 20;

/// Node's test runner over the `*.test.mjs` files of one folder below tests/foreign.
pub(crate) fn node_tests(places: &Places, folder: &str) -> Result<Command, Trouble> {
    let foreign = places.foreign();
    node_packages(&foreign)?;
    let mut tests = command("node", &foreign);
    tests.args(["--test", "--test-reporter=spec"]).args(test_files(&foreign.join(folder)));
    Ok(tests)
}

/// Installs the packages of a folder's package-lock.json in its node_modules.
pub(crate) fn node_packages(folder: &Path) -> Check {
    install(folder, "package-lock.json", &["ci"])
}

/// The same for a package.json whose packages are pinned, and bring all that they need.
pub(crate) fn pinned_packages(folder: &Path) -> Check {
    install(folder, "package.json", &["install", "--no-package-lock"])
}

fn install(folder: &Path, recipe: &str, arguments: &[&str]) -> Check {
    let version = output(command("node", folder).arg("--version"))
        .map_err(|_| Trouble::missing(format!("there is no node: install Node.js {MAJOR} or newer")))?;
    if major(&version).is_none_or(|major| major < MAJOR) {
        return Err(Trouble::missing(format!("node is {}: install Node.js {MAJOR} or newer", version.trim())));
    }
    let modules = folder.join("node_modules");
    once(&modules.join(".installed"), &folder.join(recipe), || {
        let install = run(command("npm", folder).args(arguments).arg("--ignore-scripts"));
        or_missing(install, "the packages could not be installed")
    })
}

fn test_files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    files
}

/// The first number of `v20.19.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.19.2\n"), Some(20));
        assert_eq!(major("20"), None);
    }
}
