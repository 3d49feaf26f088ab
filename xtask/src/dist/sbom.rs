//! The crates in the binary as a list for programs, in the form of CycloneDX 1.6.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::SUMMARY;
use super::crates::Crate;
use super::target::Target;

/// The list as JSON.
pub(super) fn text(crates: &[Crate], target: &Target, time: &str) -> String {
    let root = crates.iter().find(|one| one.name == "ws-host-cli").expect("the command is a crate of its binary");
    let others: BTreeSet<_> = crates.iter().filter(|one| one.key() != root.key()).map(Crate::key).collect();
    let of_key = |key: &String| crates.iter().find(|one| one.key() == *key).expect("the keys are those of the crates");
    let components: Vec<_> = others.iter().map(|key| component(of_key(key), "library")).collect();
    let dependencies: Vec<_> = others.iter().chain([&root.key()]).map(|key| uses(key, crates)).collect();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": described(component(root, "application")),
            "properties": [{ "name": "rust:target", "value": target.triple }],
        },
        "components": components,
        "dependencies": dependencies,
    });
    format!("{list:#}\n")
}

fn described(mut root: Value) -> Value {
    root["description"] = SUMMARY.into();
    root
}

fn component(one: &Crate, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": one.key(),
        "name": one.name,
        "version": one.version,
        "licenses": [{ "expression": one.licence }],
    });
    if let Some(checksum) = &one.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        component["purl"] = format!("pkg:cargo/{}@{}", one.name, one.version.replace('+', "%2B")).into();
    }
    component
}

/// The crates that those of a key use. The binary and the engine may have the same crate, with other features.
fn uses(key: &str, crates: &[Crate]) -> Value {
    let all: BTreeSet<_> = crates.iter().filter(|one| one.key() == key).flat_map(|one| &one.uses).collect();
    json!({ "ref": key, "dependsOn": all })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn of(name: &str, checksum: Option<&str>, uses: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "1.0.0+x".to_owned(),
            licence: "MIT".to_owned(),
            folder: PathBuf::new(),
            licence_file: None,
            authors: Vec::new(),
            checksum: checksum.map(str::to_owned),
            uses: uses.iter().map(|name| format!("{name}@1.0.0+x")).collect(),
        }
    }

    #[test]
    fn a_crate_of_both_the_binary_and_the_engine_is_listed_once() {
        let crates =
            [of("ws-host-cli", None, &["a"]), of("a", Some("ab"), &["b"]), of("b", Some("cd"), &[]), of("a", Some("ab"), &[])];
        let target = Target::parse("x86_64-unknown-linux-gnu").expect("the triple has packages");
        let list: Value = serde_json::from_str(&text(&crates, &target, "2026-11-27T10:00:00Z")).expect("the list is JSON");
        let components = list["components"].as_array().expect("the list has components");
        assert_eq!(components.iter().map(|one| &one["name"]).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(components[0]["purl"], "pkg:cargo/a@1.0.0%2Bx");
        assert_eq!(list["dependencies"][0], json!({ "ref": "a@1.0.0+x", "dependsOn": ["b@1.0.0+x"] }));
        assert_eq!(list["metadata"]["component"]["type"], "application");
    }
}
