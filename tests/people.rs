//! `ws-host rooms`, `clients`, `send` and `kick`: the rooms and clients of a running server.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Client, Swappable, command};

/// The output of a command that succeeds.
fn told(server: &Swappable, arguments: &[&str]) -> String {
    let output = server.ask(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same as JSON.
fn told_json(server: &Swappable, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    serde_json::from_str(&told(server, &arguments)).expect("it is JSON")
}

/// The one line of a command that is refused.
fn refused(server: &Swappable, arguments: &[&str]) -> String {
    let output = server.ask(arguments);
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{arguments:?}: {line}");
    line
}

async fn enters(server: &Swappable, room: &str) -> Client {
    let mut client = Client::connect_to(&server.host, room).await;
    while !client.hears().await.starts_with("joined") {}
    client
}

#[tokio::test]
async fn rooms_and_clients_are_shown_in_words_and_as_json() {
    let server = Swappable::run("probe", &["--instances", "per-room", "--shards", "2"]);
    let _clients = (enters(&server, "/blue").await, enters(&server, "/blue").await, enters(&server, "/red").await);
    let rooms = told(&server, &["rooms"]);
    let rows: Vec<Vec<_>> = rooms.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["ROOM", "STATE", "CLIENTS", "SHARD", "WAITING"]);
    assert_eq!((&rows[1][..3], &rows[2][..3]), (&["/blue", "open", "2"][..], &["/red", "open", "1"][..]));
    assert_eq!(rows[3], ["2", "rooms"]);
    assert_eq!(told_json(&server, &["rooms", "--prefix", "/b"])[0]["name"], "/blue");
    assert_eq!(told_json(&server, &["rooms", "/red"])["clients"], 1);
    let ids = |clients: Value| clients.as_array().expect("a list").iter().map(|client| client["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(told_json(&server, &["clients"])), [1, 2, 3]);
    assert_eq!(ids(told_json(&server, &["clients", "--room", "/blue"])), [1, 2]);
    assert!(ids(told_json(&server, &["clients", "--user", "ann"])).is_empty());
    assert_eq!(told_json(&server, &["clients", "3"])["room"], "/red");
    assert!(told(&server, &["clients", "3"]).contains("topics       none"), "{rooms}");
    assert!(refused(&server, &["rooms", "/green"]).contains("no room is named \"/green\""));
    assert!(refused(&server, &["clients", "9"]).contains("no client has the id 9"));
}

#[tokio::test]
async fn messages_and_events_are_sent_and_clients_are_disconnected() {
    let server = Swappable::run("probe", &["--instances", "per-room"]);
    let (mut blue, mut red) = (enters(&server, "/blue").await, enters(&server, "/red").await);
    assert_eq!(told(&server, &["send", "to all", "--all"]), "sent to 2 clients\n");
    assert_eq!(told_json(&server, &["send", "to blue", "--room", "/blue"]), json!({ "clients": 1 }));
    assert_eq!(told_json(&server, &["send", "to nobody", "--room", "/blue", "--topic", "news"]), json!({ "clients": 0 }));
    assert_eq!(told(&server, &["send", "to 2", "--client", "2"]), "sent to 1 client\n");
    assert_eq!(told(&server, &["send", "paid", "--room", "/blue", "--event"]), "sent to the application of /blue\n");
    assert_eq!([blue.hears().await, blue.hears().await, blue.hears().await], ["to all", "to blue", "event api:admin paid"]);
    assert_eq!([red.hears().await, red.hears().await], ["to all", "to 2"]);

    let mut piped = command();
    piped.args(["send", "-", "--all", "--binary", "--socket"]).arg(server.socket()).stdin(Stdio::piped());
    let mut piped = piped.spawn().expect("ws-host starts");
    piped.stdin.take().expect("it is piped").write_all(&[0, 255]).expect("it reads");
    assert!(piped.wait().expect("it ends").success());
    assert_eq!([blue.next().await.into_data(), red.next().await.into_data()], [vec![0, 255], vec![0, 255]]);

    for (arguments, line) in [
        (&["send", "x", "--user", "ann"][..], "no client belongs to the user \"ann\""),
        (&["send", "x", "--room", "/green"], "no room is named \"/green\""),
        (&["send", "x", "--room", "/green", "--event"], "no room is named \"/green\""),
        (&["kick", "--all", "--code", "1005"], "1005 may not be sent as a close code"),
    ] {
        assert!(refused(&server, arguments).contains(line), "{arguments:?}");
    }
    assert_eq!(told(&server, &["kick", "2", "--code", "4001", "--reason", "out"]), "disconnected 1 client\n");
    assert_eq!(red.is_closed().await, (4001, "out".to_owned()));
    assert_eq!(told_json(&server, &["kick", "--room", "/blue"]), json!({ "clients": 1 }));
    assert_eq!(blue.is_closed().await, (1001, "the server disconnects its clients".to_owned()));
}

#[test]
fn receivers_are_named_exactly_once() {
    let both = &["send", "x", "--all", "--topic", "news"];
    for arguments in [&["send", "x"][..], &["send", "x", "--all", "--room", "/a"], both, &["kick"], &["kick", "1", "--all"]] {
        let output = command().args(arguments).output().expect("ws-host starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
