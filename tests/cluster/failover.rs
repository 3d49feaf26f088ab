//! The owner of a room dies: the clients of other nodes stay connected, and another node goes on with the room.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{LONGER_THAN_A_LEASE, answer, entries, lasts};
use crate::support::Client;
use crate::support::cluster::Cluster;

/// The time after which an attempt without an answer is repeated.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says something until it is answered, since messages that the dead node may have had are not handled again. Returns all that comes before that.
async fn is_answered_again(client: &mut Client) -> Vec<String> {
    let mut heard = Vec::new();
    for attempt in 0.. {
        client.says(&format!("say attempt {attempt}")).await;
        while let Ok(told) = timeout(PATIENCE, client.hears()).await {
            if told.starts_with("attempt ") {
                // From now on each one is answered, in order.
                client.says("say again").await;
                loop {
                    match client.hears().await {
                        told if told == "again" => return heard,
                        told => heard.push(told),
                    }
                }
            }
            heard.push(told);
        }
    }
    unreachable!("the attempts have no end")
}

#[tokio::test]
async fn survivors_keep_their_attachments_topics_users_and_order_and_no_handler_is_told_of_the_dead() {
    let mut cluster = Cluster::of("probe", 3);
    let (_dead, dead) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    let (mut three, third) = cluster.joins(2, "/user/ann").await;
    let (mut four, fourth) = cluster.joins(1, "/").await;
    assert_eq!(answer(&mut two, &format!("attach {second} mine")).await, "ok");
    assert_eq!(answer(&mut three, "subscribe news").await, "ok");
    cluster.kill(0);
    let heard = is_answered_again(&mut four).await;
    assert!(!heard.iter().any(|text| text.starts_with("left ")), "{heard:?}");
    assert_eq!(answer(&mut two, "list").await, format!("[{second}, {third}, {fourth}] of 3"), "{dead} is gone");
    assert_eq!(answer(&mut two, &format!("attachment {second}")).await, "Some(\"mine\")");
    assert_eq!(answer(&mut two, &format!("attachment {third}")).await, "Some(\"ann of the gate\")");
    assert_eq!(answer(&mut two, "of-user ann").await, format!("[{third}]"));
    assert_eq!(answer(&mut two, "subscribers news").await, format!("[{third}]"));
    assert!(answer(&mut two, "messages").await.ends_with("since Some(StartReason::Failover)"));
    let (_next, next) = cluster.joins(2, "/").await;
    assert_eq!(answer(&mut two, "list").await, format!("[{second}, {third}, {fourth}, {next}] of 4"));
}

/// Adds entries, each when the one before is answered, until `enough` are. Returns the answers.
async fn adds(client: &mut Client, name: &str, enough: usize) -> Vec<String> {
    let mut answers = Vec::new();
    for number in 0..enough {
        answers.push(client.asks(&format!("add {name}/{number}")).await);
    }
    answers
}

/// The texts of entries, which must be numbered without a gap and each once.
fn texts(found: &[String]) -> BTreeSet<&str> {
    let texts: BTreeSet<_> = found.iter().map(String::as_str).collect();
    assert_eq!(texts.len(), found.len(), "no entry is doubled: {found:?}");
    texts
}

