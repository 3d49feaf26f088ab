//! Sessions that outlive their connections, as `docs/resume.md` describes them.

use std::collections::HashSet;
use std::time::Duration;

use crate::support::resuming::Resuming;
use crate::support::{Client, Host, Swappable, refusal};
use ws_protocol::resume::{Fresh, FromHost};

#[tokio::test]
async fn a_client_comes_back_and_nothing_is_lost_or_doubled_and_its_guest_notices_nothing() {
    let host = Host::run("probe");
    let mut client = Resuming::connect_to(&host, "/?a=1").await;
    assert_eq!(client.hears().await, "joined 1");
    assert!(!client.asks("get 1").await.contains("_resume"), "the guest does not see the parameter");
    let (mut other, _) = Client::join(&host).await;
    assert_eq!(client.hears().await, "joined 2");
    for round in 0..10 {
        client.loses_its_line();
        for message in 0..5 {
            assert_eq!(other.asks(&format!("others {round} {message}")).await, "ok");
        }
        client.says(&format!("say {round}")).await;
        assert_eq!(client.comes_back(&host).await, None);
        for message in 0..5 {
            assert_eq!(client.hears().await, format!("{round} {message}"));
        }
        assert_eq!(client.hears().await, round.to_string());
    }
    assert!(other.asks("list").await.contains("of 2"));
}

#[tokio::test]
async fn messages_over_many_broken_lines_arrive_once_and_in_order_in_both_directions() {
    const MESSAGES: u32 = 400;
    let host = Host::run("probe");
    let mut client = Resuming::connect(&host).await;
    assert_eq!(client.hears().await, "joined 1");
    let mut heard = 0;
    for number in 0..MESSAGES {
        client.says(&format!("say {number}")).await;
        if number % 3 == 0 {
            assert_eq!(client.hears().await, heard.to_string());
            heard += 1;
        }
        // Some lines break before the host has seen their messages, some before the client has seen the answers.
        if number % 7 == 0 {
            client.loses_its_line();
            assert_eq!(client.comes_back(&host).await, None);
        }
    }
    while heard < MESSAGES {
        assert_eq!(client.hears().await, heard.to_string());
        heard += 1;
    }
}

#[tokio::test]
async fn a_client_is_found_in_its_room_on_its_shard_and_a_room_of_one_client_waits_for_it() {
    let rooms = Host::run_with("probe", &["--instances", "per-room", "--shards", "2"]);
    let private = Host::run_with("probe", &["--instances", "per-client", "--shards", "2"]);
    for host in [&rooms, &private] {
        let (mut clients, mut shards) = (Vec::new(), HashSet::new());
        // Names are placed at random.
        while clients.len() < 4 || shards.len() < 2 {
            let mut client = Resuming::connect_to(host, &format!("/{}", clients.len())).await;
            assert!(client.hears().await.starts_with("joined "));
            shards.extend(client.handle.split('-').next().map(str::to_owned));
            clients.push(client);
        }
        for client in &mut clients {
            assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Fresh)");
            client.loses_its_line();
            assert_eq!(client.comes_back(host).await, None);
            assert_eq!(client.asks("messages").await, "2 since Some(StartReason::Fresh)");
        }
    }
}

#[tokio::test]
async fn a_swap_and_a_trap_on_a_message_of_another_client_leave_a_session_as_it_is() {
    let host = Swappable::run("probe", &[]);
    let mut client = Resuming::connect(&host.host).await;
    assert_eq!(client.hears().await, "joined 1");
    client.loses_its_line();
    host.swap("probe");
    let (mut other, _) = Client::join(&host.host).await;
    other.says("panic now").await;
    assert_eq!(other.is_closed().await.0, 1011);
    assert_eq!(host.status()["clients_away"], 1);
    assert_eq!(client.comes_back(&host.host).await, None);
    assert_eq!(client.hears().await, "joined 2");
    assert!(client.hears().await.starts_with("left 2: 1011"));
    assert_eq!(host.status()["clients_away"], 0);
}

#[tokio::test]
async fn a_client_whose_own_message_traps_begins_anew() {
    let host = Host::run("probe");
    let mut client = Resuming::connect(&host).await;
    assert_eq!(client.hears().await, "joined 1");
    client.says("panic now").await;
    assert_eq!(client.line().is_closed().await.0, 1011);
    client.loses_its_line();
    assert_eq!(client.comes_back(&host).await, Some(Fresh::Failed));
    assert_eq!(client.hears().await, "joined 2");
}

#[tokio::test]
async fn a_client_that_is_away_for_longer_than_the_limit_is_lost_to_the_guest() {
    let host = Host::run_with("probe", &["--resume-for", "100ms", "--close-timeout", "100ms"]);
    let mut client = Resuming::connect(&host).await;
    assert_eq!(client.hears().await, "joined 1");
    let (mut other, _) = Client::join(&host).await;
    assert_eq!(client.hears().await, "joined 2");
    client.loses_its_line();
    assert!(other.hears().await.starts_with("left 1: 1006 \"\" clean=false CloseCause::Lost"));
    assert_eq!(client.comes_back(&host).await, Some(Fresh::Expired));
}

#[tokio::test]
async fn a_shutdown_tells_a_client_how_long_to_wait_and_the_next_process_that_the_state_is_lost() {
    let mut host = Host::run("probe");
    let mut client = Resuming::connect(&host).await;
    assert_eq!(client.hears().await, "joined 1");
    host.signal("TERM");
    let FromHost::Away(wait) = client.next().await else { panic!("the host says that it goes away") };
    assert!(wait <= Duration::from_secs(30), "{wait:?}");
    assert_eq!(client.line().is_closed().await, (1001, "the server shuts down".to_owned()));
    assert_eq!(host.ended().code(), Some(0));
    let next = Host::run("probe");
    client.loses_its_line();
    assert_eq!(client.comes_back(&next).await, Some(Fresh::Unknown));
}

#[tokio::test]
async fn a_client_that_the_gate_lets_in_as_another_user_begins_anew() {
    let host = Host::run("probe");
    let mut client = Resuming::connect_to(&host, "/user/ann").await;
    assert_eq!(client.hears().await, "joined 1");
    client.loses_its_line();
    assert_eq!(client.comes_back(&host).await, None);
    client.loses_its_line();
    client.path = "/user/ben".into();
    assert_eq!(client.comes_back(&host).await, Some(Fresh::Changed));
    assert_eq!(client.hears().await, "joined 3");
    assert!(client.asks("list").await.contains("of 1"), "the other one has left");
}

#[tokio::test]
async fn a_value_that_is_no_handle_is_refused_and_other_queries_go_to_the_guest() {
    let host = Host::run("probe");
    assert_eq!(refusal(&host, "/?_resume=%20", &[]).await, 400);
    let mut client = Client::connect_to(&host, "/?resume=new").await;
    assert_eq!(client.hears().await, "joined 1");
}
