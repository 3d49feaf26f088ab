//! The tools that checks use: found, installed in user space, or missing with a reason.

mod apt;
mod cargo_tool;
mod chromium;
mod node;
mod promtool;
mod python;
mod redis;
mod wasm;

pub(crate) use cargo_tool::{DENY, cargo_tool};
pub(crate) use chromium::chromium;
pub(crate) use node::{node_packages, node_tests, pinned_packages};
pub(crate) use promtool::promtool;
pub(crate) use python::{autobahn, guest_sdk, nats_server, python_packages, websockets, zig};
pub(crate) use redis::redis_server;
pub(crate) use wasm::wasm_target;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::step::Check;

/// The first program of these names on the PATH.
pub(crate) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

/// Runs `install`, unless it succeeded before with the same text of `recipe`. `stamp` keeps that text.
fn once(stamp: &Path, recipe: &Path, install: impl FnOnce() -> Check) -> Check {
    let wanted = fs::read_to_string(recipe).with_context(|| format!("reading {}", recipe.display()))?;
    if fs::read_to_string(stamp).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(())
}
