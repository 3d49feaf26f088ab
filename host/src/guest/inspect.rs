//! What a component asks for and gives, without running it.

use std::path::Path;

use serde::Serialize;
use wasmtime::component::types::ComponentItem;

use super::engine::Engine;
use super::imports::{CLIENTS, CONTROL, TOPICS};
use super::program;
use crate::error::Error;

/// What `ws-host inspect` says of a component.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The file's name.
    pub file: String,
    /// The component's size in bytes.
    pub size_bytes: usize,
    /// The size of the machine code it was compiled to, in bytes, with its metadata.
    pub compiled_bytes: usize,
    /// Whether this host can run it.
    pub runnable: bool,
    /// Why not, if it cannot.
    pub problem: Option<String>,
    /// What it exports.
    pub exports: Vec<Item>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// An interface or a function on its own.
#[derive(Debug, Serialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Its functions, if it is an interface.
    pub functions: Vec<String>,
}

/// Something that a component imports.
#[derive(Debug, Serialize)]
pub struct Import {
    /// The interface.
    #[serde(flatten)]
    pub item: Item,
    /// Whether this host gives it.
    pub given: bool,
    /// What it lets the guest do, in words.
    pub capability: &'static str,
}

impl Report {
    /// Looks at the component in this file.
    ///
    /// # Errors
    /// The file cannot be read or is no component.
    pub fn of(engine: &Engine, path: &Path) -> Result<Self, Error> {
        let (file, bytes) = program::read(path)?;
        let component = program::compile(engine, &file, &bytes)?;
        let ty = component.component_type();
        let wasmtime = &engine.wasmtime;
        let item = |name: &str, ty: &ComponentItem| Item { name: name.to_owned(), functions: functions(engine, ty) };
        let exports = ty.exports(wasmtime).map(|(name, export)| item(name, &export.ty)).collect();
        let imports = ty
            .imports(wasmtime)
            .map(|(name, import)| Import { item: item(name, &import.ty), given: is_given(name), capability: capability(name) })
            .collect();
        let compiled_bytes = component.serialize().map_or(0, |code| code.len());
        let (limits, grants) = Default::default();
        let problem =
            program::Program::link(engine, &file, &bytes, &component, &limits, &grants).err().map(|error| error.to_string());
        Ok(Self { file, size_bytes: bytes.len(), compiled_bytes, runnable: problem.is_none(), problem, exports, imports })
    }
}

fn functions(engine: &Engine, ty: &ComponentItem) -> Vec<String> {
    let ComponentItem::ComponentInstance(instance) = ty else { return Vec::new() };
    instance
        .exports(&engine.wasmtime)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Whether the host gives this import to every guest.
pub(super) fn is_given(import: &str) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    match interface.split_once('/') {
        Some(("wasi:cli" | "wasi:clocks" | "wasi:filesystem" | "wasi:io" | "wasi:random" | "wasi:sockets", _)) => {
            version.starts_with("0.2.")
        }
        _ => [CLIENTS, TOPICS, CONTROL, "ws-host:server/types@0.1.0"].contains(&import),
    }
}

/// What an import lets the guest do. What is linked but empty by default (no folder, no address, no variable) says so.
fn capability(import: &str) -> &'static str {
    let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
    match interface.split_once('/') {
        Some(("ws-host:server", "clients")) => "sends to, closes and lists the clients of its room",
        Some(("ws-host:server", "topics")) => "groups the clients of its room",
        Some(("ws-host:server", "control")) => "denies new clients, sets timers",
        Some(("ws-host:server", _)) => "shared types",
        Some(("wasi:cli", "stdout" | "stderr")) => "writes log lines",
        Some(("wasi:cli", "environment")) => "environment variables: those that --env names; arguments: none",
        Some(("wasi:cli", "stdin")) => "standard input: always empty",
        Some(("wasi:cli", _)) => "program conventions: no terminal is given",
        Some(("wasi:clocks", _)) => "reads clocks",
        Some(("wasi:random", _)) => "gets random numbers",
        Some(("wasi:io", _)) => "streams and waiting",
        Some(("wasi:filesystem", _)) => "file system: no folder is given",
        Some(("wasi:sockets", _)) => "network sockets: no address is allowed",
        Some(("wasi:http", _)) => "HTTP requests: not given by this host",
        Some(("wasi:keyvalue", _)) => "a key-value store: not given by this host",
        _ => "unknown to this host",
    }
}
