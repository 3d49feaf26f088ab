//! The cost of several nodes, beside one node and beside Socket.IO with Redis: `cargo xtask bench --cluster`.
//!
//! | file | owns |
//! | --- | --- |
//! | `works` | the workloads, with the systems of each |
//! | `messages`, `crowd`, `rooms`, `failover`, `idle` | how they are measured |
//! | `trial` | one system under one workload |
//! | `talk`, `talker` | conversations of clients; a client |
//! | `system`, `fleet`, `varz` | the systems; their processes; the counts of NATS |
//! | `kit` | the tools |
//! | `page` | bench/CLUSTER.md |

mod crowd;
mod failover;
mod fleet;
mod idle;
mod kit;
mod messages;
pub(super) mod page;
mod rooms;
mod system;
mod talk;
mod talker;
mod trial;
mod varz;
mod works;

use std::time::Duration;

use serde_json::Value;

use super::machine::{self, Machine};
use super::options::Options;
use super::peers::PEERS;
use super::record::{Record, Records, Run};
use crate::places::Places;
use crate::step::{Check, Trouble};
use kit::Kit;
use system::System;
use trial::Trial;
use works::{WORKS, Work};

/// Measures all workloads, and writes the page.
pub(super) fn measure(options: &Options, places: &Places) -> Check {
    let kit = Kit::ready(places)?;
    let mut records = Records::open(places, options.add)?;
    let mut machine = Machine::look(places, &[&PEERS[0]]);
    machine.0["pinned"] = Value::Bool(false);
    for (name, version) in kit.versions() {
        machine.0["versions"][name] = version;
    }
    records.add(&Record::Machine(machine))?;
    for work in WORKS.iter().filter(|work| options.only.is_empty() || options.only.iter().any(|name| work.is_meant_by(name))) {
        println!("\n=== {}: {}", work.name, work.what);
        compare(work, &kit, options, &mut records)?;
        println!("{}", page::table(work, records.all()));
    }
    page::write(places)
}

/// Runs one workload with each system in turn, round after round, so that changes on the machine affect all alike.
fn compare(work: &Work, kit: &Kit<'_>, options: &Options, records: &mut Records) -> Check {
    let systems = kit.systems(work.systems);
    for round in 0..work.rounds(options.rounds) {
        for system in &systems {
            let time = Duration::from_secs(options.seconds.into());
            let load_average = machine::load_average();
            let trial = Trial { kit, system: *system, time, many: options.clients };
            match (work.measure)(&trial) {
                Ok(full) => {
                    println!("{}: {} {full}", round + 1, system.name());
                    records.add(&Record::Run(run(work, *system, load_average, full)))?;
                }
                Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("{} has no figures: {why}", system.name()),
            }
        }
    }
    Ok(())
}

fn run(work: &Work, system: System, load_average: f64, full: Value) -> Run {
    Run { workload: work.name.to_owned(), peer: system.name(), load_average, full, paced: None, disk: None }
}
