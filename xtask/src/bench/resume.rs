//! Messages that are lost when connections break, with ws-host and with Socket.IO: `cargo xtask bench --resume`.

use std::fs;

use anyhow::Context as _;

use super::guests::javascript;
use super::peers::binary;
use crate::command::{command, run};
use crate::places::Places;
use crate::step::Check;
use crate::toolbox;

/// Runs the comparison, which prints its table.
pub(super) fn compare(places: &Places) -> Check {
    let sources = places.root.join("bench/resume");
    toolbox::node_packages(&sources)?;
    let folder = places.scratch("bench");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let guest = folder.join("resume.wasm");
    let source = sources.join("guest.js");
    javascript(places, &source.to_string_lossy(), &guest)?;
    run(command("node", &sources).arg("run.mjs").env("WS_HOST", binary(places)).env("GUEST", guest))
}
