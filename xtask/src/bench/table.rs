//! Tables of the medians of runs.

use super::peers::{PEERS, REFERENCE};
use super::record::Run;
use super::workloads::{Kind, Workload};

/// The figures of one peer under one workload: medians of its rounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) peer: &'static str,
    pub(super) rounds: usize,
    pub(super) per_second: f64,
    /// CPU time of the server per message, in microseconds.
    pub(super) cpu: f64,
    /// The least and the most of all rounds.
    pub(super) cpu_range: (f64, f64),
    /// CPU time of the load generator per message.
    pub(super) load_cpu: f64,
    /// CPU time of the server per message at the fixed rate, and the latencies p50, p99 and p99.9, in microseconds.
    pub(super) paced: Option<[f64; 4]>,
    /// Memory at the end, in MiB.
    pub(super) memory: f64,
    /// Memory of a connection, in bytes.
    pub(super) per_connection: f64,
    pub(super) load_average: f64,
    /// Missing messages, and connections that failed or were lost, summed over all rounds.
    pub(super) trouble: f64,
}

/// A row for each peer that ran a workload, in the peers' order.
pub(super) fn rows(workload: &Workload, runs: &[Run]) -> Vec<Row> {
    PEERS
        .iter()
        .filter_map(|peer| row(peer.name, runs.iter().filter(|run| run.workload == workload.name && run.peer == peer.name)))
        .collect()
}

fn row<'a>(peer: &'static str, runs: impl Iterator<Item = &'a Run>) -> Option<Row> {
    let runs: Vec<_> = runs.collect();
    let all = |path: &str| -> Vec<f64> { runs.iter().filter_map(|run| run.figure(path)).collect() };
    let figure = |path: &str| median(all(path)).unwrap_or(0.0);
    let paced = |path: &str| median(runs.iter().filter_map(|run| run.paced_figure(path)).collect());
    let sum = |path: &str| all(path).iter().sum::<f64>();
    let cpu = all("server/cpu_us");
    (!runs.is_empty()).then(|| Row {
        peer,
        rounds: runs.len(),
        per_second: figure("messages_per_second"),
        cpu: figure("server/cpu_us"),
        cpu_range: (cpu.iter().copied().fold(f64::INFINITY, f64::min), cpu.iter().copied().fold(0.0, f64::max)),
        load_cpu: figure("client_cpu_us"),
        paced: paced("server/cpu_us")
            .and_then(|cpu| Some([cpu, paced("latency_us/p50")?, paced("latency_us/p99")?, paced("latency_us/p99_9")?])),
        memory: figure("server/memory_after") / f64::from(1 << 20),
        per_connection: figure("server/memory_per_connection"),
        load_average: median(runs.iter().map(|run| run.load_average).collect()).unwrap_or(0.0),
        trouble: sum("expected") - sum("received") + sum("connections/failed") + sum("connections/lost"),
    })
}

/// The table of a workload, as Markdown, for RESULTS.md and the terminal.
pub(super) fn of(workload: &Workload, runs: &[Run]) -> String {
    let rows = rows(workload, runs);
    let reference = rows.iter().find(|row| row.peer == REFERENCE).cloned();
    let silent = workload.kind == Kind::Silence;
    let mut lines = vec![if silent { heads(&SILENT) } else { heads(&LOADED) }];
    for row in &rows {
        let cells = if silent { silent_cells(row, reference.as_ref()) } else { cells(row, reference.as_ref()) };
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

const SILENT: [&str; 5] = ["server", "bytes a connection", "ratio", "RSS MiB", "trouble"];
const LOADED: [&str; 12] = [
    "server",
    "a second",
    "CPU us a message",
    "least to most",
    "ratio",
    "at the rate: CPU us",
    "p50 us",
    "p99 us",
    "p99.9 us",
    "RSS MiB",
    "load's CPU us",
    "trouble",
];

fn heads(names: &[&str]) -> String {
    format!("| {} |\n|{}", names.join(" | "), " --- |".repeat(names.len()))
}

fn silent_cells(row: &Row, reference: Option<&Row>) -> Vec<String> {
    let ratio = ratio(row.per_connection, reference.map(|row| row.per_connection));
    vec![
        row.peer.to_owned(),
        format!("{:.0}", row.per_connection),
        ratio,
        format!("{:.1}", row.memory),
        format!("{:.0}", row.trouble),
    ]
}

fn cells(row: &Row, reference: Option<&Row>) -> Vec<String> {
    let paced = row.paced.map_or([const { String::new() }; 4], |[cpu, p50, p99, p99_9]| {
        [format!("{cpu:.2}"), format!("{p50:.0}"), format!("{p99:.0}"), format!("{p99_9:.0}")]
    });
    let [paced_cpu, p50, p99, p99_9] = paced;
    vec![
        row.peer.to_owned(),
        format!("{:.0}", row.per_second),
        format!("{:.2}", row.cpu),
        format!("{:.2} to {:.2}", row.cpu_range.0, row.cpu_range.1),
        ratio(row.cpu, reference.map(|row| row.cpu)),
        paced_cpu,
        p50,
        p99,
        p99_9,
        format!("{:.1}", row.memory),
        format!("{:.2}", row.load_cpu),
        format!("{:.0}", row.trouble),
    ]
}

fn ratio(figure: f64, reference: Option<f64>) -> String {
    reference.filter(|reference| *reference > 0.0).map_or(String::new(), |reference| format!("{:.2}", figure / reference))
}

/// The median. For an even number of figures, the mean of the two in the middle.
pub(super) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let half = figures.len() / 2;
    match figures.len() {
        0 => None,
        len if len % 2 == 1 => Some(figures[half]),
        _ => Some((figures[half - 1] + figures[half]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::workloads::WORKLOADS;
    use super::*;
    use serde_json::json;

    fn run(peer: &str, cpu: f64) -> Run {
        let full = json!({
            "messages_per_second": 1e6 / cpu, "expected": 10, "received": 9, "client_cpu_us": 2.0,
            "server": { "cpu_us": cpu, "memory_after": 1 << 20 }
        });
        Run { workload: WORKLOADS[0].name.to_owned(), peer: peer.to_owned(), load_average: 0.0, full, paced: None, disk: None }
    }

    #[test]
    fn medians_of_rounds_stand_beside_the_reference() {
        let runs = [run("ws", 30.0), run("ws", 10.0), run("ws", 20.0), run(REFERENCE, 10.0)];
        let table = of(&WORKLOADS[0], &runs);
        assert!(table.contains("| ws | 50000 | 20.00 | 10.00 to 30.00 | 2.00 |"), "{table}");
        assert!(table.lines().nth(3).is_some_and(|line| line.ends_with("| 1.0 | 2.00 | 3 |")), "{table}");
    }

    #[test]
    fn the_median_of_two_is_between_them() {
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }
}
