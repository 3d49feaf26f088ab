//! The load generator, checked against one of another project.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::peers::PEERS;
use super::record::Record;
use super::server::{Server, pinned_load};
use super::workloads::{WORKLOADS, Workload};
use crate::command::{command, output};
use crate::places::Places;
use crate::step::Trouble;
use crate::toolbox::node_packages;

/// The workload of both, as fast as answers come. Node cannot keep a fixed rate.
const WORKLOAD: &str = "echo-20-100";

/// The host's CPU time per message under Node's `ws` and under `ws-host bench`. With one connection both send in the same
/// rhythm. With more, the faster client sends more at a time, which costs the server less.
pub(super) fn compare(places: &Places, connections: u32, seconds: u32) -> Result<Record, Trouble> {
    let folder = places.root.join("bench/peers/ws");
    node_packages(&folder)?;
    let workload = WORKLOADS.iter().find(|workload| workload.name == WORKLOAD).expect("the workload is in the list");
    let workload = Workload { connections, ..*workload };
    let server = Server::start(&PEERS[0], &workload, places)?;
    let mut node = command("node", &folder);
    node.arg("load.mjs").arg(server.url(&workload)).arg(server.pid().to_string()).arg(connections.to_string());
    node.args(["20", &seconds.to_string()]);
    let foreign: Value = serde_json::from_str(&output(&mut pinned_load(node))?).context("reading what Node's client says")?;
    let own = server.load(&workload, None, seconds)?;
    let figure = |value: &Value, path: &str| (value.pointer(path).and_then(Value::as_f64).unwrap_or(0.0) * 100.0).round() / 100.0;
    Ok(Record::Counts {
        what: format!("echo of 20 B, connections: {connections}; CPU time in us under Node's ws and under ws-host bench"),
        each: json!({
            "server under Node's ws:": figure(&foreign, "/server_us"),
            "server under ws-host bench:": figure(&own, "/server/cpu_us"),
            "Node's ws itself:": figure(&foreign, "/own_us"),
            "ws-host bench itself:": figure(&own, "/client_cpu_us"),
        }),
    })
}
