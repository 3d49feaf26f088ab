//! A host whose release can be swapped.

use std::path::PathBuf;
use std::process::Output;

use super::guests::guest;
use super::host::{Host, command};

/// A host with an admin socket of its own, in a temporary folder.
pub struct Swappable {
    /// The host itself.
    pub host: Host,
    /// Its folder, for other files too.
    pub folder: tempfile::TempDir,
}

impl Swappable {
    /// `ws-host run` with this guest and more arguments.
    pub fn run(name: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let socket = folder.path().join("admin.sock");
        let socket = socket.to_str().expect("the path is text").to_owned();
        let mut all = vec!["--socket", &socket];
        all.extend(arguments);
        Self { host: Host::run_with(name, &all), folder }
    }

    /// The path of its admin socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Runs a command of `ws-host` against this host.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        command().args(arguments).arg("--socket").arg(self.socket()).output().expect("ws-host starts")
    }

    /// Runs a swap that succeeds, and returns its output.
    pub fn swap(&self, name: &str) -> String {
        let output = self.ask(&["swap", guest(name).to_str().expect("the path is text")]);
        assert!(output.status.success(), "swapped to {name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The reason why a swap is refused.
    pub fn refusal_of(&self, file: &str) -> String {
        let output = self.ask(&["swap", file]);
        assert_eq!(output.status.code(), Some(1), "exit code");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
        stderr
    }

    /// Whether this guest runs, by `ws-host status`.
    pub fn runs(&self, name: &str) -> bool {
        self.status()["release"]["file"].as_str().is_some_and(|file| file.ends_with(&format!("{name}.wasm")))
    }

    /// The output of `ws-host status`.
    pub fn status(&self) -> serde_json::Value {
        let output = self.ask(&["status", "--json"]);
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).expect("the status is JSON")
    }
}