#[tokio::test]
async fn a_room_that_has_written_loses_and_doubles_no_message_of_clients_that_stay() {
    const BEFORE: usize = 20;
    const AFTER: usize = 20;
    let mut cluster = Cluster::of("keeper", 3);
    let mut dead = cluster.enters(0, "/").await;
    let mut stay = [cluster.enters(1, "/").await, cluster.enters(2, "/").await];
    adds(&mut dead, "dead", BEFORE).await;
    for (name, client) in ["one", "two"].iter().zip(&mut stay) {
        adds(client, name, BEFORE).await;
    }
    // All at once, so that the owner dies among them.
    for (name, client) in ["one", "two"].iter().zip(&mut stay) {
        let more: Vec<_> = (BEFORE..BEFORE + AFTER).map(|number| format!("add {name}/{number}")).collect();
        client.says_at_once(&more.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    cluster.kill(0);
    let [one, _two] = &mut stay;
    // An answer may be lost with the owner. The entry is not.
    one.says("count").await;
    while one.hears().await != (3 * BEFORE + 2 * AFTER).to_string() {
        one.says("count").await;
    }
    let mut fresh = cluster.enters(2, "/").await;
    let found = entries(&mut fresh).await;
    let texts = texts(&found);
    for name in ["one", "two"] {
        let of_one: Vec<_> = found.iter().filter(|text| text.starts_with(name)).cloned().collect();
        assert_eq!(of_one, (0..BEFORE + AFTER).map(|number| format!("{name}/{number}")).collect::<Vec<_>>());
    }
    assert!((0..BEFORE).all(|number| texts.contains(format!("dead/{number}").as_str())), "what was answered is kept");
}

#[tokio::test]
async fn a_room_that_has_never_written_handles_each_message_at_most_once_and_in_order() {
    const MESSAGES: usize = 200;
    let mut cluster = Cluster::of("probe", 2);
    let (_dead, _) = cluster.joins(0, "/").await;
    let (mut client, _) = cluster.joins(1, "/").await;
    let texts: Vec<_> = (0..MESSAGES).map(|number| format!("say {number}")).collect();
    client.says_at_once(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    cluster.kill(0);
    let heard = is_answered_again(&mut client).await;
    let heard: Vec<usize> = heard.iter().filter_map(|text| text.parse().ok()).collect();
    assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "{heard:?}");
}

#[tokio::test]
async fn an_owner_that_is_held_for_longer_than_its_lease_answers_nobody_when_it_goes_on() {
    let mut cluster = Cluster::of("keeper", 2);
    let mut held = cluster.enters(0, "/").await;
    let mut other = cluster.enters(1, "/").await;
    assert_eq!(held.asks("add before").await, "1 before");
    cluster.pause(0);
    held.says("add too-late").await;
    assert_eq!(other.asks("add meanwhile").await, "2 meanwhile");
    cluster.resume(0);
    let mut heard = Vec::new();
    loop {
        match held.frame().await {
            Some(Ok(Message::Text(text))) => heard.push(text.to_string()),
            Some(Ok(Message::Close(_))) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("the connection ends in order, not with {error}"),
        }
    }
    assert_eq!(heard, [""; 0], "an owner whose time is over has no outputs");
    assert_eq!(entries(&mut other).await, ["before", "meanwhile"]);
    // It serves again, in another life.
    cluster.nodes[0].logs("other nodes have taken this one for dead");
    cluster.nodes[0].logs("this is node");
    let mut again = cluster.enters(0, "/").await;
    assert_eq!(again.asks("add after").await, "3 after");
    assert_eq!(other.asks("count").await, "3");
}

#[tokio::test]
async fn a_node_that_is_held_for_longer_than_its_lease_is_told_of_as_the_end_of_its_clients() {
    let mut cluster = Cluster::of("probe", 2);
    let (mut owner, first) = cluster.joins(0, "/").await;
    let (mut held, second) = cluster.joins(1, "/").await;
    assert_eq!(owner.hears().await, format!("joined {second}"));
    cluster.pause(1);
    lasts(LONGER_THAN_A_LEASE).await;
    assert!(owner.hears().await.starts_with(&format!("left {second}: ")));
    cluster.resume(1);
    held.is_closed().await;
    cluster.nodes[1].logs("other nodes have taken this one for dead");
    cluster.nodes[1].logs("this is node");
    let (_again, third) = cluster.joins(1, "/").await;
    assert_eq!(owner.hears().await, format!("joined {third}"), "nobody is told twice of a leaver");
    assert_eq!(owner.asks("list").await, format!("[{first}, {third}] of 2"));
}
