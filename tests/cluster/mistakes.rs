//! A node that cannot join its cluster says why, in one line, and does not serve.

use std::net::TcpListener;

use crate::support::cluster::node;
use crate::support::nats::Nats;
use crate::support::{fails, fails_with_log, guest};

/// The one line of a node that cannot join.
pub fn complaint(nats: &str, arguments: &[&str]) -> String {
    let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let (line, _) = fails_with_log(&mut node("echo", nats, &arguments));
    line
}

/// The line has these words.
pub fn says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is missing in: {line}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let place = free.local_addr().expect("it has an address").to_string();
    drop(free);
    says(&complaint(&format!("nats://{place}"), &[]), &[&place, "cannot be reached", "check that it runs", "--cluster"]);
}

#[test]
fn a_server_without_jetstream_is_refused() {
    let nats = Nats::with(&[]);
    says(&complaint(&nats.url(), &[]), &["NATS runs without JetStream", "-js", "--cluster"]);
}

#[test]
fn a_server_that_asks_who_is_there_is_told_or_the_line_says_so() {
    let nats = Nats::with(&["--jetstream", "--user", "node", "--pass", "secret"]);
    says(&complaint(&nats.url(), &[]), &["refuses this node", "check the credentials", "--cluster"]);
    let wrong = complaint(&nats.url().replace("nats://", "nats://node:guess@"), &[]);
    says(&wrong, &["refuses this node"]);
    assert!(!wrong.contains("guess"), "a password is not shown: {wrong}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let nats = Nats::start();
    for flag in ["--cluster-credentials", "--cluster-ca"] {
        says(&complaint(&nats.url(), &[flag, "missing.file"]), &["missing.file", "No such file", "check the file"]);
    }
    let pair = ["--cluster-cert", "missing.pem", "--cluster-key", "missing.key"];
    says(&complaint(&nats.url(), &pair), &["missing.", "No such file"]);
}

#[test]
fn more_copies_than_servers_are_refused() {
    let nats = Nats::start();
    says(&complaint(&nats.url(), &["--cluster-replicas", "3"]), &["with 3 replicas", "it needs as many servers", "--cluster"]);
}

#[test]
fn settings_that_do_not_go_with_a_cluster_are_refused_before_it_is_tried() {
    let file = guest("echo");
    let file = file.to_string_lossy();
    let run = |arguments: &[&str]| fails(&[&["run", &file, "--cluster", "nats://nowhere.invalid"], arguments].concat());
    says(&run(&["--data", "d"]), &["--data has no effect here", "the stores are in NATS"]);
    says(&run(&["--takeover"]), &["--takeover has no effect here", "Start it beside the running one"]);
    says(&run(&["--store-sync", "normal"]), &["--store-sync has no effect here"]);
}
