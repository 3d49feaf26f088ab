//! The modules of files and of paths.

use std::collections::BTreeMap;

use super::paths::imported;
use super::source::Source;

/// A module's path from the root of its crate.
pub(super) type Module = Vec<String>;

/// `shard/room.rs` is `[shard, room]`, `shard/mod.rs` is `[shard]`, `lib.rs` is the root.
pub(super) fn module_of(file: &str) -> Module {
    let mut path: Module = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

/// A path from the root of the crate, or `None` if `super` leads out of the crate.
pub(super) fn absolute(module: &[String], path: &[&str]) -> Option<Module> {
    let mut absolute = if path.first() == Some(&"crate") { Vec::new() } else { module.to_vec() };
    for name in path {
        match *name {
            "crate" | "self" => {}
            "super" => drop(absolute.pop()?),
            name => absolute.push(name.to_owned()),
        }
    }
    Some(absolute)
}

/// The path to a neighbour of `module`, or to a neighbour of a folder around it. Re-exports in a `mod.rs` are followed to
/// the file that defines the name. A name that a `mod.rs` defines itself leads to no neighbour.
pub(super) fn behind_reexports(files: &BTreeMap<Module, &Source>, module: &[String], mut used: Module) -> Option<Module> {
    for _ in 0..8 {
        let common = common_length(module, &used);
        if common == module.len() || common == used.len() {
            return None;
        }
        let folder = &used[..common];
        if files.keys().any(|file| file.starts_with(&used[..=common])) {
            return Some(used);
        }
        let imports = imported(&files.get(folder)?.production);
        let reexport = imports.iter().find(|import| import.known_as() == Some(used[common].as_str()))?;
        let mut behind = match reexport.path.first() {
            Some(&("crate" | "self" | "super")) => absolute(folder, &reexport.path)?,
            _ => absolute(folder, &[&["self"], reexport.path.as_slice()].concat())?,
        };
        behind.extend_from_slice(&used[common + 1..]);
        used = behind;
    }
    None
}

/// The number of names that two paths share from the root on.
pub(super) fn common_length(one: &[String], other: &[String]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str) -> Module {
        path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn a_file_is_a_module() {
        let cases = [("shard/room.rs", "shard::room"), ("shard/mod.rs", "shard"), ("lib.rs", ""), ("types.rs", "types")];
        for (file, path) in cases {
            assert_eq!(module_of(file), module(path), "{file}");
        }
    }

    #[test]
    fn a_path_is_followed_from_its_module() {
        let from = |path| absolute(&module("a::b"), path);
        assert_eq!(from(&["crate", "c", "D"]), Some(module("c::D")));
        assert_eq!(from(&["super", "c"]), Some(module("a::c")));
        assert_eq!(from(&["self", "c"]), Some(module("a::b::c")));
        assert_eq!(from(&["super", "super", "c"]), Some(module("c")));
        assert_eq!(from(&["super", "super", "super", "c"]), None);
    }
}
