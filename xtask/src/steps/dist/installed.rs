//! The archive, the wheel and npm's packages, each installed in an empty folder.

use std::path::Path;

use super::Trial;
use crate::command::{command, output, run};
use crate::step::{Check, Trouble};
use crate::toolbox;

/// The archive is unpacked as over `/usr/local`.
pub(super) fn archive(trial: &Trial<'_>) -> Check {
    let mut tar = trial.bare("tar", "archive", &[])?;
    run(tar.args(["--strip-components=1", "-xzf"]).arg(&trial.packages.archive))?;
    let folder = trial.folder.join("archive");
    for file in ["share/man/man1/ws-host.1", "share/doc/ws-host/THIRD-PARTY.txt", "share/doc/ws-host/deploy/ws-host.service"] {
        is_there(&folder.join(file))?;
    }
    trial.works(&|| trial.bare(folder.join("bin/ws-host"), "archive", &[]))
}

/// The wheel is installed without an index, into an environment of its own.
pub(super) fn wheel(trial: &Trial<'_>) -> Check {
    let (wheel, root) = (&trial.packages.wheel, &trial.places.root);
    // Each line of RECORD has the checksum of its file.
    run(command(&trial.python, root).args(["-m", "wheel", "unpack", "--dest"]).arg(trial.folder.join("wheel-files")).arg(wheel))?;
    let judged = output(command(trial.python.with_file_name("auditwheel"), root).arg("show").arg(wheel))?;
    let platform = wheel.file_stem().and_then(|name| name.to_str()?.rsplit('-').next()).unwrap_or_default();
    if !judged.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("platform tag: \"{platform}\"")) {
        return Err(Trouble::failed(format!("auditwheel finds another platform than {platform}:\n{judged}")));
    }
    let environment = trial.folder.join("wheel");
    run(command("python3", root).args(["-m", "venv"]).arg(&environment))?;
    let bin = environment.join("bin");
    let mut pip = trial.bare(bin.join("pip"), "wheel-home", &[])?;
    run(pip.args(["--disable-pip-version-check", "install", "--quiet", "--no-index"]).arg(wheel))?;
    for file in ["share/man/man1/ws-host.1", "share/bash-completion/completions/ws-host"] {
        is_there(&environment.join(file))?;
    }
    trial.works(&|| trial.bare(bin.join("ws-host"), "wheel-home", &[]))?;
    trial.works(&|| {
        let mut module = trial.bare(bin.join("python"), "wheel-home", &[])?;
        module.args(["-m", "ws_host"]);
        Ok(module)
    })
}

/// npm's two packages are installed without a registry, as `npm install --global` would.
pub(super) fn npm(trial: &Trial<'_>) -> Check {
    let Some(node) = toolbox::on_path(&["node"]) else {
        return Err(Trouble::missing("there is no node: install Node.js 20 or newer"));
    };
    let with = [node.parent().unwrap_or(Path::new("/usr/bin"))];
    let prefix = trial.folder.join("npm");
    let mut npm = trial.bare("npm", "npm", &with)?;
    npm.args(["install", "--global", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&prefix);
    run(npm.arg(&trial.packages.launcher).arg(&trial.packages.npm))?;
    is_there(&prefix.join("share/man/man1/ws-host.1"))?;
    trial.works(&|| trial.bare(prefix.join("bin/ws-host"), "npm", &with))?;
    // Without the package for this machine, the launcher tells which one is missing.
    let alone = trial.folder.join("npm-alone");
    let mut npm = trial.bare("npm", "npm-alone", &with)?;
    npm.args(["install", "--global", "--offline", "--no-audit", "--no-fund", "--omit=optional", "--prefix"]).arg(&alone);
    run(npm.arg(&trial.packages.launcher))?;
    match output(trial.bare(alone.join("bin/ws-host"), "npm-alone", &with)?.arg("--version")) {
        Err(Trouble::Failed(said)) if said.contains("the package @ws-host/") => Ok(()),
        other => Err(Trouble::failed(format!("without its binary, the launcher does not tell what is missing: {other:?}"))),
    }
}

fn is_there(file: &Path) -> Check {
    if file.is_file() { Ok(()) } else { Err(Trouble::failed(format!("{} is not there", file.display()))) }
}
