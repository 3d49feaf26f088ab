//! The measured server: the real binary in a process of its own.

use std::fs::read_to_string;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

const NANOS_PER_SECOND: f64 = 1e9;

/// A running server with the default limits. Dropping it kills the server.
pub struct Host {
    child: Child,
    address: String,
    socket: PathBuf,
    log: BufReader<ChildStderr>,
    _folder: tempfile::TempDir,
}

/// The resources that a process has used so far.
pub struct Costs {
    /// CPU time of its running threads.
    pub cpu_seconds: f64,
    /// Resident memory, without the kernel's share.
    pub resident_kib: f64,
    /// The kernel's page tables of the process.
    pub page_tables_kib: f64,
    /// Its memory mappings. Linux allows 65,530.
    pub mappings: usize,
}

impl Host {
    /// Starts the server and waits until it serves.
    pub fn start(component: &Path, mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let socket = folder.path().join("admin.sock");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ws-host"))
            .arg("run")
            .arg(component)
            .args(["--port", "0", "--instances", mode, "-q", "--socket"])
            .arg(&socket)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ws-host starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line comes");
        let address = line.split("ws://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
        let log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        Self { child, address, socket, log, _folder: folder }
    }

    /// The address, such as `127.0.0.1:40123`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its admin socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Waits for the log's next line, which is a warning or an error.
    pub fn next_log_line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).expect("the log is text");
        line
    }

    /// Returns the resources used so far.
    pub fn costs(&self) -> Costs {
        let process = format!("/proc/{}", self.child.id());
        let status = read_to_string(format!("{process}/status")).expect("the process is there");
        let kib = |field: &str| {
            let line = status.lines().find(|line| line.starts_with(field)).expect("a line for it");
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
        };
        // The first field of schedstat is the time on a CPU in nanoseconds; /proc/PID/stat counts in steps of 10 ms.
        let threads = std::fs::read_dir(format!("{process}/task")).expect("the process is there").flatten();
        let nanos = threads.filter_map(|thread| {
            let times = read_to_string(thread.path().join("schedstat")).ok()?;
            times.split_whitespace().next()?.parse::<f64>().ok()
        });
        let mappings = read_to_string(format!("{process}/maps")).expect("the process is there").lines().count();
        Costs {
            cpu_seconds: nanos.sum::<f64>() / NANOS_PER_SECOND,
            resident_kib: kib("VmRSS:"),
            page_tables_kib: kib("VmPTE:"),
            mappings,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
