//! Instructions per message, in user space.

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

/// A message of 20 B of text, masked with zeros.
const FRAME: &[u8] = b"\x81\x94\0\0\0\0twenty bytes of text";
/// The frame that answers it.
const ANSWER: &[u8] = b"\x81\x14twenty bytes of text";
/// Uncounted messages at the beginning, after which all buffers are allocated.
const BEFORE: usize = 10;
/// Counted messages.
const MESSAGES: usize = 30;
/// An answer takes less than a second. A host that does not answer makes the run fail, not hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer to an upgrade request.
const MAX_HEAD: usize = 4096;

/// A run whose instructions are counted.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) what: &'static str,
    /// The workload that configures the server. The load is this run's own.
    workload: &'static str,
    /// The number of clients. They send in turns, and all receive each message.
    clients: usize,
    /// The highest allowed count per message in the profile `dist`, a tenth above the count when it was set.
    pub(super) most: f64,
}

/// The runs.
pub(super) const RUNS: [Run; 2] = [
    Run { what: "echo of 20 B, 1 connection", workload: "echo-20-10", clients: 1, most: 12_000.0 },
    Run { what: "20 B from one to 20", workload: "cast-20-1000", clients: 20, most: 31_000.0 },
];

impl Run {
    /// Counts the instructions of one message on its shard's thread, from before it is read to after it is written.
    pub(super) fn count(&self, places: &Places) -> Result<f64, Trouble> {
        let workload = WORKLOADS.iter().find(|workload| workload.name == self.workload).expect("the workload is in the list");
        let host = Server::start(&PEERS[0], workload, places)?;
        let mut clients = Vec::new();
        for _ in 0..self.clients {
            let client = join(host.port(), &mut clients).context("joining the host")?;
            clients.push(client);
        }
        // The guest runs a thousand times as slowly, so epoch ticks would interrupt it.
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

/// Connects one more client. Its first message, which the others receive too, shows that it is a member.
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

/// Sends one message after the other, each after all clients have received the one before. Each client sends often enough
/// that it is not pinged.
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
    anyhow::ensure!(answer == ANSWER, "another frame comes back");
    Ok(())
}
