//! Imports point down only, between the crates and between the host's modules.

use std::collections::BTreeMap;

use super::Finding;
use super::modules::{Module, absolute, module_of};
use super::paths::{anchored, imported};
use super::scan::{line_of, words};
use super::source::Source;

/// The crates of the workspace, and those that each may use.
const CRATES: [(&str, &[&str]); 6] = [
    ("protocol/src", &[]),
    ("cluster/src", &[]),
    ("host/src", &["ws_cluster", "ws_protocol"]),
    ("load/src", &["ws_protocol"]),
    ("client/rust/src", &["ws_protocol"]),
    ("cli/src", &["ws_protocol", "ws_host", "ws_host_load"]),
];
const NAMES: [&str; 5] = ["ws_protocol", "ws_cluster", "ws_host", "ws_host_client", "ws_host_load"];

/// The host's modules from top to bottom. A module may use the modules of lower layers, and those of its own layer only
/// if the layer is one piece.
const LAYERS: [Layer; 9] = [
    Layer {
        modules: &["lib", "builder", "data", "server", "handle", "status", "metrics", "api", "live", "succession"],
        one_piece: true,
    },
    Layer { modules: &["front", "swap", "bench_support"], one_piece: false },
    Layer { modules: &["shard"], one_piece: false },
    Layer { modules: &["guest", "native"], one_piece: false },
    Layer { modules: &["cluster"], one_piece: false },
    Layer { modules: &["app"], one_piece: false },
    Layer { modules: &["room"], one_piece: false },
    Layer { modules: &["bus", "fetch", "requests", "store"], one_piece: false },
    Layer {
        modules: &[
            "close",
            "cluster_settings",
            "config",
            "countdown",
            "error",
            "file",
            "inventory",
            "limit_error",
            "limits",
            "listen",
            "log",
            "memory",
            "path",
            "refusal",
            "sections",
            "socket_file",
            "trace",
            "types",
        ],
        one_piece: true,
    },
];

struct Layer {
    modules: &'static [&'static str],
    one_piece: bool,
}

/// Finds imports that point up or sideways, and modules without a layer.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let of_host = |source| Some((module_of(Source::below(source, "host/src")?), source));
    let host: BTreeMap<Module, &Source> = sources.iter().filter_map(of_host).collect();
    let between_modules = host.iter().flat_map(|(module, source)| in_host(&host, module, source));
    sources.iter().flat_map(between_crates).chain(between_modules).collect()
}

fn between_crates(source: &Source) -> Vec<Finding> {
    let Some((_, allowed)) = CRATES.iter().find(|(dir, _)| source.below(dir).is_some()) else { return Vec::new() };
    let code = &source.production;
    let is_crate = |start: usize, word: &str| NAMES.contains(&word) && !code[..start].ends_with("::") && !allowed.contains(&word);
    let named = words(code).filter(|(start, word)| is_crate(*start, word));
    named
        .map(|(start, word)| Finding::new(&source.path, line_of(code, start), format!("this crate may not use `{word}`")))
        .collect()
}

fn in_host(host: &BTreeMap<Module, &Source>, module: &Module, source: &Source) -> Vec<Finding> {
    let own = module.first().map_or("lib", String::as_str);
    let Some(layer) = layer(own) else {
        return vec![Finding::new(&source.path, 1, without_layer(own))];
    };
    let mut findings = Vec::new();
    for named in anchored(&source.production) {
        let Some(used) = absolute(module, &named.path).and_then(|path| top_level(host, &path)) else { continue };
        let problem = match self::layer(&used) {
            _ if used == own => continue,
            Some(below) if below > layer || below == layer && LAYERS[layer].one_piece => continue,
            Some(_) => format!("`{own}` uses `{used}`, which is not below it"),
            None => without_layer(&used),
        };
        findings.push(Finding::new(&source.path, line_of(&source.production, named.at), problem));
    }
    findings
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.modules.contains(&module))
}

fn without_layer(module: &str) -> String {
    format!("`{module}` has no layer in xtask/src/tidy/layers.rs")
}

