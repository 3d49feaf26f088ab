//! Packages of the command for users who do not build it: `cargo xtask dist`.
//!
//! | file | owns |
//! | --- | --- |
//! | `options` | the command line |
//! | `target` | the machines that a package is for, by the names that each kind of package gives them |
//! | `needs` | the system libraries that the binary needs |
//! | `release` | the binary, its version and the files that every package has |
//! | `crates`, `licences`, `sbom` | the crates in the binary, their licences, and the list of both for programs |
//! | `engine` | the licences beside the engine of guests in JavaScript |
//! | `archive`, `debian`, `wheel`, `npm` | one kind of package each |
//! | `tarball`, `zip`, `calendar` | archives without traces of this machine or of the hour, and dates |
//! | `checksums` | SHA256SUMS of all packages |

mod archive;
mod calendar;
mod checksums;
mod crates;
mod debian;
mod engine;
mod licences;
mod needs;
mod npm;
mod options;
mod release;
mod sbom;
mod tarball;
mod target;
mod wheel;
mod zip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

pub(crate) use engine::is_current as engine_licences_are_current;
pub(crate) use options::Options;
use release::Release;

use crate::places::Places;
use crate::step::{Check, Trouble};

/// The description of the command in every package.
const SUMMARY: &str = "WebSocket server whose application is a WebAssembly component";

/// The packages of one release for one target.
#[derive(Debug)]
pub(crate) struct Packages {
    /// The folder that has them all.
    pub(crate) folder: PathBuf,
    /// The archive, to be unpacked over a prefix such as `/usr/local`.
    pub(crate) archive: PathBuf,
    /// Debian's package. Only Linux has it.
    pub(crate) debian: Option<PathBuf>,
    /// Python's package.
    pub(crate) wheel: PathBuf,
    /// npm's package with the binary.
    pub(crate) npm: PathBuf,
    /// npm's package that users name. It depends on the one for their machine.
    pub(crate) launcher: PathBuf,
    /// The list of the crates in the binary.
    pub(crate) sbom: PathBuf,
    /// The checksum of all files in them.
    digest: String,
}

/// Runs `cargo xtask dist`.
pub(crate) fn main(args: impl Iterator<Item = String>) -> ExitCode {
    let options = match Options::parse(args) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            println!("{problem}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let places = Places::find();
    let made = if options.licences_of_engine {
        engine::write(&places)
    } else {
        make(&options, &places).map(|packages| println!("the packages are in {}", packages.folder.display()))
    };
    match made {
        Ok(()) => {}
        Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
            println!("no packages: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Makes all packages of the release for one target.
pub(crate) fn make(options: &Options, places: &Places) -> Result<Packages, Trouble> {
    let release = Release::gather(options, places)?;
    let folder = options.out.clone().unwrap_or_else(|| places.scratch("distribution"));
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let packages = Packages {
        archive: archive::make(&release, &folder)?,
        debian: debian::make(&release, places, &folder)?,
        wheel: wheel::make(&release, places, &folder)?,
        npm: npm::make_for_target(&release, &folder)?,
        launcher: npm::make_launcher(&release, places, &folder)?,
        sbom: folder.join(format!("{}.cdx.json", release.name())),
        digest: release.digest(),
        folder,
    };
    write(&packages.sbom, release.content("share/doc/ws-host/ws-host.cdx.json"))?;
    checksums::write(&packages.folder)?;
    Ok(packages)
}

/// Whether the files of a package are those that a second run would gather. Archives of the same files are the same.
pub(crate) fn is_repeatable(packages: &Packages, options: &Options, places: &Places) -> Result<bool, Trouble> {
    Ok(Release::gather(options, places)?.digest() == packages.digest)
}

/// Writes a package and tells its size.
fn write(file: &Path, content: &[u8]) -> Check {
    fs::write(file, content).with_context(|| format!("writing {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    println!("{name}: {:.1} MB", content.len() as f64 / 1e6);
    Ok(())
}

/// Reads a file of the checkout.
fn read(places: &Places, path: &str) -> Result<String, Trouble> {
    let file = places.root.join(path);
    Ok(fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?)
}
