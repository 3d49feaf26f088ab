//! A report on a component: its imports, exports and sizes, read without running it.

use std::path::Path;

use serde::Serialize;
use wasmtime::component::types::ComponentItem;

use super::engine::Engine;
use super::{capabilities, program};
use crate::error::Error;
use crate::log::in_short;

/// A component's exports, imports and sizes, and whether this host can run it.
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
    /// The reason, if it cannot.
    pub problem: Option<String>,
    /// Its exports.
    pub exports: Vec<Item>,
    /// Its imports.
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
    /// The use of it for the guest, in words.
    pub capability: String,
}

impl Report {
    /// Looks at the component in this file.
    ///
    /// # Errors
    /// The file cannot be read or is no component.
    pub fn of(engine: &Engine, path: &Path) -> Result<Self, Error> {
        let (file, bytes) = program::read(path)?;
        let source = program::Source { name: &file, bytes: &bytes };
        let compiled = program::compile(engine, source)?;
        let component = &compiled.component;
        let ty = component.component_type();
        let wasmtime = &engine.wasmtime;
        let item = |name: &str, ty: &ComponentItem| Item { name: in_short(name), functions: functions(engine, ty) };
        let exports = ty.exports(wasmtime).map(|(name, export)| item(name, &export.ty)).collect();
        let imports = ty
            .imports(wasmtime)
            .map(|(name, import)| Import {
                item: item(name, &import.ty),
                given: capabilities::is_given(name),
                capability: capabilities::describe(name),
            })
            .collect();
        let compiled_bytes = component.serialize().map_or(0, |code| code.len());
        let (limits, grants) = Default::default();
        let problem = program::Program::link(engine, source, &compiled, &limits, &grants).err().map(|error| error.to_string());
        Ok(Self { file, size_bytes: bytes.len(), compiled_bytes, runnable: problem.is_none(), problem, exports, imports })
    }
}

fn functions(engine: &Engine, ty: &ComponentItem) -> Vec<String> {
    let ComponentItem::ComponentInstance(instance) = ty else { return Vec::new() };
    instance
        .exports(&engine.wasmtime)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        .map(|(name, _)| in_short(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_imports_are_lines_that_cannot_control_a_terminal() {
        let text = r#"(component (import "url=<a\n2026 ERROR \u{9b}2J\u{202e}>" (func)))"#;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("odd\nname.wasm");
        std::fs::write(&file, wat::parse_str(text).expect("the text is a component")).expect("the folder takes a file");
        let report = Report::of(&Engine::new().expect("the machine runs WebAssembly"), &file).expect("it is a component");
        assert_eq!(report.imports[0].item.name, "url=<a\\n2026 ERROR \\u{9b}2J\\u{202e}>");
        assert_eq!(report.file, "odd\\nname.wasm");
        assert!(report.problem.is_some_and(|problem| problem.starts_with("odd\\nname.wasm lacks")));
    }
}
