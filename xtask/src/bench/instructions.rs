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
/// Counted messages of clients that send in turns.
const MESSAGES: usize = 30;
/// Counted messages of each client, where all send at once.
const ROUNDS: usize = 6;
/// A run whose instructions are counted.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) what: &'static str,
    /// The workload that configures the server. The load is this run's own.
    workload: &'static str,
    /// The number of clients. All receive what they are sent.
    clients: usize,
    /// How they send.
    sending: Sending,
    /// The highest allowed count per message in the profile `dist`, a tenth above the count when it was set.
    pub(super) most: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// One client after the other, each after all clients have received the message before.
    InTurns,
    /// All clients before the shard answers the first of them. Each receives its own message.
    AtOnce,
}

/// The runs.
pub(super) const RUNS: [Run; 3] = [
    Run { what: "echo of 20 B, 1 connection", workload: "echo-20-10", clients: 1, sending: Sending::InTurns, most: 12_000.0 },
    Run {
        what: "echo of 20 B, 50 connections at once",
        workload: "echo-20-10",
        clients: 50,
        sending: Sending::AtOnce,
        most: 7_100.0,
    },
    Run { what: "20 B from one to 20", workload: "cast-20-1000", clients: 20, sending: Sending::InTurns, most: 31_000.0 },
];

impl Run {
    /// Counts the instructions of one message on its shard's thread, from before it is read to after it is written.
    pub(super) fn count(&self, places: &Places) -> Result<f64, Trouble> {
        let workload = WORKLOADS.iter().find(|workload| workload.name == self.workload).expect("the workload is in the list");
        let host = Server::start(&PEERS[0], workload, places)?;
        let mut clients = Vec::new();
        for _ in 0..self.clients {
            let client = self.join(host.port(), &mut clients).context("joining the host")?;
            clients.push(client);
        }
        // The guest runs a thousand times as slowly, so epoch ticks would interrupt it.
        let stepping = Stepping::begin(host.pid(), "shard-0", &["epoch-ticks"]);
        let stepping = stepping.map_err(|why| Trouble::missing(format!("the right to trace processes is needed ({why:#})")))?;
        let (warm_up, counted) = match self.sending {
            Sending::InTurns => (BEFORE, MESSAGES),
            Sending::AtOnce => (1, ROUNDS),
        };
        self.exchange(&mut clients, warm_up).context("talking with the host")?;
        let before = stepping.steps();
        let messages = self.exchange(&mut clients, counted).context("talking with the host")?;
        let counted = stepping.steps() - before;
        drop(host);
        stepping.ended();
        Ok(counted as f64 / messages as f64)
    }

    /// Connects one more client. Its first message shows that it is a member.
    fn join(&self, port: u16, others: &mut [Client]) -> anyhow::Result<Client> {
        let mut client = Client::connect(port)?;
        client.say()?;
        client.hear()?;
        if self.sending == Sending::InTurns {
            others.iter_mut().try_for_each(Client::hear)?;
        }
        Ok(client)
    }

    /// Sends `count` messages, or as many of each client. Returns the number of messages.
    fn exchange(&self, clients: &mut [Client], count: usize) -> anyhow::Result<usize> {
        match self.sending {
            Sending::InTurns => exchange(clients, count).map(|()| count),
            Sending::AtOnce => {
                for _ in 0..count {
                    clients.iter_mut().try_for_each(Client::say)?;
                    clients.iter_mut().try_for_each(Client::hear)?;
                }
                Ok(count * clients.len())
            }
        }
    }
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
