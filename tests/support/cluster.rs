//! Several nodes that serve the same rooms, on a NATS server of their own.

use std::process::{Child, Command, Output, Stdio};

use super::client::Client;
use super::guests::guest;
use super::host::{Host, command};
use super::nats::Nats;

/// The nodes, each a `ws-host` at its own port with its own admin socket.
pub struct Cluster {
    /// Their NATS server.
    pub nats: Nats,
    /// The nodes, in the order of their starts. One that has ended stays in its place until another one replaces it.
    pub nodes: Vec<Host>,
    guest: &'static str,
    arguments: Vec<String>,
}

impl Cluster {
    /// Nodes of this guest that have joined.
    pub fn of(guest: &'static str, nodes: usize) -> Self {
        Self::with(guest, nodes, &[])
    }

    /// The same, with further arguments.
    pub fn with(guest: &'static str, nodes: usize, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut cluster = Self { nats: Nats::start(), nodes: Vec::new(), guest, arguments };
        for _ in 0..nodes {
            cluster.add();
        }
        cluster
    }

    /// Starts one more node, and returns its place when it has joined.
    pub fn add(&mut self) -> usize {
        self.nodes.push(Host::start(self.command()));
        self.nodes.len() - 1
    }

    /// Ends what is left of the node in this place, and starts another one there. It has another port and another life.
    pub fn replace(&mut self, node: usize) {
        self.nodes[node] = Host::start(self.command());
    }

    /// The command line of a node.
    pub fn command(&self) -> Command {
        node(self.guest, &self.nats.url(), &self.arguments)
    }

    /// Ends a node at once.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].signal("KILL");
        self.nodes[node].ended();
    }

    /// Tells a node to end, and waits until it has.
    pub fn stop(&mut self, node: usize) {
        self.nodes[node].signal("TERM");
        assert!(self.nodes[node].ended().success(), "the node ends in good order");
    }

    /// Holds a node: its connections stay, and nothing is answered until `resume`.
    pub fn pause(&self, node: usize) {
        self.nodes[node].signal("STOP");
        while !is_stopped(self.nodes[node].pid()) {
            std::thread::yield_now();
        }
    }

    /// Lets it go on.
    pub fn resume(&self, node: usize) {
        self.nodes[node].signal("CONT");
    }

    /// Begins to swap all nodes to this guest, at one of them.
    pub fn swap(&self, node: usize, guest_name: &str) -> Swap {
        let mut command = command();
        command.arg("swap").arg(guest(guest_name)).args(["--port", &self.nodes[node].port().to_string()]);
        Swap(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ws-host starts")))
    }

    /// A client of a node in the room of this path. The app must greet it.
    pub async fn enters(&self, node: usize, path: &str) -> Client {
        let mut client = Client::connect_to(&self.nodes[node], path).await;
        client.hears().await;
        client
    }

    /// A client of the probe, with its id. The first one in a room makes its node the owner of the room.
    pub async fn joins(&self, node: usize, path: &str) -> (Client, u64) {
        Client::connect_to(&self.nodes[node], path).await.has_joined().await
    }
}

/// Times that no test is about. They are so long that a busy machine does not matter: a client that a test does not look at answers no ping, and
/// a room may be claimed late or take its time to move.
const PATIENT: [(&str, &str); 3] = [("--ping", "10m"), ("--handshake-timeout", "60s"), ("--drain", "60s")];

/// A swap that runs, ended on drop.
pub struct Swap(Option<Child>);

impl Swap {
    /// Its output, when it has ended.
    pub fn ended(mut self) -> Output {
        self.0.take().expect("it has not ended yet").wait_with_output().expect("the process can be waited for")
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The command line of a node of this guest, at a free port.
pub fn node(name: &str, nats: &str, arguments: &[String]) -> Command {
    let mut command = command();
    command.arg("run").arg(guest(name)).args(["--port", "0", "--cluster", nats]).args(arguments);
    for (flag, time) in PATIENT.iter().filter(|(flag, _)| !arguments.iter().any(|given| given == flag)) {
        command.args([flag, time]);
    }
    command
}

/// Whether all threads of a process are stopped (proc(5), `stat`).
fn is_stopped(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process is there");
    tasks.filter_map(Result::ok).all(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    })
}
