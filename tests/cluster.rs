//! Several nodes that serve the same rooms, each a `ws-host` of its own, on a NATS server that the test starts.
//!
//! `cargo xtask test nats` installs the server once.

mod cut_off;
mod drain;
mod failover;
mod flow;
mod known;
mod mistakes;
mod outage;
mod owners;
mod releases;
mod replicas;
mod restored;
mod rooms;
mod secure;
mod sessions;
mod timers;

use std::time::Duration;

use crate::support::cluster::Cluster;
use crate::support::{Client, command};

/// Longer than a node counts on its lease, and than the others wait before they bury it.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(4);

/// Lets a fault last. It does not wait for an event.
async fn lasts(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

/// The next text that the app did not send about joins and leaves.
async fn news_apart(client: &mut Client) -> String {
    loop {
        let heard = client.hears().await;
        if !heard.starts_with("joined ") && !heard.starts_with("left ") {
            return heard;
        }
    }
}

/// Sends a text to the probe and returns its answer, without notices of joins and leaves.
async fn answer(client: &mut Client, text: &str) -> String {
    client.says(text).await;
    news_apart(client).await
}

/// All entries that the keeper has, in their order.
async fn entries(client: &mut Client) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let part = client.asks(&format!("list {after}")).await;
        let Some(last) = part.lines().last() else { return all };
        after = last.split(' ').next().unwrap_or_default().to_owned();
        all.extend(part.lines().filter_map(|line| line.split_once(' ')).map(|(_, text)| text.to_owned()));
    }
}

/// A room in the list that a node tells. `null` if it is not there.
fn listed(cluster: &Cluster, node: usize, room: &str) -> serde_json::Value {
    let port = cluster.nodes[node].port().to_string();
    let listed = command().args(["rooms", "--json", "--port", &port]).output().expect("ws-host starts");
    let rooms: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).expect("the list is JSON");
    rooms.iter().find(|known| known["name"] == room).cloned().unwrap_or_default()
}
