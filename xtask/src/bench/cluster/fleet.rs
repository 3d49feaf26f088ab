//! The processes that are measured: nodes or servers, with the broker between them.

use std::fs;
use std::ops::Sub;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

use super::kit::Kit;
use super::system::System;
use super::talker::Talker;
use super::varz::{self, Traffic};
use crate::bench::peers::binary;
use crate::bench::process;
use crate::bench::server::{Server, free_port};
use crate::command::command;
use crate::step::Trouble;

/// The app of all nodes, and their further arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct App<'a> {
    pub(super) guest: &'a Path,
    pub(super) arguments: &'a [&'a str],
    /// The event that clients of Socket.IO send in place of messages.
    pub(super) event: &'static str,
}

/// The arguments for rooms that paths name. All of them run on one thread of their node.
pub(super) const ROOMS: [&str; 4] = ["--instances", "per-room", "--shards", "1"];

/// The processes of a system. All end when it is dropped.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) system: System,
    /// The nodes. One that is removed is killed.
    pub(super) nodes: Vec<Server>,
    event: &'static str,
    broker: Option<Broker>,
}

/// NATS or Redis.
#[derive(Debug)]
struct Broker {
    server: Server,
    /// The port for monitoring, at NATS.
    monitor: Option<u16>,
    folder: PathBuf,
}

/// CPU time in seconds, and the traffic of NATS.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    /// Of the first node, which owns the rooms.
    pub(super) owner: f64,
    pub(super) nodes: f64,
    pub(super) broker: f64,
    pub(super) traffic: Traffic,
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            owner: self.owner - before.owner,
            nodes: self.nodes - before.nodes,
            broker: self.broker - before.broker,
            traffic: self.traffic - before.traffic,
        }
    }
}

impl Fleet {
    /// Starts a system.
    pub(super) fn start(kit: &Kit<'_>, system: System, app: App<'_>) -> Result<Self, Trouble> {
        Self::start_with(kit, system, app, "")
    }

    /// The same, with further settings of JetStream.
    pub(super) fn start_with(kit: &Kit<'_>, system: System, app: App<'_>, jetstream: &str) -> Result<Self, Trouble> {
        let broker = match system {
            System::Alone | System::SocketIo => None,
            System::Cluster(_) => Some(Broker::nats(kit, jetstream)?),
            System::SocketIoWithRedis => Some(Broker::redis(kit)?),
        };
        let mut fleet = Self { system, nodes: Vec::new(), event: app.event, broker };
        let nodes = match system {
            System::Alone | System::SocketIo => 1,
            System::Cluster(nodes) => nodes,
            System::SocketIoWithRedis => 2,
        };
        for node in 0..nodes {
            fleet.add(kit, &format!("cluster-{node}"), app)?;
        }
        Ok(fleet)
    }

    fn add(&mut self, kit: &Kit<'_>, name: &str, app: App<'_>) -> Result<(), Trouble> {
        let broker = self.broker.as_ref().map(|broker| broker.server.port());
        let places = kit.places;
        let node = match self.system {
            System::Alone | System::Cluster(_) => {
                let start = |port: u16| {
                    let mut host = command(binary(places), &places.root);
                    host.arg("run").arg(app.guest).arg("--port").arg(port.to_string()).args(["--no-page", "-q"]);
                    host.args(["--ping", "1h", "--compression", "off"]).args(app.arguments);
                    if let Some(broker) = broker {
                        host.args(["--cluster", &format!("nats://127.0.0.1:{broker}")]);
                    }
                    host
                };
                let node = Server::anywhere(name, start, places)?;
                node.wait_for_its_address(name, places)?;
                node
            }
            System::SocketIo | System::SocketIoWithRedis => {
                let start = |port: u16| {
                    let mut node = command("node", &kit.socket_io());
                    node.arg("server.mjs").arg(port.to_string());
                    node.args(broker.map(|broker| broker.to_string()));
                    node
                };
                Server::anywhere(name, start, places)?
            }
        };
        self.nodes.push(node);
        Ok(())
    }

    /// A client of a node, in the room of this path. Socket.IO has one room.
    pub(super) fn client(&self, node: usize, path: &str) -> anyhow::Result<Talker> {
        let port = self.nodes[node].port();
        match self.system {
            System::Alone | System::Cluster(_) => Talker::plain(port, path),
            System::SocketIo | System::SocketIoWithRedis => Talker::socket_io(port, self.event),
        }
    }

    /// The CPU time until now.
    pub(super) fn spent(&self) -> anyhow::Result<Spent> {
        let each = self.nodes.iter().map(|node| process::cpu(node.pid())).collect::<anyhow::Result<Vec<f64>>>()?;
        let (owner, nodes) = (each[0], each.iter().sum());
        let Some(broker) = &self.broker else { return Ok(Spent { owner, nodes, ..Spent::default() }) };
        let traffic = broker.monitor.map_or(Ok(Traffic::default()), varz::traffic)?;
        Ok(Spent { owner, nodes, broker: process::cpu(broker.server.pid())?, traffic })
    }

    /// The resident memory of each node in KiB.
    pub(super) fn memory(&self) -> anyhow::Result<Vec<f64>> {
        self.nodes.iter().map(|node| Ok(process::memory(node.pid())?.all)).collect()
    }

    /// The same of NATS or Redis.
    pub(super) fn broker_memory(&self) -> anyhow::Result<f64> {
        self.broker.as_ref().map_or(Ok(0.0), |broker| Ok(process::memory(broker.server.pid())?.all))
    }
}

impl Broker {
    fn nats(kit: &Kit<'_>, jetstream: &str) -> Result<Self, Trouble> {
        let (folder, monitor) = (folder(kit)?, free_port().context("no port is free")?);
        let settings = folder.join("nats.conf");
        let text = format!("jetstream {{\n  store_dir: \"{}\"\n  {jetstream}\n}}\n", folder.display());
        fs::write(&settings, text).with_context(|| format!("writing {}", settings.display()))?;
        let start = |port: u16| {
            let mut nats = command(&kit.nats, &kit.places.root);
            nats.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--http_port", &monitor.to_string()]);
            nats.arg("--config").arg(&settings);
            nats
        };
        Ok(Self { server: Server::anywhere("cluster-nats", start, kit.places)?, monitor: Some(monitor), folder })
    }

    fn redis(kit: &Kit<'_>) -> Result<Self, Trouble> {
        let folder = folder(kit)?;
        let start = |port: u16| {
            let mut redis = command("redis-server", &folder);
            redis.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
            redis
        };
        Ok(Self { server: Server::anywhere("cluster-redis", start, kit.places)?, monitor: None, folder })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A folder that stays takes space, and harms nothing.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An empty folder for a broker.
fn folder(kit: &Kit<'_>) -> Result<PathBuf, Trouble> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("broker-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = kit.places.scratch("bench").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
