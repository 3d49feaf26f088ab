//! SHA256SUMS, for `sha256sum --check`.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::step::Check;

/// The file's name.
pub(crate) const NAME: &str = "SHA256SUMS";

/// Writes the checksums of all files in a folder.
pub(super) fn write(folder: &Path) -> Check {
    let entries = folder.read_dir().with_context(|| format!("listing {}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.retain(|file| !file.ends_with(NAME));
    files.sort();
    let mut text = String::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        text.push_str(&format!("{}  {name}\n", HEXLOWER.encode(&Sha256::digest(bytes))));
    }
    fs::write(folder.join(NAME), text).with_context(|| format!("writing {NAME}"))?;
    Ok(())
}
