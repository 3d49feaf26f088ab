//! A NATS server with JetStream, behind a guard that ends it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::host::signal;

/// A running server. It keeps its port and its folder when it is restarted.
pub struct Nats {
    child: Child,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    log: Arc<Mutex<String>>,
}

impl Nats {
    /// A server with JetStream in a temporary folder, at a free port of `127.0.0.1`.
    pub fn start() -> Self {
        Self::with(&["--jetstream"])
    }

    /// A server with these options instead.
    pub fn with(options: &[&str]) -> Self {
        Self::at("127.0.0.1", options)
    }

    /// The same, at this address.
    pub fn at(address: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = ["--addr", address].iter().chain(options).map(|option| (*option).to_owned()).collect::<Vec<_>>();
        let log = Arc::default();
        let (child, port) = start(&folder, -1, &options, &log);
        Self { child, folder, port, options, log }
    }

    /// Three servers that keep three copies of each record.
    pub fn three() -> [Self; 3] {
        // Each must know the others' ports before they start. Held until then, no two of them are the same.
        let held = [(); 3].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a port is free"));
        let routes = held.each_ref().map(|free| format!("nats://{}", free.local_addr().expect("it has an address")));
        drop(held);
        let all = routes.join(",");
        let servers = routes.each_ref().map(|route| {
            let name = route.replace([':', '/', '.'], "-");
            let named = ["--jetstream", "--cluster_name", "three", "--routes", &all];
            Self::with(&[&named[..], &["--cluster", route.as_str(), "--server_name", name.as_str()]].concat())
        });
        while !servers.iter().any(|server| server.log().contains("JetStream cluster new metadata leader")) {
            std::thread::yield_now();
        }
        servers
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://{}:{}", self.options[1], self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in good order: its records are on the disk.
    pub fn stop(&mut self) {
        signal(self.pid(), "TERM");
        self.child.wait().expect("the process can be waited for");
    }

    /// Ends it at once. Its records are with the system.
    pub fn kill(&mut self) {
        signal(self.pid(), "KILL");
        self.child.wait().expect("the process can be waited for");
    }

    /// Starts it again at the same port, with the same folder, after `stop` or `kill`.
    pub fn restart(&mut self) {
        self.child = start(&self.folder, self.port.into(), &self.options, &self.log).0;
    }

    /// Holds it: connections stay, and nothing is answered until `resume`.
    pub fn pause(&self) {
        signal(self.pid(), "STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        signal(self.pid(), "CONT");
    }

    /// A copy of what it has stored. It must be stopped.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a temporary folder can be made");
        copied(self.folder.path(), copy.path());
        copy
    }

    /// Has what an earlier copy has, and nothing later. It must be stopped.
    pub fn restore(&mut self, copy: TempDir) {
        self.folder = copy;
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server that the test command has installed.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("WS_HOST_NATS_SERVER") {
        return named.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command is a folder of the project");
    let installed = root.join("target/nats-environment/bin/nats-server");
    assert!(installed.is_file(), "there is no NATS server: run `cargo xtask test nats`, or name one in WS_HOST_NATS_SERVER");
    installed
}

/// Starts a server at this port, or at a free one with -1. Returns it with its port when it is ready.
fn start(folder: &TempDir, port: i32, options: &[String], log: &Arc<Mutex<String>>) -> (Child, u16) {
    let mut command = Command::new(program());
    command.args(options).arg("--port").arg(port.to_string()).arg("--store_dir").arg(folder.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the NATS server starts");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
    let mut said = String::new();
    while !said.contains("Server is ready") {
        assert!(lines.read_line(&mut said).expect("its log is text") > 0, "the NATS server did not start:\n{said}");
    }
    let behind = said.split("client connections on ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let port = behind.and_then(|address| address.rsplit(':').next()?.parse().ok()).expect("its log tells the port");
    let log = Arc::clone(log);
    log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&said);
    std::thread::spawn(move || keep(lines, &log));
    (child, port)
}

/// Reads on, so that the server never waits for a reader.
fn keep(lines: BufReader<ChildStderr>, log: &Mutex<String>) {
    for line in lines.lines().map_while(Result::ok) {
        let _ = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
    }
}

fn copied(from: &Path, to: &Path) {
    let copy = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copy.expect("cp runs").success());
}
