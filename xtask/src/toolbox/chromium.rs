//! A browser of the Chromium family.

use std::env;
use std::path::PathBuf;

use super::{apt, on_path};
use crate::step::Trouble;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser that `CHROMIUM` names, or one on the PATH. As root, installs Debian's package otherwise.
pub(crate) fn chromium() -> Result<PathBuf, Trouble> {
    if let Some(chosen) = env::var_os("CHROMIUM") {
        return Ok(chosen.into());
    }
    if let Some(found) = on_path(&NAMES) {
        return Ok(found);
    }
    apt::install(&["chromium"]).map_err(|trouble| match trouble {
        Trouble::Failed(why) | Trouble::Missing(why) => Trouble::missing(format!("there is no chromium: {why}")),
    })?;
    on_path(&NAMES).ok_or_else(|| Trouble::missing("there is no chromium, although it was installed"))
}
