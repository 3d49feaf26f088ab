//! The page of the figures of clusters: bench/CLUSTER.md.

use super::works::{Column, WORKS, Work};
use crate::bench::machine::Machine;
use crate::bench::record::{self, Record, Run};
use crate::bench::table::median;
use crate::places::Places;
use crate::step::Check;

const HEAD: &str = "\
# Results of clusters

This page is made by `cargo xtask bench --cluster`: do not edit it. [README.md](README.md#clusters) explains how the figures are measured and read.
A load average well above 2 means that others used the machine. Then compare the CPU times, not the times on the clock.

";

/// Writes the page from the records of all runs.
pub(in crate::bench) fn write(places: &Places) -> Check {
    let records = record::read(&record::file(places))?;
    let mut page = HEAD.to_owned();
    let mut runs = Vec::new();
    let mut machine = None;
    for record in &records {
        match record {
            Record::Machine(now) => machine = Some(now),
            Record::Run(run) if is_own(run) => {
                page += &machine.take().map_or(String::new(), Machine::in_a_line);
                runs.push(run.clone());
            }
            _ => {}
        }
    }
    page += "\n";
    for work in &WORKS {
        page += &section(work, &runs);
    }
    crate::bench::write(&places.root.join("bench/CLUSTER.md"), &page)?;
    println!("bench/CLUSTER.md is written");
    Ok(())
}

/// Whether a run is one of a cluster's workloads.
pub(in crate::bench) fn is_own(run: &Run) -> bool {
    WORKS.iter().any(|work| work.name == run.workload)
}

fn section(work: &Work, runs: &[Run]) -> String {
    let own: Vec<_> = runs.iter().filter(|run| run.workload == work.name).collect();
    if own.is_empty() {
        return format!("## {}\n\n{}: not measured.\n\n", work.name, work.what);
    }
    let rounds = own.iter().filter(|run| run.peer == own[0].peer).count();
    let loads = own.iter().map(|run| run.load_average);
    let (least, most) = (loads.clone().fold(f64::INFINITY, f64::min), loads.fold(0.0, f64::max));
    let about = format!("Medians of {rounds} rounds, with the least and the most; load average {least:.1} to {most:.1}.");
    format!("## {}\n\n{}. {about}\n\n{}\n\n", work.name, work.what, table(work, runs))
}

/// The table of a workload, as Markdown.
pub(super) fn table(work: &Work, runs: &[Run]) -> String {
    let heads: Vec<_> = work.columns.iter().map(|(_, head, _)| *head).collect();
    let mut table = format!("| system | {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len() + 1));
    for name in work.systems.iter().map(|system| system.name()) {
        let own: Vec<_> = runs.iter().filter(|run| run.workload == work.name && run.peer == name).collect();
        if !own.is_empty() {
            let cells: Vec<_> = work.columns.iter().map(|column| cell(column, &own)).collect();
            table += &format!("\n| {name} | {} |", cells.join(" | "));
        }
    }
    table
}

/// The median of a figure, with its least and its most; nothing where the system has no such figure.
fn cell((name, _, decimals): &Column, runs: &[&Run]) -> String {
    let figures: Vec<f64> = runs.iter().filter_map(|run| run.figure(name)).collect();
    let (least, most) =
        figures.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), figure| (least.min(*figure), most.max(*figure)));
    match median(figures) {
        None => String::new(),
        Some(0.0) if most == 0.0 => String::new(),
        Some(figure) if runs.len() == 1 => format!("{figure:.decimals$}"),
        Some(figure) => format!("{figure:.decimals$} ({least:.decimals$} to {most:.decimals$})"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(peer: &str, nodes_us: f64) -> Run {
        let full = json!({ "nodes_us": nodes_us, "broker_us": 0.0 });
        Run { workload: WORKS[0].name.to_owned(), peer: peer.to_owned(), load_average: 0.0, full, paced: None, disk: None }
    }

    #[test]
    fn a_row_has_medians_and_leaves_out_what_the_system_has_not() {
        let name = WORKS[0].systems[0].name();
        let table = table(&WORKS[0], &[run(&name, 30.0), run(&name, 10.0), run(&name, 20.0)]);
        assert!(table.contains(&format!("| {name} | 20.0 (10.0 to 30.0) |  |  |")), "{table}");
    }
}
