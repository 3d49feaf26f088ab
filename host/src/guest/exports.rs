//! The interfaces that a guest exports: the handlers always, the others perhaps.

use wasmtime::component::types::{Component as ComponentType, ComponentItem};
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Engine, Store};

use super::bindings::exports::ws_host::server as generated;
use super::bindings::interface;
use super::state::GuestState;
use crate::log::in_short;

/// The functions of the one interface that every guest exports.
const HANDLER_FUNCTIONS: [&str; 3] = ["on-new-client", "on-message", "on-client-left"];

/// Names each optional interface once, for the three places that need it.
macro_rules! optional_exports {
    ($($name:ident),+) => {
        /// Where a component has its exports.
        pub(super) struct ExportIndices {
            handler: generated::handler::GuestIndices,
            $(pub(super) $name: Option<generated::$name::GuestIndices>,)+
        }

        /// An instance's exports.
        pub(super) struct Exports {
            pub(super) handler: generated::handler::Guest,
            $(pub(super) $name: Option<generated::$name::Guest>,)+
        }

        impl ExportIndices {
            /// Finds a component's exports. One that has an interface's name with other types is an error.
            pub(super) fn find(component: &Component, pre: &InstancePre<GuestState>) -> wasmtime::Result<Self> {
                let has = |name| component.get_export_index(None, &interface(name)).is_some();
                Ok(Self {
                    handler: generated::handler::GuestIndices::new(pre)?,
                    $($name: has(stringify!($name)).then(|| generated::$name::GuestIndices::new(pre)).transpose()?,)+
                })
            }

            /// Takes them from an instance.
            pub(super) fn load(&self, store: &mut Store<GuestState>, instance: &Instance) -> wasmtime::Result<Exports> {
                Ok(Exports {
                    handler: self.handler.load(&mut *store, instance)?,
                    $($name: self.$name.as_ref().map(|found| found.load(&mut *store, instance)).transpose()?,)+
                })
            }
        }
    };
}

optional_exports!(gate, lifecycle, flow, presence, timers, responses, events, requests);

/// The host that a component without our handlers was built for, as the rest of a sentence, and the remedy. `None` if it does not tell.
pub(super) fn made_for_another(engine: &Engine, ty: &ComponentType) -> Option<(String, &'static str)> {
    let ours = interface("handler");
    let (package, version) = ours.split_once('@')?;
    if ty.get_export(engine, &ours).is_some() {
        return None;
    }
    ty.exports(engine).find_map(|(name, _)| match name.split_once('@').unwrap_or((name, "")) {
        (other, its) if other == package => Some((
            format!("was built for version {} of the contract ws-host:server, and this host has {version}", in_short(its)),
            "Build it with the SDK of this host, or serve it with a host of its own version",
        )),
        ("wasi:http/incoming-handler" | "wasi:http/handler", _) => Some((
            "is an HTTP server (wasi:http), and this host serves WebSocket clients".to_owned(),
            "An app exports the handlers of ws-host:server (see wit/)",
        )),
        ("wasi:cli/run", _) => Some((
            "is a command with a main function, and exports no handlers".to_owned(),
            "Build a library: in Rust, `crate-type = [\"cdylib\"]` and `ws_guest::export!`",
        )),
        _ => None,
    })
}

/// The handlers that a component lacks, in words.
pub(super) fn missing_handlers(engine: &Engine, ty: &ComponentType) -> Vec<String> {
    let handler = interface("handler");
    let Some(export) = ty.get_export(engine, &handler) else {
        return vec![format!("the export {handler} with its functions {}", HANDLER_FUNCTIONS.join(", "))];
    };
    let ComponentItem::ComponentInstance(instance) = export.ty else {
        return vec![format!("the export {handler} as an instance")];
    };
    HANDLER_FUNCTIONS
        .iter()
        .filter(|function| instance.get_export(engine, function).is_none())
        .map(|function| format!("the function {function} in its export {handler}"))
        .collect()
}
