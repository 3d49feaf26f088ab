//! Counts the syncs of the disk for each event that writes.

use std::fs;

use serde_json::json;

use super::counts::{has_strace, parse_strace, written};
use super::peers::Peer;
use super::record::Record;
use super::server::Server;
use super::workloads::Workload;
use crate::places::Places;
use crate::step::Trouble;

/// Runs a peer under strace, which stops it for syncs alone, and counts them.
pub(super) fn count(workload: &Workload, peer: &Peer, places: &Places, seconds: u32) -> Result<Record, Trouble> {
    has_strace(places)?;
    let summary = places.scratch("bench").join("strace.txt");
    let _ = fs::remove_file(&summary);
    let file = summary.to_string_lossy().into_owned();
    // With -D the peer is our child and strace a grandchild, so a signal reaches the peer.
    let strace = ["strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-c", "-U", "name,calls", "-o", &file];
    let server = Server::start_under(&strace, peer, workload, places)?;
    let report = server.load(workload, None, seconds)?;
    drop(server);
    let table = written(&summary)?;
    let calls = parse_strace(&table);
    let syncs: u64 = ["fdatasync", "fsync"].iter().filter_map(|name| calls.get(name)).sum();
    let events = report["received"].as_u64().filter(|events| *events > 0).ok_or_else(|| Trouble::failed("no answer came"))?;
    let each = json!({ "syncs": syncs as f64 / events as f64, "events": events });
    Ok(Record::Counts { what: format!("syncs, {}, {}", workload.name, peer.name), each })
}
