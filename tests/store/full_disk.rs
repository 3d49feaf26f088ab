//! A disk that is full for some time: a limit on the size of files stands for it.

use std::process::Command;

use super::{data, entries, join};
use crate::support::{Client, Host, command, guest};

/// A host whose files may have 1 MiB. `let_grow` lifts that.
fn host(arguments: &[&str]) -> Host {
    let ws_host = command();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -S -f 2048; exec \"$@\"", "sh"])
        .arg(ws_host.get_program())
        .args(ws_host.get_args());
    limited.arg("run").arg(guest("keeper")).args(["--port", "0"]).args(arguments);
    for (name, value) in ws_host.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    Host::start(limited)
}

fn let_grow(host: &Host) {
    let lifted = Command::new("prlimit").args(["--pid", &host.pid().to_string(), "--fsize=unlimited"]).status();
    assert!(lifted.expect("prlimit runs").success());
}

/// Adds large entries until the client is closed. Returns the answered ones.
async fn fill(mut client: Client) -> (Vec<String>, u16) {
    let (mut answered, large) = (Vec::new(), "x".repeat(30_000));
    loop {
        client.tries(&format!("add {}{large}", answered.len())).await;
        match client.frame().await {
            Some(Ok(tokio_tungstenite::tungstenite::protocol::Message::Text(answer))) => answered.push(answer.to_string()),
            Some(Ok(tokio_tungstenite::tungstenite::protocol::Message::Close(frame))) => {
                return (answered, frame.map_or(1005, |frame| frame.code.into()));
            }
            other => panic!("an answer or a close frame comes, not {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_full_disk_closes_the_rooms_that_write_loses_nothing_answered_and_all_is_well_when_it_has_room_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut arguments = data(folder.path()).to_vec();
    arguments.extend(["--instances", "per-room"]);
    let mut host = host(&arguments);
    let mut bystander = join(&host, "/b").await;
    let (answered, code) = fill(join(&host, "/a").await).await;
    assert_eq!(code, 1011);
    assert!(answered.len() > 5, "{} entries fit", answered.len());
    host.logs("the database cannot write");

    let mut late = join(&host, "/a").await;
    assert_eq!(late.asks("set key 1").await, "unavailable");
    assert_eq!(entries(&mut late).await, answered, "no half of a turn is seen");
    assert_eq!(bystander.asks("plain").await, "plain", "a room that has not written goes on");

    let_grow(&host);
    while late.asks("set key 1").await == "unavailable" {}
    assert_eq!(late.asks("add and on").await, format!("{} and on", answered.len() + 1));
    let log = host.logs_up_to("the database takes writes again");
    assert!(!log.contains("the database cannot write"), "it is told once: {log}");
}
