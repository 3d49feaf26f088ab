//! The checker of Prometheus' text format.

use super::{apt, on_path};
use crate::step::{Check, Trouble};

/// Makes sure that `promtool` is on the PATH. As root, installs Debian's package otherwise.
pub(crate) fn promtool() -> Check {
    if on_path(&["promtool"]).is_some() {
        return Ok(());
    }
    apt::install(&["prometheus"]).map_err(|trouble| match trouble {
        Trouble::Failed(why) | Trouble::Missing(why) => Trouble::missing(format!("there is no promtool: {why}")),
    })
}
