//! The cost of a broadcast to very many clients, and of these clients.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::fleet::{App, Fleet};
use super::system::System;
use super::talk;
use super::talker::Talker;
use super::trial::{TEXT, Trial, mean, middle, settle};
use crate::step::Trouble;

/// Broadcasts before the measurement and in it, one after the other.
const WARM_UP: usize = 3;
const BROADCASTS: usize = 20;
/// The part of the clients that come before memory is measured for the first time.
const FIRST: usize = 10;
/// The longest wait for the room to be back after its owner's death, and the time between two attempts.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(50);

/// A broadcast of 20 B to clients that are spread over all nodes. The owner of their room is the first node, and the sender is at the last.
pub(super) fn broadcast(trial: &Trial<'_>) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.guest("relay"), arguments: &[], event: "all" };
    let mut fleet = Fleet::start(trial.kit, trial.system, app)?;
    let nodes = fleet.nodes.len();
    let (mut members, first) = (Vec::new(), trial.many / FIRST);
    for member in 0..first {
        members.push(fleet.client(member % nodes, "/")?);
    }
    settle();
    let (few, memory_of_few, begun) = (fleet.spent()?, fleet.memory()?, Instant::now());
    for member in first..trial.many {
        members.push(fleet.client(member % nodes, "/").with_context(|| format!("client {member} of {}", trial.many))?);
    }
    let connecting = begun.elapsed().as_secs_f64();
    settle();
    let (joined, memory) = (fleet.spent()? - few, fleet.memory()?);
    let mut send_to_all =
        |times| (0..times).map(|_| talk::reach_all(&mut members, nodes - 1, TEXT)).collect::<anyhow::Result<Vec<f64>>>();
    send_to_all(WARM_UP)?;
    let before = fleet.spent()?;
    let times = send_to_all(BROADCASTS)?;
    let spent = fleet.spent()? - before;
    let (joins, deliveries) = ((trial.many - first) as f64, (trial.many * BROADCASTS) as f64);
    let growth: Vec<f64> = memory.iter().zip(&memory_of_few).map(|(after, before)| after - before).collect();
    let failover = match trial.system {
        System::Cluster(2..) => Some(fails_over(&mut fleet, &mut members[nodes - 1])?),
        _ => None,
    };
    Ok(json!({
        "nodes_us": spent.nodes * 1e6 / deliveries,
        "owner_us": spent.owner * 1e6 / deliveries,
        "broker_us": spent.broker * 1e6 / deliveries,
        "nats_messages": spent.traffic.messages() / BROADCASTS as f64,
        "nats_bytes": spent.traffic.bytes() / BROADCASTS as f64,
        "last_ms": middle(&times) / 1e3,
        "joins_per_second": joins / connecting,
        "join_nodes_us": joined.nodes * 1e6 / joins,
        "join_owner_us": joined.owner * 1e6 / joins,
        "join_broker_us": joined.broker * 1e6 / joins,
        "join_nats_bytes": joined.traffic.bytes() / joins,
        "owner_kib": growth[0] / joins,
        "edge_kib": mean(&growth[1..]) / (joins / nodes as f64),
        "nodes_mib": memory.iter().sum::<f64>() / 1024.0,
        "failover_s": failover,
    }))
}

/// Kills the owner. Returns the seconds until a member of another node has an answer.
fn fails_over(fleet: &mut Fleet, member: &mut Talker) -> anyhow::Result<f64> {
    let killed = Instant::now();
    drop(fleet.nodes.remove(0));
    while killed.elapsed() < PATIENCE {
        member.say(TEXT)?;
        if member.hear_until(Instant::now() + AGAIN)?.is_some() {
            return Ok(killed.elapsed().as_secs_f64());
        }
    }
    bail!("no answer after {PATIENCE:?}")
}
