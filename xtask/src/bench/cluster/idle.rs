//! The cost of nodes that serve nobody.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::fleet::{App, Fleet};
use super::trial::{Trial, mean, settle};
use crate::step::Trouble;

/// The time of the measurement.
const SILENCE: Duration = Duration::from_secs(5);

/// Nodes that renew their leases, and see the others do it.
pub(super) fn idle(trial: &Trial<'_>) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.echo(), arguments: &[], event: "echo" };
    let fleet = Fleet::start(trial.kit, trial.system, app)?;
    settle();
    let before = fleet.spent()?;
    thread::sleep(SILENCE);
    let (spent, seconds) = (fleet.spent()? - before, SILENCE.as_secs_f64());
    Ok(json!({
        "node_ms": spent.nodes * 1e3 / seconds / fleet.nodes.len() as f64,
        "broker_ms": spent.broker * 1e3 / seconds,
        "messages_in": spent.traffic.messages_in / seconds,
        "messages_out": spent.traffic.messages_out / seconds,
        "bytes_out": spent.traffic.bytes_out / seconds,
        "node_mib": mean(&fleet.memory()?) / 1024.0,
        "broker_mib": fleet.broker_memory()? / 1024.0,
    }))
}
