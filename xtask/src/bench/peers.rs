//! The servers that are compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::certificate;
use super::store::{self, KEEPERS, Operation, Store, Sync};
use super::workloads::{Kind, Workload};
use crate::command::{cargo, command, for_guest, or_missing, output, run};
use crate::places::Places;
use crate::step::{Check, Trouble};
use crate::toolbox::{node_packages, python_packages};

/// A server.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Builds or installs it.
    pub(super) prepare: fn(&Places) -> Check,
    /// Whether it supports a workload.
    pub(super) can: fn(&Workload) -> Result<(), &'static str>,
    /// Starts it for a workload on a port.
    pub(super) command: fn(&Places, &Workload, u16) -> Command,
    /// Its version.
    pub(super) version: fn(&Places) -> String,
}

/// The peer that the others are compared with.
pub(super) const REFERENCE: &str = "tokio-tungstenite";

impl Peer {
    /// Whether it supports a workload, and otherwise why not.
    pub(super) fn supports(&self, workload: &Workload) -> Result<(), &'static str> {
        match workload.kind {
            Kind::Store(_) if !KEEPERS.contains(&self.name) => Err("it keeps nothing"),
            _ => (self.can)(workload),
        }
    }
}

/// Every peer, this host first.
pub(super) const PEERS: &[Peer] = &[
    Peer {
        name: "ws-host",
        what: "this host, with a guest in Wasm",
        prepare: |_| Ok(()),
        can: |_| Ok(()),
        command: ws_host,
        version: |places| said(command(binary(places), &places.root).arg("--version")),
    },
    Peer {
        name: "tokio-tungstenite",
        what: "native Rust, the reference",
        prepare: build_rust,
        can: |workload| if workload.compression { Err("it has no compression") } else { Ok(()) },
        command: |places, workload, port| {
            let peer = with_port(command(rust(places, "tokio-tungstenite"), &places.root), port);
            secured(peer, &[], places, workload)
        },
        version: |places| locked(places, "tokio-tungstenite"),
    },
    Peer {
        name: "fastwebsockets",
        what: "native Rust, by Deno; echo only",
        prepare: build_rust,
        can: |workload| match workload.kind {
            _ if workload.compression => Err("it has no compression"),
            Kind::Room | Kind::Rooms => Err("it has no broadcast"),
            _ => Ok(()),
        },
        command: |places, workload, port| {
            let peer = with_port(command(rust(places, "fastwebsockets"), &places.root), port);
            secured(peer, &[], places, workload)
        },
        version: |places| locked(places, "fastwebsockets"),
    },
    Peer {
        name: "ws",
        what: "JavaScript on Node",
        prepare: |places| node_packages(&folder(places, "ws")),
        can: |_| Ok(()),
        command: |places, workload, port| {
            let mut node = command("node", &folder(places, "ws"));
            node.arg("server.mjs");
            secured(compressing(with_port(node, port), workload), &["--tls"], places, workload)
        },
        version: |places| {
            format!("{}, Node {}", pinned(places, "ws", "ws"), said(command("node", &places.root).arg("--version")))
        },
    },
    Peer {
        name: "bun",
        what: "JavaScript on Bun, whose WebSockets are uWebSockets",
        prepare: |places| installed(node_packages(&folder(places, "bun")), &bun(places)),
        can: |_| Ok(()),
        command: |places, workload, port| {
            let mut bun = command(bun(places), &folder(places, "bun"));
            bun.arg("server.mjs");
            secured(compressing(with_port(bun, port), workload), &["--tls"], places, workload)
        },
        version: |places| pinned(places, "bun", "bun"),
    },
    Peer {
        name: "workerd",
        what: "sandboxed JavaScript, a Durable Object per room: the closest relative",
        prepare: |places| installed(node_packages(&folder(places, "workerd")), &workerd(places)),
        can: |workload| match workload.connections {
            _ if workload.compression => Err("its handlers would have to request compression"),
            _ if workload.tls => Err("its configuration would have to contain the key"),
            0..=4000 => Ok(()),
            _ => Err("it exits without a message at some number between 4,000 and 10,000 connections"),
        },
        command: |places, _, port| {
            let mut workerd = command(workerd(places), &folder(places, "workerd"));
            workerd.args(["serve", "config.capnp", "--socket-addr"]).arg(format!("http=127.0.0.1:{port}"));
            workerd
        },
        version: |places| pinned(places, "workerd", "workerd"),
    },
    Peer {
        name: "websocket-server",
        what: "Python, python-websocket-server: a thread per connection",
        prepare: |places| python_packages(places, "bench-python", &python_recipe(places)).map(drop),
        can: |workload| match workload.kind {
            _ if workload.compression => Err("it has no compression"),
            _ if workload.tls => Err("its TLS needs ssl.wrap_socket, which Python 3.12 removed"),
            _ if workload.connections > 1000 => Err("it has a thread for each connection"),
            Kind::Rooms => Err("it has no rooms"),
            _ => Ok(()),
        },
        command: |places, workload, port| {
            let mut python = command(places.scratch("bench-python").join("bin/python"), &folder(places, "websocket-server"));
            python.args(["server.py", &port.to_string(), if workload.kind == Kind::Room { "room" } else { "echo" }]);
            python
        },
        version: |places| read(&python_recipe(places)).trim().replace("websocket-server==", ""),
    },
    Peer {
        name: "rusqlite",
        what: "native Rust with SQLite, one transaction for each message; stores only",
        prepare: build_rust,
        can: |workload| match workload.kind {
            Kind::Store(Store { operation: Operation::Open, .. }) => Err("its rooms do not open"),
            Kind::Store(Store { sync: Sync::Memory, .. }) => Err("its database is on the disk"),
            Kind::Store(_) => Ok(()),
            _ => Err("it is for stores"),
        },
        command: |places, workload, port| {
            let mut peer = with_port(command(rust(places, "rusqlite"), &places.root), port);
            peer.arg(store::folder(places, workload.name, "rusqlite"));
            if let Kind::Store(Store { operation, sync, rooms, keys }) = workload.kind {
                peer.arg(sync.word().unwrap_or_default())
                    .arg(operation.name())
                    .args([keys, rooms].map(|number| number.to_string()));
            }
            peer
        },
        version: |places| locked(places, "rusqlite"),
    },
    Peer {
        name: "floor-epoll",
        what: "no server to use: the kernel's own cost of an echo, by epoll",
        prepare: build_rust,
        can: floor_can,
        command: |places, _, port| with_port(command(rust(places, "floor-epoll"), &places.root), port),
        version: |places| format!("mio {}", locked(places, "mio")),
    },
    Peer {
        name: "floor-uring",
        what: "the same by io_uring",
        prepare: |places| {
            build_rust(places)?;
            let probe = output(command(rust(places, "floor-uring"), &places.root).arg("--probe"));
            or_missing(probe.map(drop), "it cannot run here")
        },
        can: floor_can,
        command: |places, _, port| with_port(command(rust(places, "floor-uring"), &places.root), port),
        version: |places| format!("io-uring {}", locked(places, "io-uring")),
    },
];

