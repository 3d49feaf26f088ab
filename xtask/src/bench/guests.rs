//! The same guest in each language.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::peers::binary;
use crate::command::{command, run};
use crate::places::Places;
use crate::step::{Check, Trouble};
use crate::toolbox;

/// A guest that sends each message back.
#[derive(Debug)]
pub(super) struct Guest {
    /// Its language.
    pub(super) name: &'static str,
    build: fn(&Places, &Path) -> Check,
}

/// All guests, the one that the others are compared with first.
pub(super) const GUESTS: [Guest; 6] = [
    Guest { name: "Rust", build: |places, out| copy(&places.guests().join("echo.wasm"), out) },
    Guest { name: "C", build: c },
    Guest { name: "JavaScript", build: |places, out| javascript(places, "echo.js", out) },
    Guest { name: "TypeScript", build: |places, out| javascript(places, "echo.ts", out) },
    Guest { name: "Python", build: python },
    Guest {
        name: "JavaScript with Yjs",
        build: |places, out| {
            toolbox::pinned_packages(&sources(places).join("yjs"))?;
            javascript(places, "yjs/echo.js", out)
        },
    },
];

impl Guest {
    /// Builds its component.
    pub(super) fn component(&self, places: &Places) -> Result<PathBuf, Trouble> {
        let folder = places.scratch("bench").join("languages");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let out = folder.join(format!("{}.wasm", self.name.to_lowercase().replace(' ', "-")));
        (self.build)(places, &out)?;
        Ok(out)
    }
}

fn sources(places: &Places) -> PathBuf {
    places.root.join("bench/languages")
}

fn copy(component: &Path, out: &Path) -> Check {
    fs::copy(component, out).with_context(|| format!("copying {}", component.display()))?;
    Ok(())
}

fn c(places: &Places, out: &Path) -> Check {
    let environment = toolbox::zig(places)?;
    let mut build = command(binary(places), &places.root);
    run(build.args(["build", "bench/languages/c", "--out"]).arg(out).env("VIRTUAL_ENV", &environment))
}

/// Builds a guest in JavaScript.
pub(super) fn javascript(places: &Places, source: &str, out: &Path) -> Check {
    toolbox::node_packages(&places.root.join("sdk/js"))?;
    let mut build = command("node", &places.root);
    run(build.args(["sdk/js/bin/ws-host-guest.mjs", "build"]).arg(sources(places).join(source)).arg("--out").arg(out))
}

fn python(places: &Places, out: &Path) -> Check {
    let python = toolbox::guest_sdk(places)?;
    let mut build = command(python, &places.root);
    run(build.args(["-m", "ws_host_guest", "build"]).arg(sources(places).join("echo.py")).arg("--output").arg(out))
}
