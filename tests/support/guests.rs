//! Guests, built when a test first asks for them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The component of an example guest or of a guest of the tests. A step of `cargo xtask test` has built those like
/// `python/probe`, and names their folder in `GUESTS_PYTHON`.
pub fn guest(name: &str) -> PathBuf {
    if let Some((language, name)) = name.split_once('/') {
        let variable = format!("GUESTS_{}", language.to_uppercase());
        let folder = std::env::var_os(&variable);
        let folder = folder.unwrap_or_else(|| panic!("{variable} is set by `cargo xtask test {language}-guests`"));
        return PathBuf::from(folder).join(format!("{name}.wasm"));
    }
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    static FIXTURES: OnceLock<PathBuf> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host is a folder of the project");
    let fixtures = root.join("tests/guests");
    let built = if fixtures.join(name).is_dir() {
        FIXTURES.get_or_init(|| build(&fixtures))
    } else {
        EXAMPLES.get_or_init(|| build(&root.join("guest-examples")))
    };
    built.join(format!("{name}.wasm"))
}

fn build(workspace: &Path) -> PathBuf {
    let output = Command::new("cargo")
        .args(["build", "--release", "--target", "wasm32-wasip2", "--quiet"])
        .current_dir(workspace)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the guests build:\n{}", String::from_utf8_lossy(&output.stderr));
    workspace.join("target/wasm32-wasip2/release")
}
