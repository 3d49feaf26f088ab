//! The archive, for any system: unpack it over a prefix such as `/usr/local`.

use std::path::{Path, PathBuf};

use super::release::{File, Release};
use super::tarball::tar_gz;
use super::write;
use crate::step::Trouble;

/// Makes the archive. It has one folder, so that it does not scatter files where somebody unpacks it.
pub(super) fn make(release: &Release, folder: &Path) -> Result<PathBuf, Trouble> {
    let files: Vec<File> = release.moved("", &format!("{}/", release.name())).collect();
    let file = folder.join(format!("{}.tar.gz", release.name()));
    write(&file, &tar_gz(&files, release.time, true)?)?;
    Ok(file)
}
