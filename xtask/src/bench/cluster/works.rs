//! The workloads of clusters.

use serde_json::Value;

use super::system::System::{self, Alone, Cluster, SocketIo, SocketIoWithRedis};
use super::trial::Trial;
use super::{crowd, failover, idle, messages, rooms};
use crate::step::Trouble;

/// A workload.
pub(super) struct Work {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) systems: &'static [System],
    /// Measures one system once.
    pub(super) measure: fn(&Trial<'_>) -> Result<Value, Trouble>,
    /// The columns of its table.
    pub(super) columns: &'static [Column],
    /// How its rounds differ from those that are asked for.
    rounds: Rounds,
}

enum Rounds {
    Usual,
    /// Times that vary much.
    TwoMore,
    One,
}

/// A column: the name of a figure, its head, and its decimals.
pub(super) type Column = (&'static str, &'static str, usize);

impl Work {
    /// Whether a name selects it: its own, or a part of it.
    pub(super) fn is_meant_by(&self, name: &str) -> bool {
        self.name.contains(name)
    }

    /// The number of its rounds.
    pub(super) fn rounds(&self, usual: u32) -> u32 {
        match self.rounds {
            Rounds::Usual => usual,
            Rounds::TwoMore => usual + 2,
            Rounds::One => 1,
        }
    }
}

const MESSAGE: &[Column] = &[
    ("nodes_us", "CPU us of nodes", 1),
    ("owner_us", "of which the first node", 1),
    ("broker_us", "CPU us of NATS or Redis", 1),
    ("nats_messages", "messages through NATS", 2),
    ("nats_bytes", "bytes through NATS", 0),
    ("p50_ms", "p50 ms", 2),
    ("p99_ms", "p99 ms", 2),
];

/// All workloads, in the order of the page.
pub(super) const WORKS: [Work; 11] = [
    Work {
        name: "cluster-echo-1",
        what: "An echo of 20 B to one client, whose room is at another node",
        systems: &[Alone, Cluster(1), Cluster(2), SocketIo],
        measure: |trial| messages::echo(trial, 1),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-echo-20",
        what: "The same to 20 clients at a time",
        systems: &[Alone, Cluster(1), Cluster(2), SocketIo],
        measure: |trial| messages::echo(trial, 20),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-room-30",
        what: "A message of 20 B to all 30 members of a room that are spread over the nodes; CPU of one such message",
        systems: &[Alone, Cluster(1), Cluster(2), Cluster(3), SocketIo, SocketIoWithRedis],
        measure: messages::room,
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-crowd",
        what: "A broadcast of 20 B to very many clients",
        systems: &[Alone, Cluster(3), SocketIo, SocketIoWithRedis],
        measure: crowd::broadcast,
        columns: &[
            ("nodes_us", "CPU us a delivery: nodes", 2),
            ("owner_us", "of which the owner", 2),
            ("broker_us", "NATS or Redis", 3),
            ("last_ms", "ms until the last has it", 0),
            ("nats_bytes", "bytes through NATS a broadcast", 0),
            ("join_nodes_us", "CPU us a client that comes: nodes", 0),
            ("join_owner_us", "of which the owner", 0),
            ("join_broker_us", "NATS or Redis", 1),
            ("owner_kib", "KiB a member at the owner", 2),
            ("edge_kib", "KiB a client at the other nodes", 2),
            ("nodes_mib", "MiB of all nodes", 0),
            ("failover_s", "s from `kill -9` of the owner to the next answer", 2),
        ],
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-rooms",
        what: "Very many rooms with a client each, and messages of 20 B that are spread over them",
        systems: &[Alone, Cluster(3)],
        measure: rooms::open,
        columns: &[
            ("rooms_per_second", "rooms opened a second", 0),
            ("open_nodes_us", "CPU us to open one: nodes", 0),
            ("open_broker_us", "NATS", 0),
            ("node_mib", "MiB of a node", 0),
            ("room_kib", "KiB a room", 1),
            ("broker_mib", "MiB of NATS", 0),
            ("broker_room_kib", "KiB a room", 2),
            ("quiet_nodes_ms", "CPU ms a second in silence: a node", 1),
            ("quiet_broker_ms", "NATS", 1),
            ("at_owner_us", "CPU us an echo, at the owner", 1),
            ("through_nodes_us", "through another node: nodes", 1),
            ("through_broker_us", "NATS", 1),
        ],
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-failover",
        what: "Seconds from `kill -9` of the owner to the next answer at another node, and milliseconds until a client is greeted by a room that it has left",
        systems: &[Cluster(3)],
        measure: failover::kill,
        columns: &[
            ("plain_s", "s, a room that has never written", 2),
            ("kept_s", "s, a durable room", 2),
            ("open_small_ms", "ms to open a room of one value", 1),
            ("open_large_ms", "ms to open a room of 1 MiB", 1),
        ],
        rounds: Rounds::TwoMore,
    },
    Work {
        name: "cluster-durable-1",
        what: "A write of 200 B to the store of a room by one client, answered when it is stored",
        systems: &[Alone, Cluster(1), Cluster(2)],
        measure: |trial| messages::write(trial, 1, ""),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-durable-20",
        what: "The same by 20 clients at a time",
        systems: &[Alone, Cluster(1), Cluster(2)],
        measure: |trial| messages::write(trial, 20, ""),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-synced-1",
        what: "A write by one client, with `sync_interval: always`",
        systems: &[Cluster(2)],
        measure: |trial| messages::write(trial, 1, "sync_interval: always"),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-synced-20",
        what: "The same by 20 clients at a time",
        systems: &[Cluster(2)],
        measure: |trial| messages::write(trial, 20, "sync_interval: always"),
        columns: MESSAGE,
        rounds: Rounds::Usual,
    },
    Work {
        name: "cluster-idle",
        what: "Nodes without clients, which renew their leases",
        systems: &[Cluster(3), Cluster(30)],
        measure: idle::idle,
        columns: &[
            ("node_ms", "CPU ms a second: a node", 2),
            ("broker_ms", "NATS", 2),
            ("messages_in", "messages a second to NATS", 1),
            ("messages_out", "from it", 1),
            ("bytes_out", "bytes a second from it", 0),
            ("node_mib", "MiB of a node", 1),
            ("broker_mib", "MiB of NATS", 1),
        ],
        rounds: Rounds::One,
    },
];