/// The profile of the host: `dist`, as it is handed out, unless `BENCH_PROFILE` names another.
pub(super) fn profile() -> String {
    std::env::var("BENCH_PROFILE").unwrap_or_else(|_| "dist".to_owned())
}

/// The host's binary in that profile, or the one that is built already.
pub(super) fn binary(places: &Places) -> PathBuf {
    built_binary().unwrap_or_else(|| places.target.join(profile()).join("ws-host"))
}

/// A binary that is built already, by its path.
pub(super) fn built_binary() -> Option<PathBuf> {
    std::env::var_os("DIST_BINARY").map(PathBuf::from)
}

/// The guest of a workload.
pub(super) fn guest(places: &Places, kind: Kind) -> PathBuf {
    match kind {
        Kind::Room | Kind::Rooms => places.root.join("tests/guests/target/wasm32-wasip2/release/relay.wasm"),
        Kind::Store(_) => places.root.join("tests/guests/target/wasm32-wasip2/release/ledger.wasm"),
        Kind::Echo | Kind::Silence => places.guests().join("echo.wasm"),
    }
}

fn ws_host(places: &Places, workload: &Workload, port: u16) -> Command {
    let mut host = command(binary(places), &places.root);
    host.arg("run").arg(guest(places, workload.kind)).arg("--port").arg(port.to_string()).args(["--no-page", "-q"]);
    // A run whose instructions are counted is so slow that idle clients would be pinged meanwhile.
    host.args(["--ping", "1h"]);
    host.args(["--instances", if matches!(workload.kind, Kind::Rooms | Kind::Store(_)) { "per-room" } else { "shared" }]);
    host.args(["--compression", if workload.compression { "shared" } else { "off" }]);
    if workload.tls {
        host.arg("--tls-cert").arg(certificate::certificate(places)).arg("--tls-key").arg(certificate::key(places));
    }
    if let Kind::Store(store) = workload.kind {
        keeping(&mut host, places, workload, store);
    }
    host
}