/// The top-level module that a path leads to. Names that `lib.rs` re-exports lead on to their module, or to none if they are
/// another crate's. Other names of the root are `lib`'s.
fn top_level(host: &BTreeMap<Module, &Source>, path: &[String]) -> Option<String> {
    let Some(first) = path.first() else { return Some("lib".to_owned()) };
    let is_module = |name: &str| layer(name).is_some() || host.keys().any(|module| module.first().is_some_and(|own| own == name));
    if is_module(first) {
        return Some(first.clone());
    }
    let imports = host.get(&Module::new()).map(|root| imported(&root.production)).unwrap_or_default();
    match imports.iter().find(|import| import.known_as() == Some(first)) {
        Some(import) => {
            let behind = absolute(&[], &import.path)?;
            behind.first().filter(|name| is_module(name)).cloned()
        }
        None => Some("lib".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: (&str, &str) = ("host/src/lib.rs", "use ws_protocol as protocol;\npub use server::Server;\npub use error::Error;");

    fn found(path: &str, text: &str) -> Vec<String> {
        let sources = [LIB, (path, text)].map(|(path, text)| Source::new(path, text));
        check(&sources).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn an_import_may_point_down_and_within() {
        let text =
            "use crate::{guest::Program, room::{A, b}, types};\nuse super::mailbox::Mailbox;\nfn f() { crate::shard::room::g() }";
        assert_eq!(found("host/src/shard/room.rs", text), [""; 0]);
        assert_eq!(found("host/src/error.rs", "use crate::types::ClientId;"), [""; 0]);
        assert_eq!(found("host/src/builder.rs", "use crate::front::Front;"), [""; 0]);
        assert_eq!(found("host/src/guest/instance.rs", "use super::bindings::ws_host::server::types;"), [""; 0]);
    }

    #[test]
    fn an_import_that_points_up_is_found() {
        let what = ["`guest` uses `shard`, which is not below it"];
        assert_eq!(found("host/src/guest/imports.rs", "use crate::{types, shard::Room};"), what);
        assert_eq!(found("host/src/guest/imports.rs", "use super::super::shard::Room;"), what);
        assert_eq!(found("host/src/guest/mod.rs", "fn f(room: super::shard::Room) {}"), what);
    }

    #[test]
    fn an_import_from_the_side_is_found() {
        assert_eq!(found("host/src/front/mod.rs", "use crate::swap::Swap;"), ["`front` uses `swap`, which is not below it"]);
    }

    #[test]
    fn a_name_of_the_root_belongs_to_its_module_or_to_lib() {
        assert_eq!(found("host/src/shard/mod.rs", "use crate::{Error, protocol::Frame};"), [""; 0]);
        assert_eq!(found("host/src/shard/mod.rs", "use crate::Server;"), ["`shard` uses `server`, which is not below it"]);
        assert_eq!(found("host/src/shard/mod.rs", "use crate::VERSION;"), ["`shard` uses `lib`, which is not below it"]);
    }

    #[test]
    fn tests_may_import_from_anywhere() {
        assert_eq!(found("host/src/types.rs", "#[cfg(test)]\nmod tests { use crate::shard::Room; }"), [""; 0]);
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        let what = "`attic` has no layer in xtask/src/tidy/layers.rs";
        assert_eq!(found("host/src/attic/mod.rs", ""), [what]);
        let sources = [("host/src/attic/mod.rs", ""), ("host/src/shard/mod.rs", "use crate::attic::Thing;")];
        let found: Vec<_> = check(&sources.map(|(path, text)| Source::new(path, text)));
        assert_eq!(found, [Finding::new("host/src/attic/mod.rs", 1, what), Finding::new("host/src/shard/mod.rs", 1, what)]);
    }

    #[test]
    fn crates_point_one_way() {
        let text = "use ws_host::Server;";
        assert_eq!(found("cli/src/main.rs", text), [""; 0]);
        assert_eq!(found("load/src/lib.rs", text), ["this crate may not use `ws_host`"]);
        assert_eq!(found("protocol/src/lib.rs", text), ["this crate may not use `ws_host`"]);
        assert_eq!(found("host/src/front/mod.rs", "use ws_host_load::Report;"), ["this crate may not use `ws_host_load`"]);
        assert_eq!(found("host/src/front/mod.rs", "use ws_protocol::Frame;"), [""; 0]);
    }
}
