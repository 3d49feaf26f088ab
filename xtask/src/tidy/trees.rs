//! A library depends on no crate that only the command needs.

use std::path::Path;

use super::Finding;
use crate::command::{cargo, output};
use crate::step::Trouble;

/// A crate of the workspace, and crates that its tree must not have.
struct Rule {
    package: &'static str,
    folder: &'static str,
    without: &'static [&'static str],
}

const RULES: [Rule; 4] = [
    Rule {
        package: "ws-host",
        folder: "host",
        without: &["clap", "hdrhistogram", "notify", "rcgen", "tikv-jemallocator", "tracing-subscriber"],
    },
    Rule { package: "ws-host-client", folder: "client/rust", without: &["hyper", "wasmtime"] },
    Rule { package: "ws-protocol", folder: "protocol", without: &["hyper", "tokio", "wasmtime"] },
    Rule { package: "ws-cluster", folder: "cluster", without: &["async", "hyper", "tokio", "wasmtime"] },
];

/// Finds crates in a tree that must not have them.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, Trouble> {
    let mut findings = Vec::new();
    for rule in &RULES {
        findings.extend(unwanted(rule, &tree(root, rule.package)?));
    }
    Ok(findings)
}

/// The crates that a package needs with its default features, without those of its tests. Uses the network only if this
/// machine has not downloaded all of them yet.
fn tree(root: &Path, package: &str) -> Result<String, Trouble> {
    let words = format!("tree --package {package} --edges normal --prefix none --locked");
    output(&mut cargo(&format!("{words} --offline"), root)).or_else(|_| output(&mut cargo(&words, root)))
}

fn unwanted(rule: &Rule, tree: &str) -> Option<Finding> {
    let is_unwanted = |name: &&str| {
        rule.without
            .iter()
            .any(|without| name.strip_prefix(without).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_'])))
    };
    let mut found: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).filter(is_unwanted).collect();
    found.sort_unstable();
    found.dedup();
    let what = format!("the tree of {} has {}", rule.package, found.join(", "));
    (!found.is_empty()).then(|| Finding::new(&format!("{}/Cargo.toml", rule.folder), 1, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_not_wanted_is_found() {
        let tree = "ws-host v0.1.0 (host)\nbytes v1.12.2\nclap v4.5.0\nclap_derive v4.5.0 (proc-macro)\nclap v4.5.0 (*)\nnotifying v1.0.0\n";
        let what = "the tree of ws-host has clap, clap_derive";
        assert_eq!(unwanted(&RULES[0], tree), Some(Finding::new("host/Cargo.toml", 1, what)));
        assert_eq!(unwanted(&RULES[1], tree), None);
    }
}
