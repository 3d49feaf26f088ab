//! A guest that fails too often is held back, and a client that makes it fail is held off alone.

use crate::support::{Client, Host, command, guest, refusal};

/// A host with a client that must not be affected.
async fn hostile(arguments: &[&str]) -> (Host, Client) {
    let host = Host::run_with("hostile", arguments);
    let (stays, _) = Client::join(&host).await;
    (host, stays)
}

/// A client with this address of loopback connects, and sends a message that the guest fails on.
async fn fails_on_a_client_of(host: &Host, address: [u8; 4]) {
    let mut fails = Client::connect_from(host, address).await;
    fails.hears().await;
    fails.says("die unreachable").await;
    assert_eq!(fails.is_closed().await.0, 1011);
}

/// The guest fails on clients of two addresses, once more than `--restarts 1/…` allows, so that the circuit opens.
async fn fails_too_often(host: &mut Host) {
    fails_on_a_client_of(host, [127, 0, 0, 2]).await;
    fails_on_a_client_of(host, [127, 0, 0, 3]).await;
    host.logs("the application has failed too often: its clients are closed");
}

#[tokio::test]
async fn a_stranger_who_makes_the_guest_fail_six_times_is_held_off_and_bystanders_stay() {
    let (mut host, mut stays) = hostile(&[]).await;
    for _ in 0..6 {
        fails_on_a_client_of(&host, [127, 0, 0, 2]).await;
    }
    host.logs("the application has failed too often on clients of 127.0.0.2: they are closed and new ones refused for 10s");
    assert_eq!(Client::refusal_from(&host, [127, 0, 0, 2]).await, 503);
    let (mut newcomer, _) = Client::join(&host).await;
    assert_eq!(newcomer.asks("say to the newcomer").await, "to the newcomer");
    // Six joins and six leaves of the stranger, and one more join.
    for _ in 0..13 {
        stays.hears().await;
    }
    assert_eq!(stays.asks("say to the other").await, "to the other");
}

#[tokio::test]
async fn an_open_circuit_closes_again_after_the_cool_down() {
    let (mut host, mut stays) = hostile(&["--restarts", "1/1s"]).await;
    fails_too_often(&mut host).await;
    assert_eq!(stays.is_closed().await.0, 1013);
    host.logs("the application runs again");
    let (mut newcomer, _) = Client::join(&host).await;
    assert_eq!(newcomer.asks("say to the newcomer").await, "to the newcomer");
}

#[tokio::test]
async fn an_open_circuit_is_closed_by_a_swap() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let socket = folder.path().join("admin.sock");
    let socket = socket.to_str().expect("the path is text");
    let (mut host, mut stays) = hostile(&["--restarts", "1/1h", "--socket", socket]).await;
    fails_too_often(&mut host).await;
    assert_eq!(stays.is_closed().await.0, 1013);
    assert_eq!(refusal(&host, "/", &[]).await, 503);
    let swap = command().arg("swap").arg(guest("one")).args(["--socket", socket]).output().expect("ws-host starts");
    assert!(swap.status.success(), "{}", String::from_utf8_lossy(&swap.stderr));
    host.logs("the application runs again");
    assert_eq!(Client::connect(&host).await.asks("1").await, "one 1 1");
}
