//! Instructions for each message, in user space.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use super::counts::wait;
use super::peers::{binary, guest};
use super::server::free_port;
use super::stepping::Stepping;
use super::workloads::Kind;
use crate::command::command;
use crate::places::Places;
use crate::step::Trouble;

/// A message of 20 B of text, masked with zeros, and what comes back of it.
const FRAME: &[u8] = b"\x81\x94\0\0\0\0twenty bytes of text";
const ANSWER: &[u8] = b"\x81\x14twenty bytes of text";
/// So many messages go before, until everything has its memory.
const BEFORE: usize = 10;
/// Of so many the instructions count.
const MESSAGES: usize = 30;
/// An answer takes less than a second. A host that gives none is to fail the run, not to hang it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer to an upgrade request.
const MAX_HEAD: usize = 4096;

/// A run whose instructions are counted.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) what: &'static str,
    kind: Kind,
    /// The first of them sends, and all get it.
    clients: usize,
    /// No more for each message than that, a tenth above what was counted when it was set. It is what a release build takes.
    pub(super) most: f64,
}

/// The runs.
pub(super) const RUNS: [Run; 2] = [
    Run { what: "echo of 20 B, 1 connection", kind: Kind::Echo, clients: 1, most: 12_000.0 },
    Run { what: "20 B from one to 20", kind: Kind::Room, clients: 20, most: 31_000.0 },
];

impl Run {
    /// Counts what one message takes on its shard's thread, from before it is read to after it is written.
    pub(super) fn count(&self, places: &Places) -> Result<f64, Trouble> {
        let mut host = Host::start(places, self.kind)?;
        let mut clients = Vec::new();
        for _ in 0..self.clients {
            let client = join(host.port, &mut clients).context("joining the host")?;
            clients.push(client);
        }
        // Ticks would interrupt a guest that runs a thousand times as slowly.
        let stepping = Stepping::begin(host.child.id(), "shard-0", &["epoch-ticks"]);
        let stepping = stepping.map_err(|why| Trouble::missing(format!("the right to trace processes is needed ({why:#})")))?;
        exchange(&mut clients, BEFORE).context("talking with the host")?;
        let before = stepping.steps();
        exchange(&mut clients, MESSAGES).context("talking with the host")?;
        let counted = stepping.steps() - before;
        host.end();
        stepping.ended();
        Ok(counted as f64 / MESSAGES as f64)
    }
}

/// The host with one shard. Dropped, it is killed.
struct Host {
    child: Child,
    port: u16,
}

impl Host {
    fn start(places: &Places, kind: Kind) -> Result<Self, Trouble> {
        let port = free_port().context("no port is free")?;
        let mut host = command(binary(places), &places.root);
        host.arg("run").arg(guest(places, kind)).args(["--no-page", "-qq", "--compression", "off", "--ping", "1h"]);
        host.args(["--port", &port.to_string()]);
        let child = host.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("starting the host")?;
        let mut host = Self { child, port };
        wait(&mut host.child, port)?;
        Ok(host)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// A client more. Its first message shows that it is a member, and goes to the others too.
fn join(port: u16, others: &mut [TcpStream]) -> anyhow::Result<TcpStream> {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(PATIENCE))?;
    write!(
        client,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(head.len() < MAX_HEAD, "the answer to the upgrade request has no end");
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    anyhow::ensure!(head.starts_with(b"HTTP/1.1 101 "), "no upgrade: {}", String::from_utf8_lossy(&head));
    client.write_all(FRAME)?;
    hear(&mut client)?;
    others.iter_mut().try_for_each(hear)?;
    Ok(client)
}

/// One message after the other from the first client, each after all have had the one before.
fn exchange(clients: &mut [TcpStream], messages: usize) -> anyhow::Result<()> {
    for _ in 0..messages {
        clients[0].write_all(FRAME)?;
        clients.iter_mut().try_for_each(hear)?;
    }
    Ok(())
}

fn hear(client: &mut TcpStream) -> anyhow::Result<()> {
    let mut answer = [0; ANSWER.len()];
    client.read_exact(&mut answer)?;
    anyhow::ensure!(answer == ANSWER, "something else comes back");
    Ok(())
}
