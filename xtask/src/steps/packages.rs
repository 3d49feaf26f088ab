//! Packages as crates.io would have them.

use std::fs;

use anyhow::Context as _;

use crate::command::{cargo, command, output, run};
use crate::places::Places;
use crate::step::{Check, Context, Trouble};

/// A crate, single files that its package needs, and folders of it with the folders of the checkout that they stand for.
struct Package {
    name: &'static str,
    files: &'static [&'static str],
    folders: &'static [(&'static str, &'static str)],
}

const PACKAGES: [Package; 7] = [
    Package { name: "ws-protocol", files: &["README.md", "examples/echo.rs"], folders: &[("src/", "protocol/src/")] },
    Package { name: "ws-cluster", files: &["README.md"], folders: &[("src/", "cluster/src/")] },
    Package {
        name: "ws-host",
        files: &["README.md", "client.html", "dashboard.html"],
        folders: &[("src/", "host/src/"), ("examples/", "host/examples/"), ("wit/", "wit/")],
    },
    Package { name: "ws-host-client", files: &["README.md"], folders: &[("src/", "client/rust/src/")] },
    Package { name: "ws-host-load", files: &[], folders: &[("src/", "load/src/")] },
    Package {
        name: "ws-host-cli",
        files: &["README.md", "sdk/rust/manifest.toml", "sdk/js/package.json", "sdk/python/pyproject.toml"],
        folders: &[
            ("src/", "cli/src/"),
            ("templates/", "cli/templates/"),
            ("wit/", "wit/"),
            ("sdk/rust/src/", "sdk/rust/src/"),
            ("sdk/rust/wit/", "sdk/rust/wit/"),
            ("sdk/js/bin/", "sdk/js/bin/"),
            ("sdk/js/build/", "sdk/js/build/"),
            ("sdk/js/src/", "sdk/js/src/"),
            ("sdk/js/wit/", "sdk/js/wit/"),
            ("sdk/python/src/", "sdk/python/src/"),
            ("sdk/c/", "sdk/c/"),
        ],
    },
    Package { name: "ws-guest", files: &["README.md"], folders: &[("src/", "sdk/rust/src/"), ("wit/", "sdk/rust/wit/")] },
];

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Files that tools write into the SDKs' folders.
const FOREIGN: [&str; 3] = ["node_modules/", "__pycache__/", ".egg-info/"];

/// The package of each crate has the files that it is built from, and no others; and the packages compile together.
pub(crate) fn are_whole(context: &Context) -> Check {
    let root = &context.places.root;
    let tracked = output(command("git", root).args(["ls-files", "-z"]))?;
    let tracked: Vec<_> = tracked.split('\0').collect();
    for package in &PACKAGES {
        let list = output(&mut cargo(&format!("package --list --allow-dirty --package {}", package.name), root))?;
        let list: Vec<_> = list.lines().collect();
        if let Some(problem) = problem(package, &list, &tracked) {
            return Err(Trouble::failed(format!("the package {} {problem}", package.name)));
        }
        println!("{}: {} files", package.name, list.len());
    }
    compile(&context.places)
}

/// Unpacks the packages into a workspace of their own and checks it. Cargo's own verification would compile all dependencies
/// anew for each package, which takes minutes. This uses those of the checkout: it has the same crates, features and profiles.
/// xtask is among them because it decides on features too.
fn compile(places: &Places) -> Check {
    run(&mut cargo("package --workspace --no-verify --allow-dirty --quiet", &places.root))?;
    let folder = places.scratch("packages");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let mut patches = String::new();
    for name in PACKAGES.iter().map(|package| package.name).chain(["xtask"]) {
        let unpacked = format!("{name}-{}", env!("CARGO_PKG_VERSION"));
        let archive = places.target.join("package").join(format!("{unpacked}.crate"));
        // With the time of now: those in the archive are always the same, and cargo would not see that a file has changed.
        run(command("tar", &folder).arg("-xzmf").arg(archive))?;
        patches.push_str(&format!("{name} = {{ path = \"{unpacked}\" }}\n"));
    }
    let manifest = fs::read_to_string(places.root.join("Cargo.toml")).context("reading Cargo.toml")?;
    fs::write(folder.join("Cargo.toml"), workspace(&manifest, &patches)).context("writing the workspace of the packages")?;
    fs::copy(places.root.join("Cargo.lock"), folder.join("Cargo.lock")).context("copying Cargo.lock")?;
    // The command has the library's feature `otlp`. Without the command, the library is checked without it.
    for what in ["--examples", "--exclude ws-host-cli"] {
        let mut check = cargo(&format!("check --workspace --lib --bins {what} --quiet"), &folder);
        run(check.env("CARGO_TARGET_DIR", &places.target))?;
    }
    Ok(())
}

/// The manifest of a workspace of packages with the profiles of ours.
fn workspace(ours: &str, patches: &str) -> String {
    let profiles = ours.find("[profile.").map_or("", |at| &ours[at..]);
    format!("[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n\n{profiles}\n[patch.crates-io]\n{patches}")
}

/// The first file that a package lacks, or has and should not have.
fn problem(package: &Package, list: &[&str], tracked: &[&str]) -> Option<String> {
    let in_folders = package.folders.iter().flat_map(|(inside, outside)| {
        tracked.iter().filter_map(move |path| Some(format!("{inside}{}", path.strip_prefix(outside)?)))
    });
    let needed = package.files.iter().chain(&LICENCES).map(|file| (*file).to_owned()).chain(in_folders);
    if let Some(missing) = needed.into_iter().find(|file| !list.contains(&file.as_str())) {
        return Some(format!("lacks {missing}"));
    }
    let foreign = list.iter().find(|file| FOREIGN.iter().any(|foreign| file.contains(foreign)))?;
    Some(format!("has {foreign}, which a tool wrote"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATE: Package = Package { name: "a", files: &["README.md"], folders: &[("wit/", "wit/")] };

    #[test]
    fn a_missing_file_is_found() {
        let tracked = ["a/README.md", "wit/world.wit"];
        let whole = ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "wit/world.wit"];
        assert_eq!(problem(&CRATE, &whole, &tracked), None);
        assert_eq!(problem(&CRATE, &whole[..3], &tracked), Some("lacks wit/world.wit".to_owned()));
        assert_eq!(problem(&CRATE, &whole[1..], &tracked), Some("lacks README.md".to_owned()));
    }

    #[test]
    fn files_of_a_tool_are_found() {
        let list = ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "sdk/js/node_modules/ws/index.js"];
        assert_eq!(problem(&CRATE, &list, &[]), Some("has sdk/js/node_modules/ws/index.js, which a tool wrote".to_owned()));
    }
}
