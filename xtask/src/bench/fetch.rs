//! The cost of an HTTP request of a guest, beside Node and Bun: `cargo xtask bench --fetch`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use super::guests::javascript;
use super::options::Options;
use super::peers::{PEERS, Peer, binary};
use super::server::Server;
use super::table::median;
use super::workloads::{WORKLOADS, Workload};
use super::{machine, upstream};
use crate::command::command;
use crate::places::Places;
use crate::step::{Check, Trouble};

/// Clients that each have one message on its way: fewer than the requests that a room may have at a time.
const CLIENTS: &str = "20";
/// The name of the host's log.
const LOG: &str = "fetch";

/// A server: it echoes, and answers a message with the answer to a request.
struct Asker {
    name: &'static str,
    echo: Start,
    fetch: Start,
}

/// Starts a server, and has the path that is measured.
type Start = Box<dyn Fn(&Places) -> Result<(Server, &'static str), Trouble>>;

/// The figures of one server, a value for each round.
#[derive(Default)]
struct Figures {
    echo: Vec<f64>,
    fetch: Vec<f64>,
    rate: Vec<f64>,
    p50: Vec<f64>,
}

/// Measures all servers in turns, and prints the table.
pub(super) fn measure(options: &Options, places: &Places) -> Check {
    let port = upstream::start().context("starting the server that is asked")?;
    let askers = askers(port, places);
    let mut all: Vec<Figures> = askers.iter().map(|_| Figures::default()).collect();
    let begun = machine::load_average();
    for round in 1..=options.rounds {
        for (asker, figures) in askers.iter().zip(&mut all) {
            match round_of(asker, figures, options.seconds, places) {
                Ok(()) => println!("round {round}: {} is measured", asker.name),
                Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("{} has no figures: {why}", asker.name),
            }
        }
    }
    let ended = machine::load_average();
    println!("\nMedians of {} rounds; load average {begun:.1} before and {ended:.1} after.\n", options.rounds);
    println!("| server | CPU us: an echo | with a fetch | least to most | the fetch alone | fetches a second | p50 ms |");
    println!("|{}", " --- |".repeat(7));
    for (asker, figures) in askers.iter().zip(&all).filter(|(_, figures)| !figures.fetch.is_empty()) {
        println!("{}", row(asker.name, figures));
    }
    Ok(())
}

/// The servers that can be had here.
fn askers(port: u16, places: &Places) -> Vec<Asker> {
    let rust = Ok((places.guests().join("echo.wasm"), places.root.join(ERRAND)));
    let mut askers = Vec::new();
    for (name, guests) in [("ws-host, a guest in Rust", rust), ("ws-host, a guest in JavaScript", in_javascript(places))] {
        match guests {
            Ok((echo, fetch)) => askers.push(Asker { name, echo: host(echo, port), fetch: host(fetch, port) }),
            Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("{name} is skipped: {why}"),
        }
    }
    for (name, peer) in [("Node", "ws"), ("Bun", "bun")] {
        let peer = PEERS.iter().find(|known| known.name == peer).expect("the peer is in the list");
        match (peer.prepare)(places) {
            Ok(()) => askers.push(Asker { name, echo: native(peer, "/echo", port), fetch: native(peer, "/fetch", port) }),
            Err(Trouble::Failed(why) | Trouble::Missing(why)) => println!("{name} is skipped: {why}"),
        }
    }
    askers
}

/// The guest in Rust that asks.
const ERRAND: &str = "tests/guests/target/wasm32-wasip2/release/errand.wasm";

/// The guests in JavaScript that echo and ask.
fn in_javascript(places: &Places) -> Result<(PathBuf, PathBuf), Trouble> {
    let folder = places.scratch("bench").join("languages");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let [echo, fetch] = ["echo", "fetch"].map(|name| {
        let out = folder.join(format!("{name}-js.wasm"));
        javascript(places, &format!("{name}.js"), &out).map(|()| out)
    });
    Ok((echo?, fetch?))
}

fn host(component: PathBuf, upstream: u16) -> Start {
    Box::new(move |places| {
        let start = |port: u16| {
            let mut host = command(binary(places), &places.root);
            host.arg("run").arg(&component).arg("--port").arg(port.to_string()).args(["--no-page", "-q", "--ping", "1h"]);
            host.args(["--compression", "off", "--allow-http-private", "127.0.0.0/8"]);
            host.args(["--allow-http", &format!("127.0.0.1:{upstream}"), "--env", &format!("UPSTREAM={}", url(upstream))]);
            host
        };
        Ok((Server::of(LOG, start, places)?, "/"))
    })
}

fn native(peer: &'static Peer, path: &'static str, upstream: u16) -> Start {
    Box::new(move |places| {
        let plain: &Workload = WORKLOADS.iter().find(|workload| workload.name == "echo-20-100").expect("it is in the list");
        let start = |port: u16| -> Command {
            let mut server = (peer.command)(places, plain, port);
            server.env("UPSTREAM", url(upstream));
            server
        };
        Ok((Server::of(LOG, start, places)?, path))
    })
}

fn url(upstream: u16) -> String {
    format!("http://127.0.0.1:{upstream}/")
}

fn round_of(asker: &Asker, figures: &mut Figures, seconds: u32, places: &Places) -> Check {
    let report = |start: &Start| {
        let (server, path) = start(places)?;
        let report = server.bench(path, &["--size", "20", "--connections", CLIENTS], seconds)?;
        let figure = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64).context("the report has each figure");
        Ok::<_, Trouble>((figure("/server/cpu_us")?, figure("/messages_per_second")?, figure("/latency_us/p50")? / 1e3))
    };
    let ((echo, ..), (fetch, rate, p50)) = (report(&asker.echo)?, report(&asker.fetch)?);
    figures.echo.push(echo);
    figures.fetch.push(fetch);
    figures.rate.push(rate);
    figures.p50.push(p50);
    Ok(())
}

fn row(name: &str, figures: &Figures) -> String {
    let middle = |values: &[f64]| median(values.to_vec()).unwrap_or(0.0);
    let (least, most) =
        figures.fetch.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), cost| (least.min(*cost), most.max(*cost)));
    let (echo, fetch) = (middle(&figures.echo), middle(&figures.fetch));
    format!(
        "| {name} | {echo:.1} | {fetch:.1} | {least:.1} to {most:.1} | {:.1} | {:.0} | {:.2} |",
        fetch - echo,
        middle(&figures.rate),
        middle(&figures.p50),
    )
}
