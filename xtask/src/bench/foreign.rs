//! The load generator, checked against one that others wrote.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::peers::PEERS;
use super::record::Record;
use super::server::{Server, pinned_load};
use super::workloads::WORKLOADS;
use crate::command::{command, output};
use crate::places::Places;
use crate::step::Trouble;
use crate::toolbox::node_packages;

/// What both are to do.
const WORKLOAD: &str = "echo-20-100";

/// The host's CPU time for a message under Node's `ws`, and under `ws-host bench` at the rate that Node reached.
pub(super) fn compare(places: &Places, seconds: u32) -> Result<Record, Trouble> {
    let folder = places.root.join("bench/peers/ws");
    node_packages(&folder)?;
    let workload = WORKLOADS.iter().find(|workload| workload.name == WORKLOAD).expect("the workload is in the list");
    let server = Server::start(&PEERS[0], workload, places)?;
    let mut node = command("node", &folder);
    node.arg("load.mjs").arg(server.url(workload)).arg(server.pid().to_string()).arg(workload.connections.to_string());
    node.args(["20", &seconds.to_string()]);
    let foreign: Value = serde_json::from_str(&output(&mut pinned_load(node))?).context("reading what Node's client says")?;
    let figure = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_f64).unwrap_or(0.0);
    let rate = figure(&foreign, "/per_second");
    let own = server.load(workload, Some(rate as u32), seconds)?;
    println!("the load generator beside a foreign one: {foreign}, {}", own["server"]);
    let two = |figure: f64| (figure * 100.0).round() / 100.0;
    Ok(Record::Counts {
        what: format!("{WORKLOAD} at {rate:.0} a second, microseconds of CPU"),
        each: json!({
            "server under Node's ws:": two(figure(&foreign, "/server_us")),
            "server under ws-host bench:": two(figure(&own, "/server/cpu_us")),
            "Node's ws itself:": two(figure(&foreign, "/own_us")),
            "ws-host bench itself:": two(figure(&own, "/client_cpu_us")),
        }),
    })
}
