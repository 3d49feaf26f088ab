//! Renders bench/RESULTS.md and its plots from the measured figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::peers::PEERS;
use super::plot::Plot;
use super::record::{self, Record, Run};
use super::workloads::{Kind, WORKLOADS, Workload};
use super::{aims, cluster, store_page, table, write};
use crate::places::Places;
use crate::step::{Check, Trouble};

/// A plot of the CPU time per message: its file, its labels, and the workloads along its axis.
struct Series {
    file: &'static str,
    title: &'static str,
    x: &'static str,
    points: &'static [(&'static str, f64)],
}

const SERIES: [Series; 3] = [
    Series {
        file: "connections",
        title: "Server CPU for an echo of 20 B",
        x: "connections",
        points: &[
            ("echo-20-10", 10.0),
            ("echo-20-100", 100.0),
            ("echo-20-200", 200.0),
            ("echo-20-1000", 1000.0),
            ("echo-20-10000", 10_000.0),
        ],
    },
    Series {
        file: "size",
        title: "Server CPU for an echo, 100 connections",
        x: "bytes of a message",
        points: &[("echo-20-100", 20.0), ("echo-1k-100", 1024.0), ("echo-16k-100", 16_384.0), ("echo-64k-100", 65_536.0)],
    },
    Series {
        file: "rooms",
        title: "Server CPU for a delivery of 20 B, rooms of 10",
        x: "rooms",
        points: &[("rooms-1", 1.0), ("rooms-10", 10.0), ("rooms-100", 100.0), ("rooms-1000", 1000.0)],
    },
];

/// Writes the page and its plots.
pub(super) fn render(places: &Places) -> Check {
    let records = record::read(&record::file(places))?;
    let runs: Vec<Run> =
        records.iter().filter_map(|record| if let Record::Run(run) = record { Some(run.clone()) } else { None }).collect();
    let machines =
        records.iter().filter_map(|record| if let Record::Machine(machine) = record { Some(machine.in_a_line()) } else { None });
    let machines: String = machines.collect();
    let folder = places.root.join("bench");
    let is_store = |run: &Run| store_page::stores().any(|workload| workload.name == run.workload);
    if runs.iter().any(is_store) {
        let reasons = text(&folder.join("store-reasons.md"))?;
        let page = store_page::page(&records, &runs, &reasons);
        write(&folder.join("STORE.md"), &format!("{}{machines}{page}", store_page::HEAD))?;
        println!("bench/STORE.md is written");
    }
    if runs.iter().any(cluster::page::is_own) {
        cluster::page::write(places)?;
    }
    // A page stays as it is if nothing of it was measured.
    if runs.iter().all(|run| is_store(run) || cluster::page::is_own(run)) {
        return Ok(());
    }
    let mut page = format!("{HEAD}{machines}");
    let reasons = text(&folder.join("reasons.md"))?;
    page += &format!("\n## Aims\n\n{}\n{}\n## Plots\n\n", aims::table(&runs), reasons);
    for series in &SERIES {
        write(&folder.join(format!("plots/{}.svg", series.file)), &plot(series, &runs).svg())?;
        page += &format!("![{}](plots/{}.svg)\n\n", series.title, series.file);
    }
    for workload in WORKLOADS.iter().filter(|workload| !matches!(workload.kind, Kind::Store(_))) {
        page += &section(workload, &runs);
    }
    page += &counts(&records);
    write(&folder.join("RESULTS.md"), &page)?;
    println!("bench/RESULTS.md and bench/plots are written");
    Ok(())
}

fn text(file: &Path) -> Result<String, Trouble> {
    Ok(fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?)
}

const HEAD: &str = "\
# Results

This page is made by `cargo xtask bench --render`: do not edit it. [README.md](README.md) explains how the figures are measured and read.
A load average well above 1 means that others used the machine. Then compare the CPU times, not the times on the clock.

";

fn section(workload: &Workload, runs: &[Run]) -> String {
    let rows = table::rows(workload, runs);
    if rows.is_empty() {
        return format!("## {}\n\n{}: not measured.\n\n", workload.name, sentence(workload.what));
    }
    let rounds = rows.iter().map(|row| row.rounds).max().unwrap_or(0);
    let load = rows.iter().map(|row| row.load_average).fold(0.0, f64::max);
    let rate = workload.rate.map_or(String::new(), |rate| format!(" The fixed rate is {rate} messages a second."));
    format!(
        "## {}\n\n{}. Medians of {rounds} rounds; load average up to {load:.1}.{rate}\n\n{}\n\n",
        workload.name,
        sentence(workload.what),
        table::of(workload, runs)
    )
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn plot<'a>(series: &'a Series, runs: &[Run]) -> Plot<'a> {
    let cost = |peer: &str, name: &str| {
        let workload = WORKLOADS.iter().find(|workload| workload.name == name)?;
        Some(table::rows(workload, runs).into_iter().find(|row| row.peer == peer)?.cpu)
    };
    let line = |peer: &str| series.points.iter().filter_map(|(name, x)| Some((*x, cost(peer, name)?))).collect();
    let lines = PEERS.iter().map(|peer| (peer.name, line(peer.name))).collect();
    Plot { title: series.title, x: series.x, y: "microseconds", lines }
}

fn counts(records: &[Record]) -> String {
    let mut text =
        "## Counts\n\nThese do not depend on what else the machine does.\n\n| run | for each message |\n| --- | --- |\n"
            .to_owned();
    // The last count of a run replaces earlier ones.
    let counted =
        records.iter().filter_map(|record| if let Record::Counts { what, each } = record { Some((what, each)) } else { None });
    for (what, each) in counted.collect::<BTreeMap<_, _>>() {
        let each: Vec<_> = each.as_object().into_iter().flatten().map(|(name, count)| format!("{name} {count}")).collect();
        text += &format!("| {what} | {} |\n", each.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_of_a_plot_is_a_workload() {
        for (name, _) in SERIES.iter().flat_map(|series| series.points) {
            assert!(WORKLOADS.iter().any(|workload| workload.name == *name), "{name}");
        }
    }
}
