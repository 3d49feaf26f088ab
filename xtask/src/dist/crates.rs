//! The crates in the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::target::Target;
use crate::command::{cargo, output};
use crate::places::Places;
use crate::step::Trouble;

/// The target of the JavaScript engine, which `ws-host new` carries as a file.
const ENGINE_TARGET: &str = "wasm32-wasip2";

/// A crate in the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// The expression of SPDX.
    pub(super) licence: String,
    /// The folder of its sources.
    pub(super) folder: PathBuf,
    /// The file in that folder that its manifest names as its licence.
    pub(super) licence_file: Option<PathBuf>,
    pub(super) authors: Vec<String>,
    /// SHA-256 of its package. A crate of this checkout has no package.
    pub(super) checksum: Option<String>,
    /// The keys of the crates that it uses.
    pub(super) uses: Vec<String>,
}

impl Crate {
    /// Its name and version, by which others name it.
    pub(super) fn key(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Whether it belongs to this project.
    pub(super) fn is_ours(&self) -> bool {
        self.checksum.is_none() && self.name.starts_with("ws-")
    }
}

/// The crates that are linked into the command. Build scripts and macros are not.
pub(super) fn of_binary(places: &Places, target: &Target) -> Result<Vec<Crate>, Trouble> {
    linked(&places.root, &target.triple, &["--package", "ws-host-cli"])
}

/// The crates in the JavaScript engine.
pub(super) fn of_engine(places: &Places) -> Result<Vec<Crate>, Trouble> {
    linked(&places.root.join("sdk/js/engine"), ENGINE_TARGET, &[])
}

fn linked(workspace: &Path, target: &str, which: &[&str]) -> Result<Vec<Crate>, Trouble> {
    let words = format!("metadata --locked --format-version 1 --filter-platform {target}");
    let metadata: Value = serde_json::from_str(&output(&mut cargo(&words, workspace))?).context("reading cargo's metadata")?;
    // Metadata has the features of all members together. The tree has those of the package.
    let words = format!("tree --locked --edges normal,no-proc-macro --prefix none --format {{p}} --target {target}");
    let tree = output(cargo(&words, workspace).args(which))?;
    let lock = workspace.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| format!("reading {}", lock.display()))?;
    Ok(chosen(&metadata, &in_tree(&tree), &checksums(&lock))?)
}

/// The keys in the output of `cargo tree`, whose lines are `name v1.2.3 (path) (*)`.
fn in_tree(tree: &str) -> BTreeSet<String> {
    let key = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{}@{}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    tree.lines().filter_map(key).collect()
}

/// The checksums in a lock file, by the keys of their crates.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let value = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let entry =
        |block: &str| Some((format!("{}@{}", value(block, "name")?, value(block, "version")?), value(block, "checksum")?));
    lock.split("[[package]]").filter_map(entry).collect()
}

/// The crates of these keys, sorted by them.
fn chosen(metadata: &Value, keys: &BTreeSet<String>, checksums: &BTreeMap<String, String>) -> anyhow::Result<Vec<Crate>> {
    let packages = metadata["packages"].as_array().context("cargo's metadata has no packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = |package: &Value| format!("{}@{}", text(&package["name"]), text(&package["version"]));
    let by_id: BTreeMap<_, _> = packages.iter().map(|package| (text(&package["id"]), key(package))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo's metadata has no dependencies")?;
    let uses: BTreeMap<_, _> = nodes.iter().map(|node| (text(&node["id"]), used(node, &by_id, keys))).collect();
    let mut crates = Vec::new();
    for package in packages.iter().filter(|package| keys.contains(&key(package))) {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        crates.push(Crate {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: expression(&text(&package["license"])),
            folder: manifest.parent().unwrap_or(&manifest).to_owned(),
            licence_file: package["license_file"].as_str().map(PathBuf::from),
            authors: package["authors"].as_array().into_iter().flatten().map(text).collect(),
            checksum: checksums.get(&key(package)).cloned(),
            uses: uses.get(&text(&package["id"])).cloned().unwrap_or_default(),
        });
    }
    crates.sort_by_key(Crate::key);
    anyhow::ensure!(crates.len() == keys.len(), "cargo's metadata lacks crates of its tree");
    Ok(crates)
}

/// A licence as SPDX writes it. A slash is an older form of OR.
fn expression(licence: &str) -> String {
    licence.replace('/', " OR ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The keys of the crates that a node uses in its code, among those in the binary.
fn used(node: &Value, by_id: &BTreeMap<String, String>, keys: &BTreeSet<String>) -> Vec<String> {
    let is_normal = |dep: &&Value| dep["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null());
    let dependencies = node["deps"].as_array().into_iter().flatten().filter(is_normal);
    let found = dependencies.filter_map(|dep| by_id.get(dep["pkg"].as_str()?)).filter(|key| keys.contains(*key));
    found.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_crates_of_the_tree_have_their_licences_checksums_and_dependencies() {
        let package = |name: &str, licence: &str| {
            let manifest = format!("/src/{name}/Cargo.toml");
            json!({ "id": name, "name": name, "version": "1.0.0", "license": licence, "manifest_path": manifest, "authors": [] })
        };
        let dep = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let deps = [dep("b", Value::Null), dep("c", json!("build"))];
        let metadata = json!({
            "packages": [package("b", "MIT / Apache-2.0"), package("a", "ISC"), package("c", "MIT")],
            "resolve": { "nodes": [{ "id": "a", "deps": deps }, { "id": "b", "deps": [] }, { "id": "c", "deps": [] }] },
        });
        let keys = in_tree("a v1.0.0 (/src/a)\nb v1.0.0\nb v1.0.0 (*)\n");
        let lock = "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nchecksum = \"12ab\"\n";
        let crates = chosen(&metadata, &keys, &checksums(lock)).expect("the metadata is whole");
        assert_eq!(crates.iter().map(Crate::key).collect::<Vec<_>>(), ["a@1.0.0", "b@1.0.0"]);
        assert_eq!((crates[0].checksum.as_deref(), crates[0].uses.as_slice()), (None, &["b@1.0.0".to_owned()][..]));
        assert_eq!((crates[1].checksum.as_deref(), crates[1].licence.as_str()), (Some("12ab"), "MIT OR Apache-2.0"));
    }

    #[test]
    fn a_crate_that_the_metadata_lacks_is_an_error() {
        let metadata = json!({ "packages": [], "resolve": { "nodes": [] } });
        assert!(chosen(&metadata, &in_tree("a v1.0.0"), &BTreeMap::new()).is_err());
    }
}
