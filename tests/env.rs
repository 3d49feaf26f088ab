//! `--env`: a guest gets the named environment variables and no others.

use crate::support::{Client, Embedded, Host, Swappable, command, fails, guest};
use ws_host::Server;

/// The probe, served by a host that has the variable `SECRET` itself.
fn host(arguments: &[&str]) -> Host {
    let mut command = command();
    command.arg("run").arg(guest("probe")).args(["--port", "0"]).args(arguments).env("SECRET", "the host's");
    Host::start(command)
}

#[tokio::test]
async fn a_guest_has_no_variable_and_no_argument_by_default() {
    let host = host(&[]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("env SECRET").await, "None");
    assert_eq!(client.asks("env").await, "0 variables, 0 arguments");
}

#[tokio::test]
async fn a_variable_has_a_given_value_or_that_of_the_host() {
    let host = host(&["--env", "SECRET", "--env", "GREETING=hello, you = me", "--env", "EMPTY="]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("env SECRET").await, "Some(\"the host's\")");
    assert_eq!(client.asks("env GREETING").await, "Some(\"hello, you = me\")");
    assert_eq!(client.asks("env EMPTY").await, "Some(\"\")");
    assert_eq!(client.asks("env").await, "3 variables, 0 arguments");
}

#[tokio::test]
async fn the_last_value_of_a_repeated_variable_counts() {
    let host = host(&["--env", "SECRET=one", "--env", "SECRET=two"]);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("env SECRET").await, "Some(\"two\")");
    assert_eq!(client.asks("env").await, "1 variables, 0 arguments");
}

#[tokio::test]
async fn variables_are_the_same_in_every_room_after_a_swap_and_after_a_trap() {
    let host = Swappable::run("probe", &["--instances", "per-room", "--env", "COLOUR=blue"]);
    let mut stays = Client::connect_to(&host.host, "/one").await;
    stays.hears().await;
    let mut fails = Client::connect_to(&host.host, "/two").await;
    fails.hears().await;
    host.swap("probe");
    assert_eq!(stays.asks("env COLOUR").await, "Some(\"blue\")");
    assert_eq!(fails.asks("env COLOUR").await, "Some(\"blue\")");
    fails.says("panic").await;
    assert_eq!(fails.is_closed().await.0, 1011);
    let mut next = Client::connect_to(&host.host, "/two").await;
    assert_eq!(next.hears().await, "joined 3");
    assert_eq!(next.asks("env COLOUR").await, "Some(\"blue\")");
}

#[tokio::test]
async fn an_embedding_program_sets_variables_too() {
    let builder = Server::builder().component(guest("probe")).env("COLOUR", "red").env("COLOUR", "blue");
    let shown = format!("{builder:?}");
    assert!(shown.contains("COLOUR") && !shown.contains("blue"), "values may be secrets: {shown}");
    let server = Embedded::start(builder);
    let (mut client, _) = server.join().await;
    assert_eq!(client.asks("env COLOUR").await, "Some(\"blue\")");
}

#[test]
fn a_variable_that_cannot_be_passed_on_keeps_the_host_from_starting() {
    let probe = guest("probe");
    let line = fails(&["run", &probe.to_string_lossy(), "--port", "0", "--env", "NO_SUCH_VARIABLE"]);
    assert!(line.starts_with("ws-host: --env NO_SUCH_VARIABLE cannot be passed on. Set NO_SUCH_VARIABLE, or write"), "{line}");
    let line = fails(&["run", &probe.to_string_lossy(), "--port", "0", "--env", "=secret"]);
    assert!(line.contains("--env NAME=VALUE") && !line.contains("secret"), "{line}");
}
