//! The files of a folder do not import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::modules::{Module, absolute, behind_reexports, common_length, module_of};
use super::paths::anchored;
use super::scan::line_of;
use super::source::Source;

/// The crates that the rule applies to.
const CRATES: [&str; 7] = ["protocol/src", "cluster/src", "host/src", "cli/src", "load/src", "xtask/src", "sdk/rust/src"];

/// The imports of each file of a folder from its neighbours, with their lines. A folder within counts as one file.
type Imports = BTreeMap<String, BTreeMap<String, Place>>;
type Place = (String, usize);

/// Finds files that import each other in a circle.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    CRATES.iter().flat_map(|root| in_crate(root, sources)).collect()
}

fn in_crate(root: &str, sources: &[Source]) -> Vec<Finding> {
    let files: BTreeMap<Module, &Source> =
        sources.iter().filter_map(|source| Some((module_of(source.below(root)?), source))).collect();
    let mut folders: BTreeMap<Module, Imports> = BTreeMap::new();
    for (module, source) in &files {
        for named in anchored(&source.production) {
            let Some(used) = absolute(module, &named.path) else { continue };
            let Some(used) = behind_reexports(&files, module, used) else { continue };
            let common = common_length(module, &used);
            let place = (source.path.clone(), line_of(&source.production, named.at));
            let imports = folders.entry(module[..common].to_vec()).or_default();
            imports.entry(module[common].clone()).or_default().entry(used[common].clone()).or_insert(place);
        }
    }
    folders.values().flat_map(circles).collect()
}

/// A finding for each group of files that reach each other: the shortest circle through its first file.
fn circles(imports: &Imports) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for file in imports.keys() {
        let Some(circle) = shortest_circle(imports, file).filter(|_| !seen.contains(file.as_str())) else { continue };
        seen.extend(
            imports
                .keys()
                .map(String::as_str)
                .filter(|other| shortest_way(imports, file, other).is_some() && shortest_way(imports, other, file).is_some()),
        );
        let (path, line) = &imports[file][circle[1]];
        let circle: Vec<_> = circle.iter().map(|file| format!("`{file}`")).collect();
        findings.push(Finding::new(path, *line, format!("a circle of imports: {}", circle.join(" -> "))));
    }
    findings
}

fn shortest_circle<'a>(imports: &'a Imports, file: &'a str) -> Option<Vec<&'a str>> {
    let neighbours = imports.get(file)?.keys();
    let ways = neighbours.filter_map(|neighbour| shortest_way(imports, neighbour, file));
    let way = ways.min_by_key(Vec::len)?;
    Some([&[file], way.as_slice()].concat())
}

/// The files on the shortest way from one to another, with both.
fn shortest_way<'a>(imports: &'a Imports, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::from([from]);
    while !ways.is_empty() {
        if let Some(way) = ways.iter().find(|way| way.last() == Some(&to)) {
            return Some(way.clone());
        }
        let mut longer = Vec::new();
        for way in &ways {
            let neighbours = way.last().and_then(|last| imports.get(*last));
            for next in neighbours.into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(next) {
                    longer.push([way.as_slice(), &[next.as_str()]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
        check(&sources).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn files_that_import_each_other_are_found() {
        let a = ("load/src/a.rs", "\nuse crate::{b::B, c};");
        let circle = ["load/src/a.rs:2: a circle of imports: `a` -> `b` -> `a`"];
        assert_eq!(found(&[a, ("load/src/b.rs", "use super::a::A;")]), circle);
        assert_eq!(found(&[a, ("load/src/b.rs", "fn f(a: crate::a::A) {}")]), circle);
        assert_eq!(found(&[a, ("load/src/b.rs", "use crate::c;"), ("load/src/c.rs", "")]), [""; 0]);
    }

    #[test]
    fn a_circle_through_several_files_is_found_once() {
        let a = ("load/src/x/a.rs", "use super::b::B;");
        let b = ("load/src/x/b.rs", "use super::c::C;");
        let c = ("load/src/x/c.rs", "use super::a::A;");
        assert_eq!(found(&[a, b, c]), ["load/src/x/a.rs:1: a circle of imports: `a` -> `b` -> `c` -> `a`"]);
    }

    #[test]
    fn a_folder_counts_as_one_file_among_its_neighbours() {
        let files =
            [("load/src/x/mod.rs", "mod a;"), ("load/src/x/a.rs", "use crate::y::Y;"), ("load/src/y.rs", "use crate::x::a;")];
        assert_eq!(found(&files), ["load/src/x/a.rs:1: a circle of imports: `x` -> `y` -> `x`"]);
    }

    #[test]
    fn a_reexport_leads_to_the_file_behind_it() {
        let root = ("load/src/lib.rs", "pub use b::B;\nuse a::{A as C, D};");
        let files = [root, ("load/src/a.rs", "use super::B;"), ("load/src/b.rs", "use crate::C;")];
        assert_eq!(found(&files), ["load/src/a.rs:1: a circle of imports: `a` -> `b` -> `a`"]);
        let files = [root, ("load/src/a.rs", "use super::B;"), ("load/src/b.rs", "use crate::Other;")];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn tests_may_import_in_a_circle() {
        let b = ("load/src/b.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }");
        assert_eq!(found(&[("load/src/a.rs", "use crate::b::B;"), b]), [""; 0]);
    }

    #[test]
    fn a_circle_in_another_crate_or_folder_is_another_circle() {
        let files = [
            ("load/src/a.rs", "use crate::b::B;"),
            ("cli/src/b.rs", "use crate::a::A;"),
            ("load/src/x/b.rs", "use super::a::A;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
