//! The aims of the host's speed and size, beside the measured figures.

use super::record::Run;
use super::table::median;

/// The host's name among the peers.
const HOST: &str = "ws-host";

/// One aim.
struct Aim {
    what: &'static str,
    /// The workload and the peer that the figure is of.
    of: (&'static str, &'static str),
    against: Against,
    /// The highest value that meets the aim. Rows without an aim are shown to explain the others.
    most: Option<f64>,
}

/// The figure that another is compared with.
enum Against {
    /// CPU per message of another peer, under the same workload.
    Peer(&'static str),
    /// CPU per message of the same peer, under another workload.
    Workload(&'static str),
    /// No other: the figure is the memory of a connection, in bytes.
    Nothing,
}

const fn aim(what: &'static str, workload: &'static str, against: Against, most: f64) -> Aim {
    Aim { what, of: (workload, HOST), against, most: Some(most) }
}

const fn shown(what: &'static str, workload: &'static str, peer: &'static str, against: Against) -> Aim {
    Aim { what, of: (workload, peer), against, most: None }
}

const AIMS: [Aim; 20] = [
    aim("echo of 20 B, 200 clients: of tokio-tungstenite's CPU", "echo-20-200", Against::Peer("tokio-tungstenite"), 1.0),
    aim("the same: of Bun's", "echo-20-200", Against::Peer("bun"), 1.05),
    aim("the same: of workerd's", "echo-20-200", Against::Peer("workerd"), 0.15),
    shown("the same: of the kernel's own cost", "echo-20-200", HOST, Against::Peer("floor-epoll")),
    shown("the kernel's own cost: of Bun's", "echo-20-200", "floor-epoll", Against::Peer("bun")),
    shown("fastwebsockets, native: of Bun's", "echo-20-200", "fastwebsockets", Against::Peer("bun")),
    aim("echo of 20 B, 1,000 clients: of Bun's", "echo-20-1000", Against::Peer("bun"), 1.05),
    aim("echo of 64 KiB, 100 clients: of tokio-tungstenite's", "echo-64k-100", Against::Peer("tokio-tungstenite"), 0.5),
    shown("the kernel's own cost: of tokio-tungstenite's", "echo-64k-100", "floor-epoll", Against::Peer("tokio-tungstenite")),
    aim("20 B from each of 200 to all: of Bun's", "storm-20-200", Against::Peer("bun"), 1.0),
    aim("the same: of ws's", "storm-20-200", Against::Peer("ws"), 0.05),
    aim("the same: of workerd's", "storm-20-200", Against::Peer("workerd"), 0.01),
    aim("an idle connection, bytes", "idle-10000", Against::Nothing, 700.0),
    aim("growth, echo of 20 B: 10,000 connections of 10", "echo-20-10000", Against::Workload("echo-20-10"), 1.1),
    shown("growth of the kernel's own cost", "echo-20-10000", "floor-epoll", Against::Workload("echo-20-10")),
    shown("growth of fastwebsockets", "echo-20-10000", "fastwebsockets", Against::Workload("echo-20-10")),
    shown("growth of Bun", "echo-20-10000", "bun", Against::Workload("echo-20-10")),
    aim("10,000 rooms of one: of 10,000 connections in one", "lone-10000", Against::Workload("echo-20-10000"), 1.15),
    shown("the same: of Bun's, whose rooms are native", "lone-10000", HOST, Against::Peer("bun")),
    shown("the same within Bun", "lone-10000", "bun", Against::Workload("echo-20-10000")),
];

/// The aims as a table in Markdown.
pub(super) fn table(runs: &[Run]) -> String {
    let mut text = "| what | aim: at most | measured | met |\n| --- | --- | --- | --- |\n".to_owned();
    for aim in &AIMS {
        let (most, digits) = (aim.most.map_or(String::new(), |most| most.to_string()), digits(&aim.against));
        let measured = aim.measured(runs);
        let figure = measured.map_or("not measured".to_owned(), |figure| format!("{figure:.digits$}"));
        let met = match (measured, aim.most) {
            (Some(figure), Some(most)) => {
                if figure <= most {
                    "yes"
                } else {
                    "no"
                }
            }
            _ => "",
        };
        text += &format!("| {} | {most} | {figure} | {met} |\n", aim.what);
    }
    text
}

fn digits(against: &Against) -> usize {
    if matches!(against, Against::Nothing) { 0 } else { 3 }
}

impl Aim {
    /// The median of the rounds. Both sides of a ratio come from the same round, so other load on the machine affects both.
    fn measured(&self, runs: &[Run]) -> Option<f64> {
        let (workload, peer) = self.of;
        let own = |path| figures(runs, workload, peer, path);
        match self.against {
            Against::Nothing => median(own("server/memory_per_connection")),
            Against::Peer(other) => median(ratios(own(CPU), figures(runs, workload, other, CPU))),
            // Different workloads run at different times and have no rounds in common.
            Against::Workload(other) => Some(median(own(CPU))? / median(figures(runs, other, peer, CPU))?),
        }
    }
}

const CPU: &str = "server/cpu_us";

fn figures(runs: &[Run], workload: &str, peer: &str, path: &str) -> Vec<f64> {
    runs.iter().filter(|run| run.workload == workload && run.peer == peer).filter_map(|run| run.figure(path)).collect()
}

fn ratios(own: Vec<f64>, other: Vec<f64>) -> Vec<f64> {
    own.into_iter().zip(other).map(|(own, other)| own / other).collect()
}

#[cfg(test)]
mod tests {
    use super::super::peers::PEERS;
    use super::super::workloads::WORKLOADS;
    use super::*;
    use serde_json::json;

    fn run(workload: &str, peer: &str, cpu: f64) -> Run {
        let full = json!({ "server": { "cpu_us": cpu, "memory_per_connection": 1000.0 } });
        Run { workload: workload.to_owned(), peer: peer.to_owned(), load_average: 0.0, full, paced: None, disk: None }
    }

    #[test]
    fn every_aim_is_about_existing_peers_and_workloads() {
        let is_workload = |name| WORKLOADS.iter().any(|workload| workload.name == name);
        let is_peer = |name| PEERS.iter().any(|peer| peer.name == name);
        for aim in &AIMS {
            assert!(is_workload(aim.of.0) && is_peer(aim.of.1), "{}", aim.what);
            match aim.against {
                Against::Peer(other) => assert!(is_peer(other), "{other}"),
                Against::Workload(other) => assert!(is_workload(other), "{other}"),
                Against::Nothing => {}
            }
        }
    }

    #[test]
    fn a_ratio_compares_figures_of_the_same_round() {
        let mut runs = Vec::new();
        for (host, bun) in [(4.0, 10.0), (40.0, 80.0), (8.0, 10.0)] {
            runs.extend([run("echo-20-200", HOST, host), run("echo-20-200", "bun", bun)]);
        }
        runs.push(run("idle-10000", HOST, 0.0));
        let table = table(&runs);
        assert!(table.contains("| the same: of Bun's | 1.05 | 0.500 | yes |"), "{table}");
        assert!(table.contains("| an idle connection, bytes | 700 | 1000 | no |"), "{table}");
        assert!(table.contains("| the same: of workerd's | 0.15 | not measured |  |"), "{table}");
    }
}
