//! The promises of the example `lobby`.

use std::path::Path;

use crate::support::{Client, Host, refusal};

fn host(scores: &Path) -> Host {
    let scores = scores.to_str().expect("the path is UTF-8");
    Host::run_with("lobby", &["--instances", "per-room", "--shards", "2", "--data", scores])
}

/// Two players of one match, and where that is.
async fn pair(host: &Host, (first, second): (&str, &str)) -> (Client, Client) {
    let mut lobby = [Client::connect_to(host, "/lobby").await, Client::connect_to(host, "/lobby").await];
    assert_eq!(lobby[0].asks(&format!("play {first}")).await, "wait");
    let told = lobby[1].asks(&format!("play {second}")).await;
    assert_eq!(lobby[0].hears().await, told);
    let room = told.strip_prefix("match ").expect("a match begins");
    let enter = async |name| Client::connect_to(host, &format!("{room}?name={name}")).await;
    (enter(first).await, enter(second).await)
}

#[tokio::test]
async fn two_players_meet_in_a_match_whose_result_counts_once_in_the_lobby_also_after_a_crash() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let running = host(folder.path());
    let mut watcher = Client::connect_to(&running, "/lobby").await;
    assert_eq!(watcher.asks("scores").await, "scores");
    let (mut ann, mut ben) = pair(&running, ("Ann", "Ben")).await;
    assert_eq!((ann.asks("rock").await.as_str(), ben.asks("rock").await.as_str()), ("chosen", "chosen"));
    assert_eq!((ann.hears().await.as_str(), ben.hears().await.as_str()), ("draw", "draw"));
    assert_eq!((ann.asks("paper").await.as_str(), ben.asks("rock").await.as_str()), ("chosen", "chosen"));
    assert_eq!((ann.hears().await.as_str(), ben.hears().await.as_str()), ("won Ann", "won Ann"));
    assert_eq!(watcher.hears().await, "scores Ann 1");
    assert_eq!(ben.asks("paper").await, "it is over");
    running.signal("KILL");
    drop((ann, ben, watcher, running));
    let running = host(folder.path());
    let (mut ann, mut ben) = pair(&running, ("Ann", "Ben")).await;
    ann.asks("rock").await;
    ben.asks("paper").await;
    assert_eq!(ben.hears().await, "won Ben");
    let mut watcher = Client::connect_to(&running, "/lobby").await;
    while watcher.asks("scores").await != "scores Ann 1 Ben 1" {}
}

#[tokio::test]
async fn only_its_players_enter_a_match_and_other_paths_are_no_rooms() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let running = host(folder.path());
    let mut stranger = Client::connect_to(&running, "/match/9?name=Eve").await;
    assert_eq!(stranger.is_closed().await, (4004, "you do not play here".to_owned()));
    assert_eq!(refusal(&running, "/elsewhere", &[]).await, 404);
}
