//! npm's packages: one with the binary for each machine, and `ws-host`, which depends on them and starts the one that npm installs.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::release::{DOCUMENTS, File, Release};
use super::tarball::tar_gz;
use super::target::NpmNames;
use super::{SUMMARY, read, write};
use crate::places::Places;
use crate::step::Trouble;

/// The scope of the packages with binaries.
const SCOPE: &str = "@ws-host";

/// The ends of the names of all packages with binaries.
const MACHINES: [&str; 6] = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl", "darwin-x64", "darwin-arm64"];

/// Makes the package with the binary.
pub(super) fn make_for_target(release: &Release, folder: &Path) -> Result<PathBuf, Trouble> {
    let names = release.target.npm();
    let mut files = vec![
        manifest(&for_target(&names, release.version)),
        File::program("package/bin/ws-host", release.content("bin/ws-host")),
    ];
    files.extend(release.moved("share/man/", "package/share/man/"));
    files.extend(["bash-completion", "zsh", "fish"].iter().flat_map(|shell| {
        release.moved("share/", "package/share/").filter(move |file| file.path.starts_with(&format!("package/share/{shell}/")))
    }));
    files.extend(release.moved(DOCUMENTS, "package/").filter(|file| !file.path.starts_with("package/deploy/")));
    let file = folder.join(tarball(&names.suffix(), release.version));
    write(&file, &tar_gz(&files, release.time, false)?)?;
    Ok(file)
}

/// Makes the package that users name. It depends on the packages with binaries that lie in the folder.
pub(super) fn make_launcher(release: &Release, places: &Places, folder: &Path) -> Result<PathBuf, Trouble> {
    let version = release.version;
    let there: Vec<_> = MACHINES.into_iter().filter(|machine| folder.join(tarball(machine, version)).is_file()).collect();
    let mut files = vec![
        manifest(&launcher(&there, version)),
        File::program("package/bin/ws-host.js", read(places, "deploy/packages/npm/ws-host.js")?),
    ];
    files.extend(release.moved("share/man/", "package/share/man/"));
    let documents = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
    files.extend(documents.map(|name| File::new(format!("package/{name}"), release.content(&format!("{DOCUMENTS}{name}")))));
    let file = folder.join(format!("ws-host-{version}.tgz"));
    write(&file, &tar_gz(&files, release.time, false)?)?;
    Ok(file)
}

/// The name that npm itself would give the file.
fn tarball(machine: &str, version: &str) -> String {
    format!("ws-host-{machine}-{version}.tgz")
}

fn manifest(content: &Value) -> File {
    File::new("package/package.json", format!("{content:#}\n"))
}

fn for_target(names: &NpmNames, version: &str) -> Value {
    let mut manifest = json!({
        "name": format!("{SCOPE}/{}", names.suffix()),
        "version": version,
        "description": format!("The binary of ws-host for {}", names.suffix()),
        "license": env!("CARGO_PKG_LICENSE"),
        "os": [names.os],
        "cpu": [names.cpu],
        // A package manager with an archive for each package must unpack this one: the launcher executes its file.
        "preferUnplugged": true,
    });
    if let Some(libc) = names.libc {
        manifest["libc"] = json!([libc]);
    }
    manifest
}

fn launcher(machines: &[&str], version: &str) -> Value {
    let binaries: Map<_, _> = machines.iter().map(|machine| (format!("{SCOPE}/{machine}"), version.into())).collect();
    json!({
        "name": "ws-host",
        "version": version,
        "description": SUMMARY,
        "license": env!("CARGO_PKG_LICENSE"),
        "keywords": ["websocket", "server", "webassembly", "component-model"],
        "engines": { "node": ">=18" },
        "bin": { "ws-host": "bin/ws-host.js" },
        "man": ["share/man/man1/ws-host.1"],
        "optionalDependencies": binaries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::target::Target;

    #[test]
    fn a_package_with_a_binary_is_kept_off_other_machines() {
        let target = Target::parse("aarch64-unknown-linux-musl").expect("the triple has packages");
        let manifest = for_target(&target.npm(), "1.2.3");
        assert_eq!(manifest["name"], "@ws-host/linux-arm64-musl");
        assert_eq!(
            (&manifest["os"], &manifest["cpu"], &manifest["libc"]),
            (&json!(["linux"]), &json!(["arm64"]), &json!(["musl"]))
        );
    }

    #[test]
    fn every_target_is_among_the_machines() {
        for processor in ["x86_64", "aarch64"] {
            for system in ["unknown-linux-gnu", "unknown-linux-musl", "apple-darwin"] {
                let target = Target::parse(&format!("{processor}-{system}")).expect("the triple has packages");
                assert!(MACHINES.contains(&target.npm().suffix().as_str()), "{target:?}");
            }
        }
    }

    #[test]
    fn the_launcher_wants_the_very_version_of_the_binary() {
        let manifest = launcher(&["linux-x64"], "1.2.3");
        assert_eq!(manifest["optionalDependencies"], json!({ "@ws-host/linux-x64": "1.2.3" }));
    }
}
