//! The rules for clients that are away, and come back to their session.
//!
//! | event or line | action of the probe |
//! | --- | --- |
//! | `online [ID]` | `true` or `false` |
//! | a client is away, or back | tells the subscribers of the topic `presence`: `lost ID online=BOOL`, `back ID online=BOOL` |
//! | the path is `/no-return` | the gate refuses a client that comes back with 410 |

use crate::support::resuming::Resuming;
use crate::support::{Client, Host, refusal};

in_languages! { [rust, python, javascript, c] [
    a_gate_sees_that_a_client_comes_back,
    a_client_that_is_away_is_a_member_and_told_of,
] }

async fn a_gate_sees_that_a_client_comes_back(probe: &str) {
    let host = Host::run(probe);
    let mut client = Resuming::connect_to(&host, "/no-return").await;
    assert_eq!(client.hears().await, "joined 1");
    // The host has heard the client, which can come back from now on.
    assert_eq!(client.asks("online").await, "true");
    client.loses_its_line();
    assert_eq!(refusal(&host, &format!("/no-return?_resume={}", client.handle), &[]).await, 410);
    let (mut other, _) = Client::connect_with(&host, "/no-return", &[]).await;
    assert!(other.hears().await.starts_with("joined "));
}

async fn a_client_that_is_away_is_a_member_and_told_of(probe: &str) {
    let host = Host::run(probe);
    let (mut other, _) = Client::join(&host).await;
    assert_eq!(other.asks("subscribe presence").await, "ok");
    let mut client = Resuming::connect(&host).await;
    assert_eq!(client.hears().await, "joined 2");
    assert_eq!(other.hears().await, "joined 2");
    assert_eq!(client.asks("online").await, "true");
    client.loses_its_line();
    assert_eq!(other.hears().await, "lost 2 online=false");
    assert_eq!(other.asks("online 2").await, "false");
    assert_eq!(other.asks("list").await, "[1, 2] of 2");
    assert_eq!(other.asks("others while you were away").await, "ok");
    assert_eq!(client.comes_back(&host).await, None);
    assert_eq!(client.hears().await, "while you were away");
    assert_eq!(other.hears().await, "back 2 online=true");
    assert_eq!(other.asks("online 2").await, "true");
    assert_eq!(other.asks("online 99").await, "false");
}
