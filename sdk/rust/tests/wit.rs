//! The crate has its own copy of the contract, because a package cannot refer to files outside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn the_copy_of_the_contract_equals_the_repository_s() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let original = here.join("../../wit");
    if !original.is_dir() {
        return; // A published package stands outside the repository.
    }
    assert_eq!(wit(&here.join("wit")), wit(&original), "sdk/rust/wit differs from wit: copy the files again");
}

/// Reads the WIT files of a directory, by name.
fn wit(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).expect("the directory can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "wit"))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a file can be read"))
        })
        .collect()
}
