//! Measured figures, as lines of JSON.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::machine::Machine;
use crate::places::Places;
use crate::step::{Check, Trouble};

/// One line.
#[derive(Debug)]
pub(super) enum Record {
    /// The machine that the following lines were measured on.
    Machine(Machine),
    /// A workload against a peer.
    Run(Run),
    /// A description, and counts per message.
    Counts { what: String, each: Value },
}

/// A workload against a peer, once.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) workload: String,
    pub(super) peer: String,
    /// The machine's load average when it began.
    pub(super) load_average: f64,
    /// The report of `ws-host bench` at full speed.
    pub(super) full: Value,
    /// The report at the workload's rate.
    pub(super) paced: Option<Value>,
    /// For a store: the disk's own syncs just before and after, in microseconds: `p50`, `p99` and their number.
    pub(super) disk: Option<Value>,
}

impl Run {
    /// The figure at a path such as `server/cpu_us`.
    pub(super) fn figure(&self, path: &str) -> Option<f64> {
        self.full.pointer(&format!("/{path}"))?.as_f64()
    }

    /// The same at the fixed rate, if anything came.
    pub(super) fn paced_figure(&self, path: &str) -> Option<f64> {
        self.paced.as_ref().filter(|paced| paced["messages"] != 0)?.pointer(&format!("/{path}"))?.as_f64()
    }

    /// The same of the disk's own syncs.
    pub(super) fn disk_figure(&self, name: &str) -> Option<f64> {
        self.disk.as_ref()?[name].as_f64()
    }

    /// The progress line for the terminal.
    pub(super) fn in_a_line(&self) -> String {
        let of = |path| self.figure(path).unwrap_or(0.0);
        format!(
            "{:<18} {:>9.0}/s {:>8.2} us CPU, {:>6.2} us here, load {:.1}{}",
            self.peer,
            of("messages_per_second"),
            of("server/cpu_us"),
            of("client_cpu_us"),
            self.load_average,
            self.trouble()
        )
    }

    /// A note on missing messages and failed connections, which make the figures doubtful.
    fn trouble(&self) -> String {
        let of = |path| self.figure(path).unwrap_or(0.0);
        let missing = of("expected") - of("received");
        let ended = of("connections/failed") + of("connections/lost");
        if missing + ended > 0.0 { format!("  ({missing} missing, {ended} connections failed or lost)") } else { String::new() }
    }
}

impl Record {
    fn to_json(&self) -> Value {
        match self {
            Self::Machine(Machine(machine)) => json!({ "machine": machine }),
            Self::Run(run) => json!({ "run": {
                "workload": run.workload, "peer": run.peer, "load_average": run.load_average, "full": run.full, "paced": run.paced,
                "disk": run.disk,
            } }),
            Self::Counts { what, each } => json!({ "counts": { "what": what, "each": each } }),
        }
    }

    fn from_json(line: &Value) -> Option<Self> {
        if let Some(machine) = line.get("machine") {
            return Some(Self::Machine(Machine(machine.clone())));
        }
        if let Some(counts) = line.get("counts") {
            return Some(Self::Counts { what: counts["what"].as_str()?.to_owned(), each: counts["each"].clone() });
        }
        let run = line.get("run")?;
        let text = |name: &str| run[name].as_str().map(str::to_owned);
        let part = |name: &str| Some(run[name].clone()).filter(|part| !part.is_null());
        Some(Self::Run(Run {
            workload: text("workload")?,
            peer: text("peer")?,
            load_average: run["load_average"].as_f64()?,
            full: run["full"].clone(),
            paced: part("paced"),
            disk: part("disk"),
        }))
    }
}

/// All lines.
#[derive(Debug)]
pub(super) struct Records {
    file: PathBuf,
    runs: Vec<Run>,
}

impl Records {
    /// Begins a new file, or continues the old one.
    pub(super) fn open(places: &Places, add: bool) -> Result<Self, Trouble> {
        let file = file(places);
        let before = if add { read(&file)? } else { Vec::new() };
        if !add {
            super::write(&file, "")?;
        }
        let runs = before.into_iter().filter_map(|record| if let Record::Run(run) = record { Some(run) } else { None });
        Ok(Self { file, runs: runs.collect() })
    }

    /// Adds a line to the file.
    pub(super) fn add(&mut self, record: &Record) -> Check {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.file).context("opening the results")?;
        writeln!(file, "{}", record.to_json()).context("writing the results")?;
        if let Record::Run(run) = record {
            self.runs.push(run.clone());
        }
        Ok(())
    }

    /// All runs.
    pub(super) fn all(&self) -> &[Run] {
        &self.runs
    }

    /// Their file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

/// The file of the lines.
pub(super) fn file(places: &Places) -> PathBuf {
    places.scratch("bench").join("results.jsonl")
}

/// The lines of a file.
pub(super) fn read(file: &Path) -> Result<Vec<Record>, Trouble> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}: run `cargo xtask bench` first", file.display()))?;
    Ok(text.lines().filter_map(|line| Record::from_json(&serde_json::from_str(line).ok()?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let full = json!({ "messages_per_second": 100.0, "server": { "cpu_us": 7.5 } });
        let run = Run { workload: "echo".into(), peer: "ws".into(), load_average: 1.5, full, paced: None, disk: None };
        let line = Record::Run(run).to_json();
        let Some(Record::Run(run)) = Record::from_json(&line) else { panic!("it is a run: {line}") };
        assert_eq!((run.figure("server/cpu_us"), run.paced_figure("server/cpu_us")), (Some(7.5), None));
        assert_eq!((run.workload.as_str(), run.peer.as_str(), run.load_average), ("echo", "ws", 1.5));
    }
}
