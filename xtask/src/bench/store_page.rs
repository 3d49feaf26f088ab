//! The page of the figures of stores: bench/STORE.md.

use super::record::{Record, Run};
use super::store::KEEPERS;
use super::table::median;
use super::workloads::{Kind, WORKLOADS, Workload};

/// The first lines of the page.
pub(super) const HEAD: &str = "\
# Results of stores

This page is made by `cargo xtask bench --render`: do not edit it. [README.md](README.md#stores) explains how the figures are measured and read.
Beside each run stands the disk's own sync, measured just before and after it: other users of the machine slow both.

";
/// The workload of the aims.
const AIMED: &str = "store-full-1";
const HEADS: [&str; 13] = [
    "server",
    "events a second",
    "ratio",
    "CPU us an event",
    "least to most",
    "p50 ms",
    "p99 ms",
    "at the rate: CPU us",
    "p50 ms",
    "p99 ms",
    "the disk's sync: p50, p99 ms",
    "in a growing file",
    "trouble",
];

/// The aims with the reasons why some are not met, and a section for each workload that was measured.
pub(super) fn page(records: &[Record], runs: &[Run], reasons: &str) -> String {
    let mut page = format!("\n## Aims\n\n{}\n{reasons}\n", aims(runs));
    for workload in stores() {
        let own: Vec<_> = runs.iter().filter(|run| run.workload == workload.name).collect();
        let rounds = KEEPERS.map(|peer| own.iter().filter(|run| run.peer == peer).count()).into_iter().max().unwrap_or(0);
        if rounds > 0 {
            let loads = own.iter().map(|run| run.load_average);
            let (least, most) = (loads.clone().fold(f64::INFINITY, f64::min), loads.fold(0.0, f64::max));
            let rate = workload.rate.map_or(String::new(), |rate| format!(" The rate is {rate} events a second."));
            page += &format!("## {}\n\n{}. Medians of {rounds} rounds; ", workload.name, workload.what);
            page += &format!("load average {least:.1} to {most:.1}.{rate}\n\n{}\n\n", of(workload, runs));
        }
    }
    page + &syncs(records)
}

/// The workloads with a store.
pub(super) fn stores() -> impl Iterator<Item = &'static Workload> {
    WORKLOADS.iter().filter(|workload| matches!(workload.kind, Kind::Store(_)))
}

/// The table of a workload, as Markdown.
pub(super) fn of(workload: &Workload, runs: &[Run]) -> String {
    let mut table = format!("| {} |\n|{}", HEADS.join(" | "), " --- |".repeat(HEADS.len()));
    for peer in KEEPERS {
        if runs.iter().any(|run| run.workload == workload.name && run.peer == peer) {
            table += &format!("\n| {} |", cells(workload.name, peer, runs).join(" | "));
        }
    }
    table
}

fn cells(workload: &str, peer: &str, runs: &[Run]) -> Vec<String> {
    let own = || runs.iter().filter(|run| run.workload == workload && run.peer == peer);
    let all = |path: &str| -> Vec<f64> { own().filter_map(|run| run.figure(path)).collect() };
    let figure = |path: &str| median(all(path)).unwrap_or(0.0);
    let paced = |path: &str, scale: f64| {
        let figure = median(own().filter_map(|run| run.paced_figure(path)).collect());
        figure.map_or(String::new(), |figure| format!("{:.2}", figure / scale))
    };
    let disk = |name: &str| median(own().filter_map(|run| run.disk_figure(name)).collect()).unwrap_or(0.0) / 1e3;
    let (cpu, sum) = (all("server/cpu_us"), |path: &str| all(path).iter().sum::<f64>());
    let trouble = sum("expected") - sum("received") + sum("connections/failed") + sum("connections/lost");
    vec![
        peer.to_owned(),
        format!("{:.0}", figure("messages_per_second")),
        events_ratio(workload, peer, runs).map_or(String::new(), |ratio| format!("{ratio:.2}")),
        format!("{:.2}", figure("server/cpu_us")),
        format!("{:.2} to {:.2}", cpu.iter().copied().fold(f64::INFINITY, f64::min), cpu.iter().copied().fold(0.0, f64::max)),
        format!("{:.2}", figure("latency_us/p50") / 1e3),
        format!("{:.2}", figure("latency_us/p99") / 1e3),
        paced("server/cpu_us", 1.0),
        paced("latency_us/p50", 1e3),
        paced("latency_us/p99", 1e3),
        format!("{:.2}, {:.2}", disk("p50"), disk("p99")),
        format!("{:.2}, {:.2}", disk("longer_p50"), disk("longer_p99")),
        format!("{trouble:.0}"),
    ]
}

