//! The commands by which the documents install the SDK for JavaScript, with each version of npm that is in use.
//!
//! `cargo xtask test js-guests` installs those versions and runs these tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{Client, Host, command};
use tempfile::TempDir;

/// The files of a checkout, with `npm` and `npx` of one version.
struct Checkout {
    folder: TempDir,
    path: String,
}

impl Checkout {
    fn with_npm(version: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the crate is in the repository");
        for part in ["sdk/js", "guest-examples/javascript"] {
            copy(&root.join(part), &folder.path().join("ws-host").join(part));
        }
        let npm = root.join("tests/guests-js/npm/node_modules").join(version).join("bin");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder can be made");
        for name in ["npm", "npx"] {
            symlink(npm.join(format!("{name}-cli.js")), bin.join(name)).expect("a link can be made");
        }
        let host = Path::new(env!("CARGO_BIN_EXE_ws-host")).parent().expect("a file is in a folder").display().to_string();
        let path = format!("{}:{host}:{}", bin.display(), std::env::var("PATH").expect("the PATH is set"));
        Self { folder, path }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("ws-host")
    }

    /// Runs a line of a document in a folder.
    fn types(&self, document: &str, line: &str, folder: &Path) -> Output {
        let text = fs::read_to_string(self.root().join(document)).expect("the document can be read");
        assert!(text.contains(&format!("\n    {line}")), "no `{line}` in:\n{text}");
        self.sh(line, folder)
    }

    fn sh(&self, line: &str, folder: &Path) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(folder).env("PATH", &self.path).env_remove("RUST_LOG");
        shell.output().expect("sh starts")
    }
}

/// Copies a folder, except the files of tools.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in from.read_dir().expect("the folder can be listed").map(|entry| entry.expect("an entry can be read")) {
        let (name, path) = (entry.file_name(), entry.path());
        if ["node_modules", ".ws-host", "test"].iter().any(|left_out| name == *left_out) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("a file can be copied");
        }
    }
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn the_documented_commands_work(version: &str) {
    let checkout = Checkout::with_npm(version);
    let shown = succeeded(&checkout.sh("npm --version", &checkout.root()));
    assert!(version.ends_with(shown.split('.').next().unwrap_or_default()), "{shown}");

    // The example.
    let readme = "guest-examples/javascript/README.md";
    succeeded(&checkout.types(readme, "npm install --prefix guest-examples/javascript", &checkout.root()));
    let mut dev = command();
    dev.args(["dev", "guest-examples/javascript", "--port", "0"]).current_dir(checkout.root());
    let host = Host::start(dev);
    assert_eq!(Client::connect(&host).await.hears().await, "* guest-1 has joined");

    // A project of one's own, beside the checkout.
    let own = checkout.folder.path().join("own");
    fs::create_dir_all(own.join("src")).expect("a folder can be made");
    fs::copy(checkout.root().join("guest-examples/javascript/src/index.js"), own.join("src/index.js")).expect("it can be copied");
    fs::write(own.join("package.json"), "{ \"type\": \"module\" }").expect("a file can be written");
    let build = "npx ws-host-guest build src/index.js --out chat.wasm";
    let readme = "sdk/js/README.md";
    // Without the documented option, npm links the SDK and installs no packages for it.
    succeeded(&checkout.sh("npm install ../ws-host/sdk/js", &own));
    let refused = checkout.types(readme, build, &own);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("is missing: run `npm install --prefix /"), "{told}");
    succeeded(&checkout.types(readme, "npm install --install-links ../ws-host/sdk/js", &own));
    let built = succeeded(&checkout.types(readme, build, &own));
    assert!(built.starts_with("chat.wasm: "), "{built}");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` installs what it needs and runs it"]
async fn the_documented_commands_work_with_npm_10() {
    the_documented_commands_work("npm-10").await;
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` installs what it needs and runs it"]
async fn the_documented_commands_work_with_npm_11() {
    the_documented_commands_work("npm-11").await;
}
