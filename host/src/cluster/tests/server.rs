//! A NATS server in a folder of its own, behind a guard that ends it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running server. It keeps its port and its folder when it is restarted.
pub(super) struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// A server with JetStream.
    pub(super) fn start() -> Self {
        Self::with(&["--jetstream"])
    }

    pub(super) fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (child, port) = start(&folder, -1, options);
        Self { child, folder, port }
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, and starts it again with what it has stored.
    pub(super) fn restart(&mut self) {
        self.kill();
        self.child = start(&self.folder, i32::from(self.port), &["--jetstream"]).0;
    }

    /// Ends both at once, and starts this one again with what the other one has stored.
    pub(super) fn restart_as(&mut self, mut other: Self) {
        self.kill();
        other.kill();
        std::mem::swap(&mut self.folder, &mut other.folder);
        self.child = start(&self.folder, i32::from(self.port), &["--jetstream"]).0;
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("WS_HOST_NATS_SERVER") {
        return named.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the project");
    let installed = root.join("target/nats-environment/bin/nats-server");
    assert!(installed.is_file(), "no NATS server is installed: run `cargo xtask test nats`, or name one in WS_HOST_NATS_SERVER");
    installed
}

/// Starts a server, and returns it with its port when it is ready.
fn start(folder: &TempDir, port: i32, options: &[&str]) -> (Child, u16) {
    let mut command = Command::new(program());
    command.args(options).args(["--addr", "127.0.0.1", "--port", &port.to_string()]).arg("--store_dir").arg(folder.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the NATS server starts");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
    let mut said = String::new();
    while !said.contains("Server is ready") {
        assert!(lines.read_line(&mut said).expect("its log is text") > 0, "the NATS server did not start:\n{said}");
    }
    // It never waits for a reader.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let behind = said.split("client connections on 127.0.0.1:").nth(1).expect("its log tells the port");
    let port = behind.split_whitespace().next().and_then(|port| port.parse().ok()).expect("the port is a number");
    (child, port)
}