/// Adds the arguments for a store.
fn keeping(host: &mut Command, places: &Places, workload: &Workload, store: Store) {
    host.args(["--room-path", "/room/{room}", "--env", &format!("KEYS={}", store.keys)]);
    host.args(["--env", &format!("OPERATION={}", store.operation.name())]);
    if let Some(word) = store.sync.word() {
        host.args(["--store-sync", word, "--data"]).arg(store::folder(places, workload.name, "ws-host"));
    }
    if store.operation == Operation::Open {
        // Each client finds the room closed.
        host.args(["--room-linger", "0s"]);
    }
}

/// A floor implements an echo and nothing else.
fn floor_can(workload: &Workload) -> Result<(), &'static str> {
    match workload.kind {
        _ if workload.compression => Err("it has no compression"),
        _ if workload.tls => Err("it has no TLS"),
        Kind::Room | Kind::Rooms | Kind::Store(_) => Err("it has no rooms"),
        Kind::Silence => Err("its memory per connection is less than a server needs"),
        Kind::Echo if workload.load.contains(&"connect") => Err("it does not check upgrade requests"),
        Kind::Echo => Ok(()),
    }
}

fn with_port(mut command: Command, port: u16) -> Command {
    command.arg(port.to_string());
    command
}

fn compressing(mut command: Command, workload: &Workload) -> Command {
    command.args(workload.compression.then_some("--compression"));
    command
}

/// Adds the arguments for TLS if the workload has it: the flag, the certificate's file and the key's file.
fn secured(mut command: Command, flag: &[&str], places: &Places, workload: &Workload) -> Command {
    if workload.tls {
        command.args(flag).arg(certificate::certificate(places)).arg(certificate::key(places));
    }
    command
}

fn folder(places: &Places, peer: &str) -> PathBuf {
    places.root.join("bench/peers").join(peer)
}

fn build_rust(places: &Places) -> Check {
    or_missing(run(for_guest(&mut cargo("build --release --locked --quiet", &folder(places, "rust")))), "it could not be built")
}

fn rust(places: &Places, peer: &str) -> PathBuf {
    folder(places, "rust").join("target/release").join(peer)
}

/// The binary in its package. npm's package would choose one by an install script, which does not run here.
fn bun(places: &Places) -> PathBuf {
    folder(places, "bun").join("node_modules/@oven/bun-linux-x64/bin/bun")
}

fn workerd(places: &Places) -> PathBuf {
    folder(places, "workerd").join("node_modules/@cloudflare/workerd-linux-64/bin/workerd")
}

fn installed(check: Check, binary: &Path) -> Check {
    check?;
    if binary.is_file() { Ok(()) } else { Err(Trouble::missing(format!("its package has no {}", binary.display()))) }
}

fn python_recipe(places: &Places) -> PathBuf {
    folder(places, "websocket-server").join("requirements.txt")
}

fn said(command: &mut Command) -> String {
    output(command).map_or("unknown".to_owned(), |text| text.trim().to_owned())
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The version that a package.json pins.
fn pinned(places: &Places, peer: &str, package: &str) -> String {
    let manifest: serde_json::Value = serde_json::from_str(&read(&folder(places, peer).join("package.json"))).unwrap_or_default();
    manifest["dependencies"][package].as_str().unwrap_or("unknown").to_owned()
}

/// The version that the lock file of the Rust peers names.
fn locked(places: &Places, package: &str) -> String {
    let lock = read(&folder(places, "rust").join("Cargo.lock"));
    let behind = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).map(|(_, rest)| rest);
    behind.and_then(|rest| rest.split('"').next()).unwrap_or("unknown").to_owned()
}
