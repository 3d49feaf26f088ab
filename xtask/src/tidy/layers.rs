//! Imports of the host point down only.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

/// The host's modules from top to bottom. A module may use the modules of lower layers, and those of its own layer only
/// if the layer is one piece.
const LAYERS: [Layer; 8] = [
    Layer { modules: &["lib", "builder", "server", "handle", "admin"], one_piece: true },
    Layer { modules: &["front", "swap", "bench_support"], one_piece: false },
    Layer { modules: &["shard"], one_piece: false },
    Layer { modules: &["guest", "native"], one_piece: false },
    Layer { modules: &["app"], one_piece: false },
    Layer { modules: &["room"], one_piece: false },
    Layer { modules: &["close", "config", "error", "types"], one_piece: true },
    // The crate `ws-protocol`, by the name that the host's root gives it.
    Layer { modules: &["protocol"], one_piece: false },
];

struct Layer {
    modules: &'static [&'static str],
    one_piece: bool,
}

/// Finds imports that point up or sideways, and modules without a layer.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let Some(file) = source.below("host/src") else { return Vec::new() };
    let own = module_path(file);
    let module = own.first().copied().unwrap_or("lib");
    let Some(layer) = layer(module) else {
        return vec![Finding::new(&source.path, 1, format!("`{module}` has no layer in xtask/src/tidy/layers.rs"))];
    };
    let code = &source.production;
    let mut findings = Vec::new();
    for (start, used) in imports(code, own.len()) {
        let problem = match self::layer(used) {
            _ if used == module => continue,
            Some(below) if below > layer || below == layer && LAYERS[layer].one_piece => continue,
            Some(_) => format!("`{module}` uses `{used}`, which is not below it"),
            None => format!("`{used}` has no layer in xtask/src/tidy/layers.rs"),
        };
        findings.push(Finding::new(&source.path, line_of(code, start), problem));
    }
    findings
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.modules.contains(&module))
}

/// `shard/room.rs` is `[shard, room]`, `shard/mod.rs` is `[shard]`, `lib.rs` is the root.
fn module_path(file: &str) -> Vec<&str> {
    let mut path: Vec<_> = file.trim_end_matches(".rs").split('/').collect();
    if matches!(path.last(), Some(&"mod" | &"lib")) {
        path.pop();
    }
    path
}

/// The top-level modules that some code names, and where. `depth` says how many `super` lead to the root.
fn imports(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (start, word) in words(code) {
        let rest = &code[start + word.len()..];
        let continues_path = code[..start].ends_with("::");
        match word {
            "crate" => found.extend(heads(rest).into_iter().map(|head| (start, head))),
            "super" if !continues_path => {
                let supers = 1 + rest.split("::").skip(1).take_while(|segment| *segment == "super").count();
                if supers >= depth {
                    let behind = &rest[(supers - 1) * "::super".len()..];
                    found.extend(heads(behind).into_iter().map(|head| (start, head)));
                }
            }
            _ => {}
        }
    }
    found
}

/// The first names behind `crate`: one in `::a::b`, several in `::{a::b, c}`, none in `)`.
/// An item of the root itself stands for `lib`.
fn heads(rest: &str) -> Vec<&str> {
    let Some(path) = rest.strip_prefix("::") else { return Vec::new() };
    let Some(group) = path.strip_prefix('{') else { return first_name(path).into_iter().collect() };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_name(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> Option<&str> {
    let (_, name) = words(path).next()?;
    let is_item = name.starts_with(char::is_uppercase) || !path.trim_start()[name.len()..].starts_with("::");
    Some(if is_item && layer(name).is_none() { "lib" } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn an_import_may_point_down_and_within() {
        let text = "use crate::{guest::Program, protocol::{frame, close}, types};\nuse super::inbox::Inbox;\nfn f() { crate::shard::room::g() }";
        assert_eq!(found("host/src/shard/room.rs", text), [""; 0]);
        assert_eq!(found("host/src/error.rs", "use crate::types::ClientId;"), [""; 0]);
        assert_eq!(found("host/src/lib.rs", "use crate::front::Door;"), [""; 0]);
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
    fn an_item_of_the_root_belongs_to_lib() {
        assert_eq!(found("host/src/shard/mod.rs", "use crate::Server;"), ["`shard` uses `lib`, which is not below it"]);
    }

    #[test]
    fn tests_may_import_from_anywhere() {
        assert_eq!(found("host/src/types.rs", "#[cfg(test)]\nmod tests { use crate::shard::Room; }"), [""; 0]);
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        let what = ["`attic` has no layer in xtask/src/tidy/layers.rs"];
        assert_eq!(found("host/src/attic/mod.rs", ""), what);
        assert_eq!(found("host/src/shard/mod.rs", "use crate::attic::Thing;"), what);
    }
}
