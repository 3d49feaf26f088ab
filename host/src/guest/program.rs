//! A guest's program: a component that is checked, compiled and linked, and from which instances start.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use wasmtime::component::{Component, ComponentExportIndex, Linker};

use super::engine::Engine;
use super::exports::ExportIndices;
use super::instance::{Instance, Template};
use super::{batch, capabilities, exports, splice, stdin};
use crate::app::{Fault, Launch, Outcome, ReleaseId};
use crate::config::{Grants, Limits};
use crate::error::Error;
use crate::file;
use crate::log::{in_short, printable};
use crate::room::Room;

/// A guest that can be instantiated. A clone costs a reference count.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

struct Inner {
    id: ReleaseId,
    template: Template,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("id", &self.inner.id).finish_non_exhaustive()
    }
}

impl Program {
    /// Reads, checks, compiles (or takes from the cache) and links a component.
    ///
    /// # Errors
    /// The file cannot be read, is no component, lacks a handler, or imports an interface that the host does not give.
    pub fn load(engine: &Engine, path: &Path, limits: &Limits, grants: &Grants) -> Result<Self, Error> {
        let (name, bytes) = read(path)?;
        Self::from_bytes(engine, &name, &bytes, limits, grants)
    }

    /// Loads a component from bytes in memory; `name` is for errors.
    ///
    /// # Errors
    /// As `load`, but for reading.
    pub fn from_bytes(engine: &Engine, name: &str, bytes: &[u8], limits: &Limits, grants: &Grants) -> Result<Self, Error> {
        let source = Source { name, bytes };
        let compiled = compile_for_serving(engine, source)?;
        Self::link(engine, source, &compiled, limits, grants)
    }

    /// Checks and links what was compiled of this source.
    pub(super) fn link(
        engine: &Engine,
        source: Source<'_>,
        Compiled { component, batch }: &Compiled,
        limits: &Limits,
        grants: &Grants,
    ) -> Result<Self, Error> {
        let Source { name, bytes } = source;
        let stdin = Bytes::copy_from_slice(stdin::split(bytes).1);
        check(engine, name, component, batch.is_some())?;
        let invalid = |error: wasmtime::Error| Error::Invalid { name: name.to_owned(), reason: in_short(&format!("{error:#}")) };
        let mut linker = Linker::new(&engine.wasmtime);
        let has_http = component.component_type().imports(&engine.wasmtime).any(|(import, _)| capabilities::is_http(import));
        capabilities::add_to_linker(&mut linker, has_http).map_err(invalid)?;
        if batch.is_some() {
            batch::add_to_linker(&mut linker).map_err(invalid)?;
        }
        let pre = linker.instantiate_pre(component).map_err(invalid)?;
        let indices = ExportIndices::find(component, &pre).map_err(invalid)?;
        let resources = component.resources_required();
        let memories = resources.map_or(1, |required| required.num_memories as usize);
        let (batch, pool, output, has_dropped_event) = (*batch, engine.pool.clone(), Arc::default(), Arc::default());
        let (limits, grants, memory) = (limits.clone(), grants.clone(), Arc::clone(engine.memory()));
        let template =
            Template { pre, indices, batch, limits, grants, stdin, pool, has_http, memories, memory, output, has_dropped_event };
        let id = ReleaseId { name: name.into(), sha256: sha256(bytes).into() };
        Ok(Self { inner: Arc::new(Inner { id, template }) })
    }

    /// The SHA-256 of the component's bytes, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.inner.id.sha256
    }

    /// The component's file name.
    pub fn name(&self) -> &str {
        &self.inner.id.name
    }
}

impl Launch for Program {
    type App = Instance;

    async fn launch(&self, room: &str) -> Result<Instance, Fault> {
        self.inner.template.instantiate(room).await
    }

    fn takes_batches(instance: &Instance) -> bool {
        instance.takes_batches()
    }

    async fn on_batch(instance: &mut Instance, room: &mut Room) -> Outcome {
        instance.on_batch(room).await
    }

    fn check_room(&self) -> Result<(), String> {
        let Template { pool, memories, .. } = &self.inner.template;
        pool.as_ref().map_or(Ok(()), |pool| pool.check_room(*memories))
    }

