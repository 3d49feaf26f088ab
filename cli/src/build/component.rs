//! Turns a core module, the output of a C compiler, into a component.

use std::path::Path;

use anyhow::Context;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;

/// Makes a component from a module. A section of the module, which comes from the bindings, describes its imports and exports.
/// The adapter translates the C library's WASI 0.1 to WASI 0.2.
pub(super) fn make_component(module: &Path, component: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let encoder = ComponentEncoder::default().module(&bytes)?.adapter(NAME, ADAPTER)?;
    let encoded = encoder.validate(true).encode()?;
    std::fs::write(component, encoded).with_context(|| format!("cannot write {}", component.display()))
}
