//! Turns a core module, the output of a C compiler, into a component.

use std::path::Path;

use anyhow::Context;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;
use ws_host::sections::sections;

use super::implemented::without_missing;

/// Whether a component has the debug information of its module, with the lines of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    With,
    Without,
}

/// Makes a component from a module. A section of the module, which comes from the bindings, describes its imports and exports; of the
/// optional exports, those stay that the app implements.
/// The adapter translates the C library's WASI 0.1 to WASI 0.2.
pub(super) fn make_component(module: &Path, component: &Path, lines: Lines) -> anyhow::Result<()> {
    let bytes = std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let bytes = if lines == Lines::With { bytes } else { without_debug_information(&bytes) };
    let bytes = without_missing(&bytes)?;
    let encoder = ComponentEncoder::default().module(&bytes)?.adapter(NAME, ADAPTER)?;
    let encoded = encoder.validate(true).encode()?;
    std::fs::write(component, encoded).with_context(|| format!("cannot write {}", component.display()))
}

/// Drops the sections of debug information, a megabyte for the C library alone. The names of functions stay for the traces of failures.
fn without_debug_information(module: &[u8]) -> Vec<u8> {
    let is_debug = |name: &[u8]| name.starts_with(b".debug_");
    let kept = sections(module).filter(|section| !section.custom().is_some_and(|(name, _)| is_debug(name)));
    let mut bytes = module.get(..8).unwrap_or_default().to_vec();
    kept.for_each(|section| bytes.extend_from_slice(section.whole));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_information_goes_and_names_stay() {
        let head = b"\0asm\x01\0\0\0";
        let (types, names, debug) = (b"\x01\x01\0", b"\0\x06\x04nameN", b"\0\x0d\x0b.debug_infoD");
        let module = [&head[..], types, debug, names, debug].concat();
        assert_eq!(without_debug_information(&module), [&head[..], types, names].concat());
    }
}
