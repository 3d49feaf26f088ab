//! The library's public names fit a page.

use super::Finding;
use super::scan::{end_of_item, words};
use super::source::Source;

/// The most names of `lib.rs`, its public modules included.
const NAMES: usize = 10;
/// The most names of a public module.
const MODULE_NAMES: usize = 24;
const ROOT: &str = "host/src";
const HIDDEN: &str = "#[doc(hidden)]";

/// Finds too many exports in the host's `lib.rs` and in its public modules. An item with `#[doc(hidden)]`, for benches, does
/// not count.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let lib = format!("{ROOT}/lib.rs");
    let Some(root) = sources.iter().find(|source| source.path == lib) else { return Vec::new() };
    let mut findings: Vec<_> = too_many(&lib, &exported(&root.production), NAMES).collect();
    for (name, block) in public_modules(&root.production) {
        let files = [format!("{ROOT}/{name}.rs"), format!("{ROOT}/{name}/mod.rs")];
        match (block, sources.iter().find(|source| files.contains(&source.path))) {
            (Some(block), _) => findings.extend(too_many(&lib, &exported(block), MODULE_NAMES)),
            (None, Some(file)) => findings.extend(too_many(&file.path, &exported(&file.production), MODULE_NAMES)),
            (None, None) => {}
        }
    }
    findings
}

fn too_many(path: &str, names: &[&str], most: usize) -> impl Iterator<Item = Finding> {
    let what = format!("{} exported names, more than {most}: {}", names.len(), names.join(", "));
    let many = (names.len() > most).then(|| Finding::new(path, 1, what));
    let glob = names.contains(&"*").then(|| Finding::new(path, 1, "a glob exports names that are not counted"));
    many.into_iter().chain(glob)
}

/// The public modules of a file, with the code of those that are written in place.
fn public_modules(code: &str) -> Vec<(&str, Option<&str>)> {
    let modules = public_items(code).into_iter().filter_map(|item| item.strip_prefix("mod "));
    modules
        .map(|item| match item.split_once('{') {
            Some((name, block)) => (name.trim(), Some(block.trim_end().trim_end_matches('}'))),
            None => (item.trim_end_matches(';').trim(), None),
        })
        .collect()
}

/// The names that the items of a file export.
fn exported(code: &str) -> Vec<&str> {
    public_items(code).into_iter().flat_map(names_of).collect()
}

/// The public items of a file, without their `pub`.
fn public_items(code: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut item = 0;
    while item < code.len() {
        // An inner attribute is an item of its own; an outer one belongs to the next item.
        let end = end_of_item(code, item);
        let text = code[item..end].trim();
        items.extend(text.split_once("pub ").filter(|(before, _)| is_attributes(before)).map(|(_, public)| public));
        item = end;
    }
    items
}

fn is_attributes(before: &str) -> bool {
    let before = before.trim();
    before.is_empty() || before.starts_with('#') && before.ends_with(']') && !before.contains(HIDDEN)
}

/// The names that the item behind a `pub` exports.
fn names_of(item: &str) -> Vec<&str> {
    if let Some(paths) = item.strip_prefix("use ") {
        return used(paths.trim_end_matches(';'));
    }
    let prefixes = ["async", "unsafe", "const", "fn", "struct", "enum", "trait", "mod", "type", "static"];
    let name = words(item).map(|(_, word)| word).find(|word| !prefixes.contains(word));
    name.into_iter().collect()
}

/// The names that a `use` imports: the last word of each path, or the word after its `as`.
fn used(paths: &str) -> Vec<&str> {
    let leaves = paths.split([',', '{', '}']).map(str::trim).filter(|leaf| !leaf.is_empty() && !leaf.ends_with("::"));
    leaves.map(|leaf| leaf.rsplit([':', ' ']).next().unwrap_or(leaf)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_names_are_found() {
        let code = "#![deny(missing_docs)]\nmod a;\npub(crate) mod b;\npub mod c;\npub use a::{D, e::F, G as H};\n\
            pub use a::I;\n#[derive(Debug)]\npub struct J { pub k: u8 }\npub async fn l() { pub fn m() {} }\n\
            #[doc(hidden)]\npub mod n;\nfn o() { p(); }\nimpl J { pub fn q() {} }\n";
        assert_eq!(exported(code), ["c", "D", "F", "H", "I", "J", "l"]);
    }

    fn found(files: &[(&str, &str)]) -> Vec<Finding> {
        check(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>())
    }

    fn names(count: usize) -> String {
        (0..count).map(|number| format!("N{number}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn ten_names_are_enough_with_modules_counted() {
        let lib = |count| found(&[("host/src/lib.rs", &format!("pub mod m {{}}\npub use a::{{{}}};", names(count)))]);
        assert_eq!(lib(9), []);
        let what = format!("11 exported names, more than 10: m, {}", names(10));
        assert_eq!(lib(10), [Finding::new("host/src/lib.rs", 1, what)]);
    }

    #[test]
    fn a_public_module_has_a_bound_in_place_and_in_a_file() {
        let many = format!("pub use a::{{{}}};", names(MODULE_NAMES + 1));
        let what = format!("{} exported names, more than {MODULE_NAMES}: {}", MODULE_NAMES + 1, names(MODULE_NAMES + 1));
        let in_place = format!("pub mod more {{ {many} }}");
        assert_eq!(found(&[("host/src/lib.rs", &in_place)]), [Finding::new("host/src/lib.rs", 1, &what)]);
        let public = ("host/src/lib.rs", "pub mod more;");
        assert_eq!(found(&[public, ("host/src/more.rs", &many)]), [Finding::new("host/src/more.rs", 1, &what)]);
        assert_eq!(found(&[public, ("host/src/more/mod.rs", &many)]), [Finding::new("host/src/more/mod.rs", 1, &what)]);
        assert_eq!(found(&[("host/src/lib.rs", "mod more;"), ("host/src/more.rs", &many)]), []);
    }

    #[test]
    fn a_glob_is_found() {
        let findings = found(&[("host/src/lib.rs", "pub use types::*;")]);
        assert_eq!(findings, [Finding::new("host/src/lib.rs", 1, "a glob exports names that are not counted")]);
    }
}
