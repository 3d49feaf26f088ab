//! The cost of a guest in each language: `cargo xtask bench --languages`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use super::guests::{GUESTS, Guest};
use super::machine;
use super::options::Options;
use super::peers::binary;
use super::process::{self, Memory};
use super::server::Server;
use super::table::median;
use crate::command::command;
use crate::places::Places;
use crate::step::{Check, Trouble};

/// The name of the host's log.
const LOG: &str = "languages";
/// Clients that each have one message on its way.
const CLIENTS: u32 = 20;
/// The instances whose memory is compared, one for each client.
const INSTANCES: [u32; 2] = [10, 50];
/// The messages of each client before its instance is measured, all within a time.
const MESSAGES: u32 = 50;
const MESSAGES_WITHIN: u32 = 5;

/// The figures of one language. Times and memory are lists, one for each round.
#[derive(Debug, Default)]
struct Figures {
    bytes: u64,
    /// Seconds of CPU from the start until the host listens, with an empty cache, and with the component in it.
    first: Vec<f64>,
    cached: Vec<f64>,
    /// Microseconds of CPU for a message of 32 B and of 1 KiB.
    small: Vec<f64>,
    large: Vec<f64>,
    /// KiB after the start.
    server: Vec<f64>,
    /// KiB of a further instance, and its part of shared pages.
    instance: Vec<f64>,
    shared: Vec<f64>,
}

/// Builds and measures all guests in turns, and prints the table.
pub(super) fn measure(options: &Options, places: &Places) -> Check {
    let built: Vec<_> = GUESTS.iter().filter_map(|guest| Some((guest, ready(guest, places)?))).collect();
    let mut all: Vec<Figures> = built.iter().map(|_| Figures::default()).collect();
    let begun = machine::load_average();
    for round in 1..=options.rounds {
        for ((guest, component), figures) in built.iter().zip(&mut all) {
            round_of(component, figures, options.seconds, places)?;
            println!("round {round}: {} is measured", guest.name);
        }
    }
    let ended = machine::load_average();
    println!("\nMedians of {} rounds; load average {begun:.1} before and {ended:.1} after.\n", options.rounds);
    println!(
        "| language | size | start-up: first / from the cache | CPU per message, 32 B / 1 KiB | least to most, 32 B | memory: server | each further instance, shared |"
    );
    println!("|{}", " --- |".repeat(7));
    for ((guest, _), figures) in built.iter().zip(&all) {
        println!("{}", row(guest.name, figures));
    }
    Ok(())
}

fn ready(guest: &Guest, places: &Places) -> Option<PathBuf> {
    match guest.component(places) {
        Ok(component) => Some(component),
        Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
            println!("{} is skipped: {why}", guest.name);
            None
        }
    }
}

fn round_of(component: &Path, figures: &mut Figures, seconds: u32, places: &Places) -> Check {
    figures.bytes = fs::metadata(component).context("reading the size of a component")?.len();
    let cache = places.scratch("bench").join("cache");
    if cache.is_dir() {
        fs::remove_dir_all(&cache).context("emptying the cache")?;
    }
    let started = |instances: &str| {
        let server = Server::of(LOG, host(component, instances, &cache, places), places)?;
        server.wait_for_its_address(LOG, places)?;
        Ok::<_, Trouble>((process::cpu(server.pid())?, process::memory(server.pid())?, server))
    };
    figures.first.push(started("shared")?.0);
    let (cpu, memory, server) = started("shared")?;
    figures.cached.push(cpu);
    figures.server.push(memory.all);
    for (size, costs) in [("32", &mut figures.small), ("1KiB", &mut figures.large)] {
        let report = server.bench("/", &["--size", size, "--connections", &CLIENTS.to_string()], seconds)?;
        costs.push(report["server"]["cpu_us"].as_f64().context("the server's CPU time is reported")?);
    }
    drop(server);
    let [few, many] = INSTANCES;
    let [before, after] = INSTANCES.map(|instances| with_instances(instances, &started("per-client")?.2));
    let (before, after) = (before?, after?);
    figures.instance.push((after.all - before.all) / f64::from(many - few));
    figures.shared.push((after.shared - before.shared) / f64::from(many - few));
    Ok(())
}

/// The memory with this many instances, each of which has handled its messages.
fn with_instances(instances: u32, server: &Server) -> Result<Memory, Trouble> {
    let rate = (instances * MESSAGES / MESSAGES_WITHIN).to_string();
    let load = ["--size", "32", "--connections", &instances.to_string(), "--rate", &rate];
    thread::scope(|scope| {
        let loading = scope.spawn(|| server.bench("/", &load, MESSAGES_WITHIN));
        // Shortly before the clients leave: one second warms up.
        thread::sleep(Duration::from_secs(u64::from(MESSAGES_WITHIN)) + Duration::from_millis(700));
        let memory = process::memory(server.pid())?;
        loading.join().expect("the load does not panic")?;
        Ok(memory)
    })
}

fn host(component: &Path, instances: &str, cache: &Path, places: &Places) -> impl Fn(u16) -> Command {
    let (binary, root, component, cache) = (binary(places), places.root.clone(), component.to_owned(), cache.to_owned());
    let instances = instances.to_owned();
    move |port| {
        let mut host = command(&binary, &root);
        host.arg("run").arg(&component).arg("--port").arg(port.to_string()).args(["--no-page", "-q", "--ping", "1h"]);
        host.args(["--compression", "off", "--instances", &instances]).env("XDG_CACHE_HOME", &cache);
        host
    }
}

fn row(name: &str, figures: &Figures) -> String {
    let middle = |values: &[f64]| median(values.to_vec()).unwrap_or(0.0);
    let (least, most) =
        figures.small.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), cost| (least.min(*cost), most.max(*cost)));
    format!(
        "| {name} | {:.0} kB | {:.3} / {:.4} s | {:.1} / {:.1} us | {least:.1} to {most:.1} | {:.1} MiB | {:.0}, {:.0} KiB |",
        figures.bytes as f64 / 1e3,
        middle(&figures.first),
        middle(&figures.cached),
        middle(&figures.small),
        middle(&figures.large),
        middle(&figures.server) / 1024.0,
        middle(&figures.instance),
        middle(&figures.shared),
    )
}
