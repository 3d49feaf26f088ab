//! The cost of a message: an echo, a write to the store, and one to all members of a small room.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::fleet::{App, Fleet};
use super::talk;
use super::trial::{TEXT, Trial, figures, settle};
use crate::step::Trouble;

/// The time before each measurement in which everything gets warm.
const WARM_UP: Duration = Duration::from_millis(500);
/// The members of the small room.
const MEMBERS: usize = 30;
/// A value for the store, with 200 B.
const VALUE: &str = "twenty bytes of text twenty bytes of text twenty bytes of text twenty bytes of text twenty bytes of text \
                     twenty bytes of text twenty bytes of text twenty bytes of text twenty bytes of text tens of bytes";
/// Arguments for the guest that writes one of 1,000 keys at each message.
const LEDGER: [&str; 4] = ["--env", "OPERATION=write", "--env", "KEYS=1000"];

/// An echo of 20 B. The clients are at the last node, and the owner of their room is the first.
pub(super) fn echo(trial: &Trial<'_>, clients: usize) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.echo(), arguments: &[], event: "echo" };
    answers(trial, &Fleet::start(trial.kit, trial.system, app)?, clients, TEXT)
}

/// A write of 200 B, which is answered when its record is stored.
pub(super) fn write(trial: &Trial<'_>, clients: usize, jetstream: &str) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.guest("ledger"), arguments: &LEDGER, event: "" };
    answers(trial, &Fleet::start_with(trial.kit, trial.system, app, jetstream)?, clients, VALUE)
}

fn answers(trial: &Trial<'_>, fleet: &Fleet, clients: usize, text: &str) -> Result<Value, Trouble> {
    let _owner = fleet.client(0, "/")?;
    let last = fleet.nodes.len() - 1;
    let mut talkers = (0..clients).map(|_| fleet.client(last, "/")).collect::<anyhow::Result<Vec<_>>>()?;
    talk::echo(&mut talkers, text, WARM_UP)?;
    let before = fleet.spent()?;
    let times = talk::echo(&mut talkers, text, trial.time)?;
    Ok(figures(fleet.spent()? - before, times.len(), &times))
}

/// A message of 20 B to all members of a room. They are spread over the nodes, and the sender is at the last one.
pub(super) fn room(trial: &Trial<'_>) -> Result<Value, Trouble> {
    let app = App { guest: &trial.kit.guest("relay"), arguments: &[], event: "all" };
    let fleet = Fleet::start(trial.kit, trial.system, app)?;
    let nodes = fleet.nodes.len();
    let mut members = (0..MEMBERS).map(|member| fleet.client(member % nodes, "/")).collect::<anyhow::Result<Vec<_>>>()?;
    settle();
    let mut talk_for = |time| {
        let (begun, mut times) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            times.push(talk::reach_all(&mut members, nodes - 1, TEXT)?);
        }
        anyhow::Ok(times)
    };
    talk_for(WARM_UP)?;
    let before = fleet.spent()?;
    let times = talk_for(trial.time)?;
    Ok(figures(fleet.spent()? - before, times.len(), &times))
}