    fn id(&self) -> ReleaseId {
        self.inner.id.clone()
    }

    fn has_gate(&self) -> bool {
        self.inner.template.indices.gate.is_some()
    }

    fn answers_requests(&self) -> bool {
        self.inner.template.indices.requests.is_some()
    }

    fn takes_events(&self) -> bool {
        self.inner.template.indices.events.is_some()
    }
}

/// A component's bytes, with the name that errors call it by.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A component's file: its name for people, and its bytes.
pub(super) fn read(path: &Path) -> Result<(String, Vec<u8>), Error> {
    let bytes = file::read(path, file::MAX_COMPONENT_BYTES).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok((printable(&name).into_owned(), bytes))
}

/// Checks that the bytes begin as those of a component. The error for others names their format.
pub(super) fn check_format(Source { name, bytes }: Source<'_>) -> Result<(), Error> {
    let not_wasm = |found: String| Error::NotWasm { name: name.to_owned(), found };
    match bytes {
        [] => Err(not_wasm("it is empty".into())),
        // After the magic bytes, version 1 of layer 0 is a core module; a component is of layer 1.
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(Error::CoreModule { name: name.to_owned() }),
        [0, b'a', b's', b'm', ..] => Ok(()),
        _ if bytes.trim_ascii_start().starts_with(b"(") => Err(not_wasm("it is text, in the WAT format perhaps".into())),
        _ if bytes.is_ascii() => Err(not_wasm("it is text".into())),
        _ => {
            let first: Vec<_> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            Err(not_wasm(format!("it starts with the bytes {}, not with 00 61 73 6d", first.join(" "))))
        }
    }
}

/// A component, compiled.
pub(super) struct Compiled {
    pub(super) component: Component,
    /// Where it has the loop over the messages of a batch, if it has got one.
    batch: Option<ComponentExportIndex>,
}

/// Compiles a component. The error for other bytes names their format.
pub(super) fn compile(engine: &Engine, source: Source<'_>) -> Result<Compiled, Error> {
    check_format(source)?;
    let Source { name, bytes } = source;
    let (bytes, _) = stdin::split(bytes);
    let component = Component::from_binary(&engine.wasmtime, bytes).map_err(|error| {
        let error = in_short(&format!("{error:#}"));
        let reason = format!("it is damaged, cut short or of a version that this host does not know ({error})");
        Error::Invalid { name: name.to_owned(), reason }
    })?;
    Ok(Compiled { component, batch: None })
}

/// The same, for instances that serve clients: with the loop over the messages of a batch, if the component can have it.
fn compile_for_serving(engine: &Engine, source: Source<'_>) -> Result<Compiled, Error> {
    let with_loop = splice::with_loop(stdin::split(source.bytes).0).ok_or("its functions have other names than usual".to_owned());
    let compiled = with_loop
        .and_then(|bytes| Component::from_binary(&engine.wasmtime, &bytes).map_err(|error| in_short(&format!("{error:#}"))));
    match compiled {
        Ok(component) => return Ok(Compiled { batch: batch::find(&component), component }),
        Err(why) => tracing::debug!("{} takes messages one by one, not in batches: {why}", source.name),
    }
    compile(engine, source)
}

/// Checks that the component exports the handlers and imports only interfaces that the host gives.
fn check(engine: &Engine, name: &str, component: &Component, has_loop: bool) -> Result<(), Error> {
    let ty = component.component_type();
    if let Some((what, remedy)) = exports::made_for_another(&engine.wasmtime, &ty) {
        return Err(Error::MadeForAnother { name: name.to_owned(), what, remedy });
    }
    let missing = exports::missing_handlers(&engine.wasmtime, &ty);
    if !missing.is_empty() {
        return Err(Error::MissingExports { name: name.to_owned(), missing });
    }
    let imports = ty.imports(&engine.wasmtime).map(|(import, _)| import);
    let is_given = |import: &&str| capabilities::is_given(import) || has_loop && *import == splice::NEXT;
    let unknown: Vec<_> = imports.filter(|import| !is_given(import)).map(in_short).collect();
    if !unknown.is_empty() {
        return Err(Error::UnknownImports { name: name.to_owned(), unknown });
    }
    Ok(())
}
