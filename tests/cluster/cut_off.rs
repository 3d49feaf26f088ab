//! A node that is cut off from NATS alone, while its clients reach it: a network of its own, and a line that drops all packets.
//!
//! `cargo xtask test cut-off` runs these as root.

use tokio_tungstenite::tungstenite::protocol::Message;

use super::{answer, entries};
use crate::support::Client;
use crate::support::Host;
use crate::support::cluster::node;
use crate::support::namespace::Namespace;
use crate::support::nats::Nats;

/// A node in a network of its own, and another one beside NATS.
struct Split {
    apart: Host,
    beside: Host,
    // Dropped behind the nodes.
    line: Namespace,
    _nats: Nats,
    _sockets: tempfile::TempDir,
}

impl Split {
    fn of(guest: &str) -> Self {
        let line = Namespace::new();
        let nats = Nats::at(line.nats_address(), &["--jetstream"]);
        let sockets = tempfile::tempdir().expect("a temporary folder can be made");
        let start = |inside: bool, name: &str, host: &str| {
            let socket = sockets.path().join(name).to_string_lossy().into_owned();
            let arguments = ["--host", host, "--socket", &socket].map(str::to_owned);
            let command = node(guest, &nats.url(), &arguments);
            Host::start(if inside { line.command(&command) } else { command })
        };
        let apart = start(true, "apart.sock", line.clients_address());
        let beside = start(false, "beside.sock", "127.0.0.1");
        Self { apart, beside, line, _nats: nats, _sockets: sockets }
    }
}

#[tokio::test]
#[ignore = "`cargo xtask test cut-off` runs this as root"]
async fn an_owner_that_is_cut_off_answers_nobody_while_another_node_has_its_room() {
    let mut split = Split::of("keeper");
    let mut apart = Client::connect(&split.apart).await;
    apart.hears().await;
    assert_eq!(apart.asks("add before").await, "1 before");
    let mut beside = Client::connect(&split.beside).await;
    beside.hears().await;
    split.line.is_cut_off();
    apart.says("add too-late").await;
    assert_eq!(beside.asks("add meanwhile").await, "2 meanwhile");
    split.line.is_back();
    loop {
        match apart.frame().await {
            Some(Ok(Message::Text(text))) => panic!("an owner whose time is over has no outputs: {text}"),
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => {}
        }
    }
    split.apart.logs("other nodes have taken this one for dead");
    split.apart.logs("this is node");
    assert_eq!(entries(&mut beside).await, ["before", "meanwhile"]);
    let mut again = Client::connect(&split.apart).await;
    again.hears().await;
    assert_eq!(again.asks("add after").await, "3 after");
}

#[tokio::test]
#[ignore = "`cargo xtask test cut-off` runs this as root"]
async fn an_edge_that_is_cut_off_is_told_of_as_the_end_of_its_clients() {
    let split = Split::of("probe");
    let (mut beside, first) = Client::join(&split.beside).await;
    let (mut apart, second) = Client::join(&split.apart).await;
    assert_eq!(beside.hears().await, format!("joined {second}"));
    split.line.is_cut_off();
    assert!(beside.hears().await.starts_with(&format!("left {second}: ")));
    assert_eq!(answer(&mut beside, "list").await, format!("[{first}] of 1"));
    split.line.is_back();
    apart.is_closed().await;
}