/// The events a second of a peer, of those of one transaction for each message: the median of the rounds.
fn events_ratio(workload: &str, peer: &str, runs: &[Run]) -> Option<f64> {
    let figures = |peer: &str| -> Vec<f64> {
        let own = runs.iter().filter(|run| run.workload == workload && run.peer == peer);
        own.filter_map(|run| run.figure("messages_per_second")).collect()
    };
    median(figures(peer).into_iter().zip(figures(KEEPERS[1])).map(|(own, native)| own / native).collect())
}

/// The aims of the store as a table in Markdown.
fn aims(runs: &[Run]) -> String {
    let own = || runs.iter().filter(|run| run.workload == AIMED && run.peer == KEEPERS[0]);
    let against_disk = |name: &'static str| {
        let ratios = own().filter_map(|run| Some(run.figure("latency_us/p99")? / run.disk_figure(name)?));
        median(ratios.collect())
    };
    let row = |what: &str, aim: Option<(&str, f64)>, measured: Option<f64>| {
        let figure = measured.map_or("not measured".to_owned(), |figure| format!("{figure:.1}"));
        let met = match (measured, aim) {
            (Some(figure), Some(("at least", least))) if figure >= least => "yes",
            (Some(figure), Some(("at most", most))) if figure <= most => "yes",
            (Some(_), Some(_)) => "no",
            _ => "",
        };
        let aim = aim.map_or(String::new(), |(side, bound)| format!("{side} {bound}"));
        format!("| {what} | {aim} | {figure} | {met} |\n")
    };
    let events = "200 clients, 1,000 keys, synced: events a second, of one transaction for each message";
    [
        "| what | aim | measured | met |\n| --- | --- | --- | --- |\n".to_owned(),
        row(events, Some(("at least", 10.0)), events_ratio(AIMED, KEEPERS[0], runs)),
        row("p99 of these events, of the median of the disk's own sync", Some(("at most", 10.0)), against_disk("p50")),
        row("the same, of the p99 of the disk's own sync", None, against_disk("p99")),
    ]
    .concat()
}

/// The counts of syncs.
fn syncs(records: &[Record]) -> String {
    let mut text =
        "## Syncs\n\nCounted by strace, at full speed.\n\n| run | syncs an event | events a sync |\n| --- | --- | --- |\n"
            .to_owned();
    for record in records {
        if let Record::Counts { what, each } = record
            && let (Some(run), Some(syncs)) = (what.strip_prefix("syncs, "), each["syncs"].as_f64())
        {
            text += &format!("| {run} | {syncs:.4} | {:.1} |\n", syncs.recip());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(peer: &str, events: f64, p99_us: f64) -> Run {
        let full = json!({ "messages_per_second": events, "latency_us": { "p99": p99_us } });
        let disk = Some(json!({ "p50": 2000.0, "p99": 5000.0 }));
        Run { workload: AIMED.to_owned(), peer: peer.to_owned(), load_average: 0.0, full, paced: None, disk }
    }

    #[test]
    fn the_aims_compare_runs_of_one_round_and_the_disk_beside_them() {
        let [host, native] = KEEPERS;
        let runs = [run(host, 9000.0, 10_000.0), run(native, 1000.0, 0.0), run(host, 4000.0, 22_000.0), run(native, 200.0, 0.0)];
        let aims = aims(&runs);
        assert!(aims.contains("for each message | at least 10 | 14.5 | yes |"), "{aims}");
        assert!(aims.contains("the median of the disk's own sync | at most 10 | 8.0 | yes |"), "{aims}");
        assert!(aims.contains("the p99 of the disk's own sync |  | 3.2 |  |"), "{aims}");
    }

    #[test]
    fn the_aimed_workload_exists() {
        assert!(stores().any(|workload| workload.name == AIMED));
    }
}
