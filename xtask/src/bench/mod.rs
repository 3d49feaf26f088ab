//! `cargo xtask bench`: measures the host and its peers in turns, under the same load.

mod aims;
mod certificate;
mod cluster;
mod counts;
mod disk;
mod fetch;
mod foreign;
mod guests;
mod instructions;
mod languages;
mod machine;
mod options;
mod peers;
mod plot;
mod process;
mod record;
mod render;
mod resume;
mod server;
mod stepping;
mod store;
mod store_page;
mod syncs;
mod table;
mod upstream;
mod workloads;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::command::{cargo, for_guest, run};
use crate::places::Places;
use crate::step::{Check, Context as StepContext, Trouble};
use crate::toolbox::wasm_target;
use machine::Machine;
use options::{Options, USAGE};
use peers::{PEERS, Peer};
use record::{Record, Records};
use server::Server;
use workloads::{Kind, WORKLOADS, Workload};

/// Runs the command that follows `bench`.
pub(crate) fn main(args: impl Iterator<Item = String>) -> ExitCode {
    let places = Places::find();
    let done = match Options::parse(args) {
        Ok(Options { help: true, .. }) => show(USAGE),
        Ok(Options { list: true, .. }) => show(list().trim_end()),
        Ok(options) if options.render => render::render(&places),
        Ok(options) if options.languages => build(&places).and_then(|()| languages::measure(&options, &places)),
        Ok(options) if options.resume => build(&places).and_then(|()| resume::compare(&places)),
        Ok(options) if options.cluster => build(&places).and_then(|()| cluster::measure(&options, &places)),
        Ok(options) if options.fetch => build(&places).and_then(|()| fetch::measure(&options, &places)),
        Ok(options) => measure(&options, &places),
        Err(problem) => {
            println!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
            println!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn show(text: &str) -> Check {
    println!("{text}");
    Ok(())
}

fn list() -> String {
    let workloads = WORKLOADS.iter().map(|workload| format!("  {:<22} {}\n", workload.name, workload.what));
    let peers = PEERS.iter().map(|peer| format!("  {:<22} {}\n", peer.name, peer.what));
    ["workloads\n".to_owned()].into_iter().chain(workloads).chain(["peers\n".to_owned()]).chain(peers).collect()
}

fn measure(options: &Options, places: &Places) -> Check {
    build(places)?;
    let peers = ready_peers(options, places);
    if peers.is_empty() {
        return Err(Trouble::missing("no peer is ready"));
    }
    let mut records = Records::open(places, options.add)?;
    records.add(&Record::Machine(Machine::look(places, &peers)))?;
    for workload in WORKLOADS.iter().filter(|workload| options.wants(workload)) {
        println!("\n=== {}: {}", workload.name, workload.what);
        if workload.tls
            && let Err(Trouble::Failed(why) | Trouble::Missing(why)) = certificate::make(places)
        {
            println!("skipped: the certificate cannot be made: {why}");
            continue;
        }
        if let Kind::Store(store) = workload.kind {
            store::renew(places, workload.name, store, &peers::binary(places))?;
        }
        compare(workload, &peers, options, places, &mut records)?;
        match workload.kind {
            Kind::Store(_) => {
                store::clear(places, workload.name)?;
                println!("{}", store_page::of(workload, records.all()));
            }
            _ => println!("{}", table::of(workload, records.all())),
        }
    }
    if options.counts {
        count_syncs(&peers, options, places, &mut records)?;
    }
    let is_wanted = |workload: &&Workload| options.wants(workload) && !matches!(workload.kind, Kind::Store(_));
    if options.counts && WORKLOADS.iter().any(|workload| is_wanted(&workload)) {
        println!("\n=== counts, which do not depend on the machine's load");
        for record in counts::count(places) {
            records.add(&record)?;
        }
        for connections in [1, 100] {
            match foreign::compare(places, connections, options.seconds) {
                Ok(record) => records.add(&record)?,
                Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
                    println!("not compared with a foreign load generator: {why}");
                }
            }
        }
    }
    println!("\nkept in {}; `cargo xtask bench --render` makes bench/RESULTS.md of it", records.file().display());
    Ok(())
}

/// Counts the syncs under the workloads that are synced.
fn count_syncs(peers: &[&Peer], options: &Options, places: &Places, records: &mut Records) -> Check {
    let is_synced = |workload: &&Workload| matches!(workload.kind, Kind::Store(store) if store.is_synced());
    for workload in WORKLOADS.iter().filter(|workload| options.wants(workload)).filter(is_synced) {
        if let Kind::Store(store) = workload.kind {
            store::renew(places, workload.name, store, &peers::binary(places))?;
        }
        for peer in peers.iter().filter(|peer| peer.supports(workload).is_ok()) {
            match syncs::count(workload, peer, places, options.seconds) {
                Ok(record) => records.add(&record)?,
                Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("syncs are not counted: {why}"),
            }
        }
        store::clear(places, workload.name)?;
    }
    Ok(())
}

/// Cargo's words to build the host and its load generator in a profile.
pub(crate) fn build_command(profile: &str) -> String {
    format!("build --package ws-host-cli --profile {profile} --bins")
}

/// Builds the host and its load generator in their profile, unless a built binary is named, and the guests in their release profile.
fn build(places: &Places) -> Check {
    if peers::built_binary().is_none() {
        run(&mut cargo(&build_command(&peers::profile()), &places.root))?;
    }
    wasm_target(places)?;
    for workspace in places.guest_workspaces() {
        run(for_guest(&mut cargo("build --workspace --release --target wasm32-wasip2", &workspace)))?;
    }
    Ok(())
}

/// Checks the instructions per message against their bounds: `cargo xtask test instructions`.
pub(crate) fn instructions_are_bounded(context: &StepContext) -> Check {
    let places = &context.places;
    build(places)?;
    let mut over = Vec::new();
    for run in &instructions::RUNS {
        let counted = run.count(places)?;
        println!("{}: {counted:.0} instructions, at most {}", run.what, run.most);
        if counted > run.most {
            over.push(run.what);
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    let where_to = "look at what was added, or raise the bound in xtask/src/bench/instructions.rs and say why";
    Err(Trouble::failed(format!("more instructions than allowed: {}; {where_to}", over.join(", "))))
}

/// The requested peers that can run here.
fn ready_peers(options: &Options, places: &Places) -> Vec<&'static Peer> {
    let wanted = PEERS.iter().filter(|peer| options.peers.is_empty() || options.peers.iter().any(|name| name == peer.name));
    let is_ready = |peer: &&Peer| match (peer.prepare)(places) {
        Ok(()) => true,
        Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
            println!("{} is skipped: {why}", peer.name);
            false
        }
    };
    wanted.filter(is_ready).collect()
}

/// Runs one workload against each peer in turn, round after round, so that changes on the machine affect all alike.
fn compare(workload: &Workload, peers: &[&Peer], options: &Options, places: &Places, records: &mut Records) -> Check {
    for round in 0..options.rounds {
        for peer in peers {
            if let Err(why) = peer.supports(workload) {
                if round == 0 {
                    println!("{} is left out: {why}", peer.name);
                }
                continue;
            }
            match run_one(workload, peer, options, places) {
                Ok(record) => {
                    println!("{}", record.in_a_line());
                    records.add(&Record::Run(record))?;
                }
                Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("{:<18} no figures: {why}", peer.name),
            }
        }
    }
    Ok(())
}

/// Runs one peer under one workload at full speed, and also at the workload's rate if it has one.
fn run_one(workload: &Workload, peer: &Peer, options: &Options, places: &Places) -> Result<record::Run, Trouble> {
    let mut disk = disk::Syncs::default();
    let has_store = matches!(workload.kind, Kind::Store(_));
    if has_store {
        disk.measure(&store::parent(places), SYNCING)?;
    }
    let load_average = machine::load_average();
    let server = Server::start(peer, workload, places)?;
    let full = server.load(workload, None, options.seconds)?;
    let paced = match workload.rate {
        Some(rate) => Some(server.load(workload, Some(rate), options.seconds)?),
        None => None,
    };
    drop(server);
    if has_store {
        disk.measure(&store::parent(places), SYNCING)?;
    }
    let disk = has_store.then(|| disk.summary());
    Ok(record::Run { workload: workload.name.to_owned(), peer: peer.name.to_owned(), load_average, full, paced, disk })
}

/// How long the disk's own syncs of each kind are measured before and after a run.
const SYNCING: Duration = Duration::from_millis(300);

/// Waits a moment before a condition is checked again.
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

fn write(file: &Path, text: &str) -> Check {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(())
}
