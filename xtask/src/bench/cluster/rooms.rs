//! The cost of very many rooms, and of messages that are spread over them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::fleet::{App, Fleet, ROOMS};
use super::talk;
use super::trial::{TEXT, Trial, mean, settle};
use crate::step::Trouble;

/// Messages that are on their way at a time, each in another room.
const AT_A_TIME: usize = 100;
/// How often each room gets a message.
const TIMES: usize = 3;
/// The part of the rooms that get a second client, at another node than their owner.
const VISITED: usize = 5;
/// The time in which rooms without messages are measured.
const SILENCE: Duration = Duration::from_secs(3);

/// Rooms with a client each, spread over all nodes.
pub(super) fn open(trial: &Trial<'_>) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.echo(), arguments: &ROOMS, event: "echo" };
    let fleet = Fleet::start(trial.kit, trial.system, app)?;
    let (nodes, rooms) = (fleet.nodes.len(), trial.many as f64);
    let enter = |room: usize, node: usize| {
        fleet.client(node % nodes, &format!("/{room}")).with_context(|| format!("room {room} of {}", trial.many))
    };
    let (before, memory_before, broker_before, begun) = (fleet.spent()?, fleet.memory()?, fleet.broker_memory()?, Instant::now());
    let mut own = (0..trial.many).map(|room| enter(room, room)).collect::<anyhow::Result<Vec<_>>>()?;
    let opening = begun.elapsed().as_secs_f64();
    let opened = fleet.spent()? - before;
    settle();
    let (memory, broker) = (fleet.memory()?, fleet.broker_memory()?);
    let quiet = fleet.spent()?;
    thread::sleep(SILENCE);
    let quiet = fleet.spent()? - quiet;
    let cost = |talkers: &mut [_]| {
        talk::in_turns(talkers, AT_A_TIME, TEXT)?;
        let before = fleet.spent()?;
        for _ in 0..TIMES {
            talk::in_turns(talkers, AT_A_TIME, TEXT)?;
        }
        let (spent, messages) = (fleet.spent()? - before, (TIMES * talkers.len()) as f64);
        anyhow::Ok((spent.nodes * 1e6 / messages, spent.broker * 1e6 / messages))
    };
    let (at_owner, _) = cost(&mut own)?;
    let mut others = (0..trial.many / VISITED).map(|room| enter(room, room + 1)).collect::<anyhow::Result<Vec<_>>>()?;
    settle();
    let (through_nodes, through_broker) = if nodes > 1 { cost(&mut others)? } else { (f64::NAN, f64::NAN) };
    let growth: Vec<f64> = memory.iter().zip(&memory_before).map(|(after, before)| after - before).collect();
    Ok(json!({
        "rooms_per_second": rooms / opening,
        "open_nodes_us": opened.nodes * 1e6 / rooms,
        "open_broker_us": opened.broker * 1e6 / rooms,
        "node_mib": mean(&memory) / 1024.0,
        "room_kib": growth.iter().sum::<f64>() / rooms,
        "broker_mib": broker / 1024.0,
        "broker_room_kib": (broker - broker_before) / rooms,
        "quiet_nodes_ms": quiet.nodes * 1e3 / SILENCE.as_secs_f64() / nodes as f64,
        "quiet_broker_ms": quiet.broker * 1e3 / SILENCE.as_secs_f64(),
        "at_owner_us": at_owner,
        "through_nodes_us": through_nodes,
        "through_broker_us": through_broker,
    }))
}
