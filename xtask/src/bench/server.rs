//! A peer's process under load.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::peers::{Peer, binary};
use super::workloads::{Kind, Workload};
use super::{machine, pause};
use crate::command::{command, output};
use crate::places::Places;
use crate::step::Trouble;

/// The time within which a server must accept connections.
const PATIENCE: Duration = Duration::from_secs(120);
/// The seconds after which an allocator has returned the memory that only connecting took. jemalloc takes ten.
const SETTLED: u32 = 13;
/// The cores of the server and of the load.
const CORES: [&str; 2] = ["0", "1"];

/// A running server, killed on drop.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    port: u16,
    load: PathBuf,
}

impl Server {
    /// Starts a peer on a core of its own, and waits until it accepts connections.
    pub(super) fn start(peer: &Peer, workload: &Workload, places: &Places) -> Result<Self, Trouble> {
        Self::start_under(&[], peer, workload, places)
    }

    /// Starts it under a tool, whose command these words begin.
    pub(super) fn start_under(tool: &[&str], peer: &Peer, workload: &Workload, places: &Places) -> Result<Self, Trouble> {
        Self::of(peer.name, |port| under(tool, (peer.command)(places, workload, port)), places)
    }

    /// Starts a server by its command for a port, on a core of its own. The name is that of its log.
    pub(super) fn of(name: &str, command: impl FnOnce(u16) -> Command, places: &Places) -> Result<Self, Trouble> {
        Self::anywhere(name, |port| pinned(command(port), CORES[0]), places)
    }

    /// The same on any core.
    pub(super) fn anywhere(name: &str, command: impl FnOnce(u16) -> Command, places: &Places) -> Result<Self, Trouble> {
        let port = free_port().context("no port is free")?;
        let log = log(name, places);
        fs::create_dir_all(places.scratch("bench")).context("making target/bench")?;
        let log_file = File::create(&log).context("making a log")?;
        let errors = log_file.try_clone().context("making a log")?;
        let child = command(port).stdin(Stdio::null()).stdout(log_file).stderr(errors).spawn();
        let child = child.with_context(|| format!("starting {name}"))?;
        let mut server = Self { child, port, load: binary(places) };
        server.wait(&log).map_err(|why| Trouble::failed(format!("{name}: {why}")))?;
        Ok(server)
    }

    /// Waits until the host has logged its address: its socket takes connections while it still compiles.
    pub(super) fn wait_for_its_address(&self, name: &str, places: &Places) -> Result<(), Trouble> {
        let (log, begun) = (log(name, places), Instant::now());
        while !fs::read_to_string(&log).context("reading a log")?.contains(" is served at ") {
            if begun.elapsed() > PATIENCE {
                return Err(Trouble::failed(format!("{} has no address after {PATIENCE:?}", log.display())));
            }
            pause();
        }
        Ok(())
    }

    fn wait(&mut self, log: &std::path::Path) -> Result<(), String> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended with {status}; {} says why", log.display()));
            }
            if begun.elapsed() > PATIENCE {
                return Err("it does not accept connections".to_owned());
            }
            pause();
        }
        Ok(())
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Loads it from the other core, and returns the report of `ws-host bench --json`.
    pub(super) fn load(&self, workload: &Workload, rate: Option<u32>, seconds: u32) -> Result<Value, Trouble> {
        let (warm_up, seconds) = if workload.kind == Kind::Silence { (SETTLED, SETTLED) } else { (1, seconds) };
        let (connections, rate) = (workload.connections.to_string(), rate.map(|rate| rate.to_string()));
        let mut words = workload.load.to_vec();
        words.extend(["--connections", &connections]);
        // The certificate is self-signed.
        words.extend(workload.tls.then_some("--insecure"));
        words.extend(rate.iter().flat_map(|rate| ["--rate", rate]));
        self.run(&self.url(workload), &words, (warm_up, seconds))
    }

    /// The same by a path and the words for `ws-host bench`, after a second of warming up.
    pub(super) fn bench(&self, path: &str, words: &[&str], seconds: u32) -> Result<Value, Trouble> {
        self.run(&format!("ws://127.0.0.1:{}{path}", self.port), words, (1, seconds))
    }

    fn run(&self, url: &str, words: &[&str], (warm_up, seconds): (u32, u32)) -> Result<Value, Trouble> {
        let mut load = command(&self.load, std::path::Path::new("."));
        load.args(["bench", url, "--json", "--pid", &self.pid().to_string()]).args(words);
        load.args(["--warm-up", &format!("{warm_up}s"), "--duration", &format!("{seconds}s")]);
        let report = output(&mut pinned_load(load))?;
        Ok(serde_json::from_str(&report).context("reading the report of `ws-host bench`")?)
    }

    /// Its TCP port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Its address for a workload.
    pub(super) fn url(&self, workload: &Workload) -> String {
        let has_rooms = workload.load.contains(&"fan-out") || matches!(workload.kind, Kind::Store(_));
        let path = if has_rooms { "/room/{room}" } else { "/echo" };
        format!("{}://127.0.0.1:{}{path}", if workload.tls { "wss" } else { "ws" }, self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The log of a server.
fn log(name: &str, places: &Places) -> PathBuf {
    places.scratch("bench").join(name).with_extension("log")
}

/// A command pinned to the load's core.
pub(super) fn pinned_load(load: Command) -> Command {
    pinned(load, CORES[1])
}

/// Puts the words of a tool before a command.
fn under(tool: &[&str], command: Command) -> Command {
    let [program, words @ ..] = tool else { return command };
    let mut under = Command::new(program);
    under.args(words).arg(command.get_program()).args(command.get_args());
    under.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        under.current_dir(dir);
    }
    under
}

/// Pins a command to one core, if the machine has several and `taskset` works.
fn pinned(command: Command, core: &str) -> Command {
    if !machine::can_pin() {
        return command;
    }
    under(&["taskset", "--cpu-list", core], command)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
