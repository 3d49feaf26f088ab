//! Instructions per message, in user space.

use anyhow::Context as _;

use super::peers::PEERS;
use super::server::Server;
use super::stepping::Stepping;
use super::workloads::WORKLOADS;
use crate::echo::Client;
use crate::places::Places;
use crate::step::Trouble;

/// Uncounted messages at the beginning, after which all buffers are allocated.
const BEFORE: usize = 10;
/// Counted messages.
const MESSAGES: usize = 30;
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
fn join(port: u16, others: &mut [Client]) -> anyhow::Result<Client> {
    let mut client = Client::connect(port)?;
    client.say()?;
    client.hear()?;
    others.iter_mut().try_for_each(Client::hear)?;
    Ok(client)
}

/// Sends one message after the other, each after all clients have received the one before. Each client sends often enough
/// that it is not pinged.
fn exchange(clients: &mut [Client], messages: usize) -> anyhow::Result<()> {
    for message in 0..messages {
        let sender = message % clients.len();
        clients[sender].say()?;
        clients.iter_mut().try_for_each(Client::hear)?;
    }
    Ok(())
}
