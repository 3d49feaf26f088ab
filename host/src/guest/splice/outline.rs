//! Where a component has what the loop needs.

use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, ExternalKind, Parser, Payload,
};

use super::super::bindings::interface;
use super::{HANDLER, NEXT, REALLOC, RUN};

/// The sizes of a component's index spaces.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) types: u32,
    pub(super) funcs: u32,
    pub(super) core_funcs: u32,
    pub(super) core_modules: u32,
    pub(super) core_instances: u32,
}

/// A function that is lifted from a core function, with a memory and nothing unusual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lift {
    pub(super) core_func: u32,
    pub(super) memory: u32,
    pub(super) realloc: u32,
    pub(super) post_return: Option<u32>,
}

/// The outermost part of a component, as far as the loop needs it.
pub(super) struct Outline<'a> {
    bytes: &'a [u8],
    pub(super) counts: Counts,
    /// The core functions that are exports of core instances by their indices, with their names.
    core_exports: Vec<(u32, &'a str)>,
    /// The lifted functions by their indices.
    lifts: Vec<(u32, Lift)>,
    /// Its instances, with those that it makes.
    instances: Vec<Option<ComponentInstance<'a>>>,
    /// Its components, with the bytes of those that it contains.
    components: Vec<Option<Range<usize>>>,
    /// The instance that is exported as the contract's `handler`.
    exported: Option<u32>,
}

impl<'a> Outline<'a> {
    /// `None` if the bytes are no component of a kind that this host knows, or if it has one of the loop's names already.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let counts = Counts::default();
        let (core_exports, lifts, instances, components) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut outline = Self { bytes, counts, core_exports, lifts, instances, components, exported: None };
        let (mut parser, mut at) = (Parser::new(0), 0);
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(&bytes[at..], true).ok()? else { return None };
            at += consumed;
            match &payload {
                Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                    // Its parts are not the outermost.
                    at = unchecked_range.end;
                }
                Payload::End(_) => return Some(outline),
                _ => {}
            }
            outline.note(payload)?;
            if at > bytes.len() {
                return None;
            }
        }
    }

    fn note(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::ModuleSection { .. } => self.counts.core_modules += 1,
            Payload::ComponentSection { unchecked_range, .. } => self.components.push(Some(unchecked_range)),
            Payload::InstanceSection(section) => self.counts.core_instances += section.count(),
            Payload::ComponentTypeSection(section) => self.counts.types += section.count(),
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    self.instances.push(Some(instance.ok()?));
                }
            }
            Payload::ComponentAliasSection(section) => section.into_iter().try_for_each(|alias| self.note_alias(&alias.ok()?))?,
            Payload::ComponentCanonicalSection(section) => {
                section.into_iter().try_for_each(|function| self.note_canonical(function.ok()?))?;
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.ok()?;
                    if import.name.name == NEXT {
                        return None;
                    }
                    self.note_kind(import.ty.kind());
                }
            }
            Payload::ComponentExportSection(section) => {
                let handler = interface("handler");
                for export in section {
                    let export = export.ok()?;
                    match export.name.name {
                        RUN => return None,
                        name if name == handler && export.kind == ComponentExternalKind::Instance => {
                            self.exported = Some(export.index);
                        }
                        _ => {}
                    }
                    // An export is an item of its own, too.
                    self.note_kind(export.kind);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Counts an item that comes from elsewhere.
    fn note_kind(&mut self, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Module => self.counts.core_modules += 1,
            ComponentExternalKind::Func => self.counts.funcs += 1,
            ComponentExternalKind::Type => self.counts.types += 1,
            ComponentExternalKind::Instance => self.instances.push(None),
            ComponentExternalKind::Component => self.components.push(None),
            ComponentExternalKind::Value => {}
        }
    }

    fn note_alias(&mut self, alias: &ComponentAlias<'a>) -> Option<()> {
        match alias {
            ComponentAlias::InstanceExport { kind, .. } => self.note_kind(*kind),
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, name, .. } => {
                self.core_exports.push((self.counts.core_funcs, name));
                self.counts.core_funcs += 1;
            }
            ComponentAlias::CoreInstanceExport { .. } => {}
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => self.counts.types += 1,
            // The outermost component has nothing outside.
            ComponentAlias::Outer { .. } => return None,
        }
        Some(())
    }

    fn note_canonical(&mut self, function: CanonicalFunction) -> Option<()> {
        let CanonicalFunction::Lift { core_func_index, options, .. } = function else {
            self.counts.core_funcs += 1;
            return Some(());
        };
        let (mut memory, mut realloc, mut post_return, mut is_usual) = (None, None, None, true);
        for option in &options {
            match option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::Memory(index) => memory = Some(*index),
                CanonicalOption::Realloc(index) => realloc = Some(*index),
                CanonicalOption::PostReturn(index) => post_return = Some(*index),
                _ => is_usual = false,
            }
        }
        if let (Some(memory), Some(realloc), true) = (memory, realloc, is_usual) {
            self.lifts.push((self.counts.funcs, Lift { core_func: core_func_index, memory, realloc, post_return }));
        }
        self.counts.funcs += 1;
        Some(())
    }

    /// The core function below the exported `on-message`.
    pub(super) fn handler(&self) -> Option<Lift> {
        let instance = self.instances.get(self.exported? as usize)?.as_ref()?;
        let func = match instance {
            ComponentInstance::FromExports(exports) => {
                let export = exports.iter().find(|export| export.name.name == HANDLER)?;
                (export.kind == ComponentExternalKind::Func).then_some(export.index)?
            }
            ComponentInstance::Instantiate { component_index, args } => {
                let range = self.components.get(*component_index as usize)?.clone()?;
                let name = passed_on(self.bytes.get(range)?, HANDLER)?;
                let argument = args.iter().find(|argument| argument.name == name)?;
                (argument.kind == ComponentExternalKind::Func).then_some(argument.index)?
            }
        };
        let (_, lift) = self.lifts.iter().find(|(index, _)| *index == func)?;
        let function = format!("{}#{HANDLER}", interface("handler"));
        let is_named = |index, name: &str| self.core_exports.contains(&(index, name));
        let is_usual = is_named(lift.realloc, REALLOC)
            && is_named(lift.core_func, &function)
            && lift.post_return.is_none_or(|index| is_named(index, &format!("cabi_post_{function}")));
        is_usual.then_some(*lift)
    }
}

/// The name of the imported function that a component exports under a name. `None` if the component does more than to import functions and to export
/// them under the names of an interface.
fn passed_on<'a>(component: &'a [u8], export_name: &str) -> Option<&'a str> {
    let (mut imports, mut exported) = (Vec::new(), None);
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.ok()?;
                    if matches!(import.ty, ComponentTypeRef::Func(_)) {
                        imports.push(import.name.name);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    if export.name.name == export_name && export.kind == ComponentExternalKind::Func {
                        exported = Some(export.index);
                    }
                }
            }
            Payload::Version { .. }
            | Payload::ComponentTypeSection(_)
            | Payload::ComponentAliasSection(_)
            | Payload::CustomSection(_)
            | Payload::End(_) => {}
            _ => return None,
        }
    }
    imports.get(exported? as usize).copied()
}
