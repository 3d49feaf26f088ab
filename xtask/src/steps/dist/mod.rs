//! Packages of the command: each is made, installed where nothing is, and serves a component once.
//!
//! | file | owns |
//! | --- | --- |
//! | `served` | one message to a server and back |
//! | `installed` | the archive, the wheel and npm's packages |
//! | `system` | a view of this system that changes nothing in it |
//! | `debian` | Debian's package in such a view |
//! | `container` | the container file, read by its rules and played in such a view |

mod container;
mod debian;
mod installed;
mod served;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::command::{command, output, run};
use crate::dist::{self, Packages};
use crate::places::Places;
use crate::step::{Check, Context, Trouble};
use crate::toolbox;

/// The environment of the tests, under target/.
struct Trial<'a> {
    places: &'a Places,
    packages: Packages,
    /// An empty folder.
    folder: PathBuf,
    /// The guest that is served.
    component: PathBuf,
    /// Python with the tools that judge packages.
    python: PathBuf,
}

/// Makes and tries all packages. `DIST_BINARY` names a binary that is built already.
pub(crate) fn packages_serve(context: &Context) -> Check {
    let places = &context.places;
    let binary = std::env::var_os("DIST_BINARY").map(PathBuf::from);
    let folder = places.scratch("dist-trial");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    dist::engine_licences_are_current(places)?;
    let options = dist::Options { binary: binary.clone(), out: Some(folder.join("packages")), ..dist::Options::default() };
    let packages = dist::make(&options, places)?;
    if !dist::is_repeatable(&packages, &options, places)? {
        return Err(Trouble::failed("a second run gathers other files for the packages"));
    }
    let trial = Trial {
        places,
        packages,
        component: places.guests().join("echo.wasm"),
        python: toolbox::python_packages(places, "dist-python", &places.root.join("tests/packages/requirements.txt"))?,
        folder,
    };
    run(command("sha256sum", &trial.packages.folder).args(["--check", "--quiet", "SHA256SUMS"]))?;
    run(command(&trial.python, &places.root).arg("tests/packages/sbom.py").arg(&trial.packages.sbom))?;
    installed::archive(&trial)?;
    installed::wheel(&trial)?;
    installed::npm(&trial)?;
    container::is_sound(&trial, binary.is_none())?;
    debian::installs(&trial)?;
    container::serves(&trial)
}

impl Trial<'_> {
    /// A command in an empty folder, without this machine's settings. Programs come from the system, and from the folders of `with`.
    fn bare(&self, program: impl AsRef<Path>, name: &str, with: &[&Path]) -> Result<Command, Trouble> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let mut bare = command(program.as_ref(), &folder);
        let path = with.iter().copied().chain([Path::new("/usr/bin"), Path::new("/bin")]);
        bare.env_clear().env("PATH", std::env::join_paths(path).context("joining PATH")?).env("HOME", &folder);
        Ok(bare)
    }

    /// The version that a command tells is ours, and it serves.
    fn works(&self, bare: &impl Fn() -> Result<Command, Trouble>) -> Check {
        let version = output(bare()?.arg("--version"))?;
        let ours = concat!("ws-host ", env!("CARGO_PKG_VERSION"));
        if version.trim() != ours {
            return Err(Trouble::failed(format!("`{}` is installed in place of `{ours}`", version.trim())));
        }
        let mut serve = bare()?;
        serve.arg("run").arg(&self.component).args(["--port", "0"]);
        served::once(serve)
    }
}
