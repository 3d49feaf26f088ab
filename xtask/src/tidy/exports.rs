//! The library's public names fit a page.

use super::Finding;
use super::scan::{end_of_item, words};
use super::source::Source;

const NAMES: usize = 10;
const LIB: &str = "host/src/lib.rs";
const HIDDEN: &str = "#[doc(hidden)]";

/// Finds too many exports in the host's `lib.rs`. An item with `#[doc(hidden)]`, for benches, does not count.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(lib) = sources.iter().find(|source| source.path == LIB) else { return Vec::new() };
    let names = exported(&lib.production);
    let mut findings = Vec::new();
    if names.len() > NAMES {
        let what = format!("{} exported names, more than {NAMES}: {}", names.len(), names.join(", "));
        findings.push(Finding::new(LIB, 1, what));
    }
    if names.contains(&"*") {
        findings.push(Finding::new(LIB, 1, "a glob exports names that are not counted"));
    }
    findings
}

/// The names that the items of a file export.
fn exported(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut item = 0;
    while item < code.len() {
        // An inner attribute is an item of its own; an outer one belongs to what follows.
        let end = end_of_item(code, item);
        let text = code[item..end].trim();
        if let Some(public) = text.split_once("pub ").filter(|(before, _)| is_attributes(before)) {
            names.extend(names_of(public.1));
        }
        item = end;
    }
    names
}

fn is_attributes(before: &str) -> bool {
    !before.contains(HIDDEN) && !words(before).any(|(_, word)| matches!(word, "fn" | "struct" | "enum" | "mod" | "use"))
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
            #[doc(hidden)]\npub mod n;\nfn o() { p(); }\n";
        assert_eq!(exported(code), ["c", "D", "F", "H", "I", "J", "l"]);
    }

    #[test]
    fn ten_names_are_enough() {
        let lib = |names: &[&str]| check(&[Source::new(LIB, &format!("pub use a::{{{}}};", names.join(", ")))]);
        let eleven = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"];
        assert_eq!(lib(&eleven[..10]), []);
        let what = "11 exported names, more than 10: A, B, C, D, E, F, G, H, I, J, K";
        assert_eq!(lib(&eleven), [Finding::new(LIB, 1, what)]);
    }

    #[test]
    fn a_glob_is_found() {
        let findings = check(&[Source::new(LIB, "pub use types::*;")]);
        assert_eq!(findings, [Finding::new(LIB, 1, "a glob exports names that are not counted")]);
    }
}
