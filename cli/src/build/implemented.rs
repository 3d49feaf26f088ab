//! The optional exports of the contract that an app in C implements.
//!
//! The bindings implement all exports, and call handlers that do nothing where the app has none. A component must not export what its app does
//! not have: with `requests`, for example, the host would leave plain HTTP to it. The module tells by its own exports and imports what
//! the app has.

use std::collections::HashSet;

use anyhow::Context;
use wasmparser::{Parser, Payload};
use wit_component::{StringEncoding, embed_component_metadata, metadata};

/// An optional interface, the handlers for which it is exported, and a function of the host whose callers need it.
struct Optional {
    interface: &'static str,
    handlers: &'static [&'static str],
    caller_of: Option<(&'static str, &'static str)>,
}

const OPTIONAL: &[Optional] = &[
    Optional { interface: "gate", handlers: &["ws_on_upgrade"], caller_of: None },
    Optional { interface: "lifecycle", handlers: &["ws_on_start", "ws_snapshot"], caller_of: None },
    Optional { interface: "flow", handlers: &["ws_on_drain"], caller_of: None },
    Optional { interface: "presence", handlers: &["ws_on_line_lost", "ws_on_line_back"], caller_of: None },
    Optional { interface: "timers", handlers: &["ws_on_timer"], caller_of: Some(("control", "set-timer")) },
    Optional { interface: "responses", handlers: &["ws_on_orphan"], caller_of: Some(("http", "fetch")) },
    Optional {
        interface: "requests",
        handlers: &["ws_on_request", "ws_on_request_drained", "ws_on_request_gone"],
        caller_of: None,
    },
    Optional { interface: "events", handlers: &["ws_on_event"], caller_of: None },
];

/// The module, with a description that has only the optional exports that its app implements.
pub(super) fn without_missing(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let names = Names::of(module)?;
    let (stripped, mut described) = metadata::decode(module)?;
    let mut stripped =
        stripped.context("the module has no description of its imports and exports: link bindings/ws_component_type.o")?;
    let missing: HashSet<_> =
        OPTIONAL.iter().filter(|optional| !names.have(optional)).map(|optional| optional.interface).collect();
    let resolve = &mut described.resolve;
    let mut exports = std::mem::take(&mut resolve.worlds[described.world].exports);
    exports.retain(|key, _| !interface(&resolve.name_world_key(key)).is_some_and(|name| missing.contains(name)));
    resolve.worlds[described.world].exports = exports;
    // The adapter's description has the name `root:root` too, and other imports.
    if let Some(package) = resolve.worlds[described.world].package {
        resolve.packages[package].name.namespace = "ws-host-guest".to_owned();
    }
    embed_component_metadata(&mut stripped, resolve, described.world, StringEncoding::UTF8)?;
    Ok(stripped)
}

/// The name of an interface of the contract: `gate` of `ws-host:server/gate@0.2.0`.
fn interface(name: &str) -> Option<&str> {
    name.strip_prefix("ws-host:server/")?.split('@').next()
}

/// The names of a module's exports and imports.
#[derive(Default)]
struct Names<'a> {
    exports: HashSet<&'a str>,
    imports: HashSet<(&'a str, &'a str)>,
}

impl<'a> Names<'a> {
    fn of(module: &'a [u8]) -> anyhow::Result<Self> {
        let mut names = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ExportSection(exports) => {
                    for export in exports {
                        names.exports.insert(export?.name);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        names.imports.extend(interface(import.module).map(|module| (module, import.name)));
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }

    fn have(&self, optional: &Optional) -> bool {
        optional.handlers.iter().any(|handler| self.exports.contains(handler))
            || optional.caller_of.is_some_and(|function| self.imports.contains(&function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interfaces that the component of a module in the text format exports, by the description of the SDK for C.
    fn exported(module: &str) -> Vec<String> {
        let mut module = wat::parse_str(module).expect("the module is right");
        let bindings = include_bytes!("../../sdk/c/bindings/ws_component_type.o");
        let is_description = |name: &[u8]| name.starts_with(b"component-type");
        let sections = ws_host::sections::sections(bindings);
        let described = sections.filter(|section| section.custom().is_some_and(|(name, _)| is_description(name)));
        described.for_each(|section| module.extend_from_slice(section.whole));
        let module = without_missing(&module).expect("the module has a description");
        let (_, described) = metadata::decode(&module).expect("the module has one still");
        let exports = described.resolve.worlds[described.world].exports.keys();
        let names = exports.map(|key| described.resolve.name_world_key(key));
        let mut names: Vec<_> = names.filter_map(|name| interface(&name).map(str::to_owned)).collect();
        names.sort();
        names
    }

    #[test]
    fn an_app_exports_the_optional_interfaces_that_it_implements() {
        assert_eq!(exported("(module)"), ["handler"]);
        let by = |handler| exported(&format!("(module (func (export \"{handler}\")))"));
        assert_eq!(by("ws_on_upgrade"), ["gate", "handler"]);
        assert_eq!(by("ws_on_start"), ["handler", "lifecycle"]);
        assert_eq!(by("ws_snapshot"), ["handler", "lifecycle"]);
        let defaults = "(module (func (export \"ws-host:server/gate@0.2.0#on-upgrade\")))";
        assert_eq!(exported(defaults), ["handler"], "the bindings export it in any case");
    }

    #[test]
    fn an_app_that_sets_timers_or_asks_hears_of_them() {
        let timers = r#"(module (import "ws-host:server/control@0.2.0" "set-timer" (func)))"#;
        let asks = r#"(module (import "ws-host:server/http@0.2.0" "fetch" (func)))"#;
        assert_eq!(exported(timers), ["handler", "timers"]);
        assert_eq!(exported(asks), ["handler", "responses"]);
    }

    #[test]
    fn each_optional_export_of_the_bindings_has_its_handlers() {
        let handlers = OPTIONAL.iter().flat_map(|optional| optional.handlers);
        let exports: String = handlers.map(|handler| format!("(func (export \"{handler}\"))")).collect();
        let mut all: Vec<_> = OPTIONAL.iter().map(|optional| optional.interface).chain(["handler"]).collect();
        all.sort_unstable();
        assert_eq!(exported(&format!("(module {exports})")), all);
        // An interface without a line in the list would always be exported.
        let header = include_str!("../../sdk/c/ws_guest.h");
        let marked = header.split("WS_HANDLER(").skip(2).filter_map(|rest| rest.split(')').next());
        let listed: HashSet<_> = OPTIONAL.iter().flat_map(|optional| optional.handlers.iter().copied()).collect();
        assert_eq!(marked.filter(|name| *name != "name").collect::<HashSet<_>>(), listed);
    }
}
