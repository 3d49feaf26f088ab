//! From a core module, as C compilers make it, to a component.

use std::path::Path;

use anyhow::Context;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;

/// Makes a component of a module. The module says itself what it imports and exports, in a section that the bindings have
/// brought; the adapter turns the C library's WASI, 0.1, into today's.
pub(super) fn make_component(module: &Path, component: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let encoder = ComponentEncoder::default().module(&bytes)?.adapter(NAME, ADAPTER)?;
    let encoded = encoder.validate(true).encode()?;
    std::fs::write(component, encoded).with_context(|| format!("cannot write {}", component.display()))
}
