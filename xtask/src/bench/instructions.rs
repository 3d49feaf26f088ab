//! Instructions for each message, in user space.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::Context as _;

use super::peers::PEERS;
use super::server::Server;
use super::stepping::Stepping;
use super::workloads::WORKLOADS;
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
    /// The workload whose server it is; the load is another.
    workload: &'static str,
    /// They send in turns, and all get it.
    clients: usize,
    /// No more for each message than that, a tenth above what was counted when it was set. It is what a release build takes.
    pub(super) most: f64,
}

/// The runs.
pub(super) const RUNS: [Run; 2] = [
    Run { what: "echo of 20 B, 1 connection", workload: "echo-20-10", clients: 1, most: 12_000.0 },
    Run { what: "20 B from one to 20", workload: "cast-20-1000", clients: 20, most: 31_000.0 },
];

impl Run {
    /// Counts what one message takes on its shard's thread, from before it is read to after it is written.
    pub(super) fn count(&self, places: &Places) -> Result<f64, Trouble> {
        let workload = WORKLOADS.iter().find(|workload| workload.name == self.workload).expect("the workload is in the list");
        let host = Server::start(&PEERS[0], workload, places)?;
        let mut clients = Vec::new();
        for _ in 0..self.clients {
            let client = join(host.port(), &mut clients).context("joining the host")?;
            clients.push(client);
        }
        // Ticks would interrupt a guest that runs a thousand times as slowly.
        let stepping = Stepping::begin(host.pid(), "shard-0", &["epoch-ticks"]);
        let stepping = stepping.map_err(|why| Trouble::missing(format!("the right to trace processes is needed ({why:#})")))?;
        exchange(&mut clients, BEFORE).context("talking with the host")?;
        let before = stepping.steps();
        exchange(&mut clients, MESSAGES).context("talking with the host")?;
        let counted = stepping.steps() - before;
        drop(host);
        stepping.ended();
        Ok(counted as f64 / MESSAGES as f64)
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

/// One message after the other, each after all have had the one before. Everybody's turn comes before it is silent for so long that it is
/// pinged.
fn exchange(clients: &mut [TcpStream], messages: usize) -> anyhow::Result<()> {
    for message in 0..messages {
        let sender = message % clients.len();
        clients[sender].write_all(FRAME)?;
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
