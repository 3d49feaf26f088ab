//! Swaps of a release while clients stay connected.

use std::path::PathBuf;

use crate::support::{Client, Swappable, guest};
use tokio::sync::watch;

/// The answer of a counter: its release, the message, and the number of messages of its room.
fn parse(answer: &str) -> (String, u64, u64) {
    let mut words = answer.split(' ');
    let mut next = || words.next().expect("an answer has three words").to_owned();
    let release = next();
    (release, next().parse().expect("a number"), next().parse().expect("a total"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_notice_only_the_new_answers_of_fifty_swaps() {
    const CLIENTS: usize = 200;
    const SWAPS: u64 = 50;
    const IN_FLIGHT: u64 = 4;
    let host = Swappable::run("one", &[]);
    let (stop, stopped) = watch::channel(false);
    let mut talking = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::connect(&host.host).await;
        let stopped = stopped.clone();
        talking.push(tokio::spawn(async move {
            let (mut sent, mut answered, mut last_total, mut by_two) = (0, 0, 0, 0);
            while !*stopped.borrow() {
                while sent < answered + IN_FLIGHT {
                    client.says(&sent.to_string()).await;
                    sent += 1;
                }
                let (release, number, total) = parse(&client.hears().await);
                assert_eq!(number, answered, "every message is answered once, in order");
                assert!(total > last_total, "the state goes on from where it was");
                (answered, last_total) = (answered + 1, total);
                by_two += u64::from(release == "two");
            }
            while answered < sent {
                assert_eq!(parse(&client.hears().await).1, answered);
                answered += 1;
            }
            (client, sent, by_two)
        }));
    }
    let host = tokio::task::spawn_blocking(move || {
        for swap in 0..SWAPS {
            host.swap(if swap % 2 == 0 { "two" } else { "one" });
        }
        host
    })
    .await
    .expect("all swaps succeed");
    stop.send(true).expect("the clients listen");
    let (mut all_sent, mut all_by_two, mut clients) = (0, 0, Vec::new());
    for talk in talking {
        let (client, sent, by_two) = talk.await.expect("no client was let down");
        all_sent += sent;
        all_by_two += by_two;
        clients.push(client);
    }
    // The total after one more message shows that each message was counted exactly once, across all swaps.
    let (_, _, total) = parse(&clients[0].asks("0").await);
    assert_eq!(total, all_sent + 1);
    assert!(all_by_two > 0 && all_by_two < all_sent, "both releases have answered");
    let status = host.status();
    assert_eq!((&status["swaps"], &status["clients"], &status["traps"]), (&SWAPS.into(), &CLIENTS.into(), &0.into()));
}

#[tokio::test]
async fn releases_that_are_refused_change_nothing() {
    let host = Swappable::run("one", &[]);
    let mut client = Client::connect(&host.host).await;
    assert_eq!(client.asks("0").await, "one 0 1");
    let half = host.folder.path().join("half.wasm");
    let whole = std::fs::read(guest("two")).expect("the guest is built");
    std::fs::write(&half, &whole[..whole.len() / 2]).expect("the folder takes a file");
    let empty = host.folder.path().join("empty.wasm");
    std::fs::write(&empty, b"\0asm\x0d\0\x01\0").expect("the folder takes a file");
    let guest = |name: &str| guest(name).to_str().expect("the path is text").to_owned();
    let text = |path: PathBuf| path.to_str().expect("the path is text").to_owned();
    for (file, why) in [
        (text(half), "cannot be loaded"),
        (text(empty), "lacks the export ws-host:server/handler"),
        (guest("needy"), "test:needy/vault"),
        (guest("stillborn"), "on-start trapped"),
        (guest("refuser"), "state of version \"one\" is not mine (StartReason::Swap)"),
        ("no-such-file.wasm".to_owned(), "cannot read"),
    ] {
        let refusal = host.refusal_of(&file);
        assert!(refusal.contains(why), "{refusal}");
    }
    assert_eq!(client.asks("1").await, "one 1 2");
    assert_eq!(host.status()["swaps"], 0);
}

#[tokio::test]
async fn a_swap_to_a_pipe_or_a_file_without_end_is_refused_and_the_next_one_succeeds() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let host = Swappable::run("one", &[]);
    let mut client = Client::connect(&host.host).await;
    let (pipe, sparse) = (host.folder.path().join("pipe.wasm"), host.folder.path().join("sparse.wasm"));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).expect("a pipe can be made");
    std::fs::File::create(&sparse).and_then(|file| file.set_len(1 << 40)).expect("the folder takes a file");
    let text = |path: &PathBuf| path.to_str().expect("the path is text").to_owned();
    for (file, why) in [
        (text(&pipe), "pipe.wasm: it is a pipe. Give a regular file"),
        (text(&sparse), "it is larger than 256 MiB"),
        ("/dev/zero".to_owned(), "it is a device"),
        (text(&host.folder.path().to_owned()), "Is a directory"),
    ] {
        let refusal = host.refusal_of(&file);
        assert!(refusal.contains(why), "{refusal}");
    }
    host.swap("two");
    assert_eq!(client.asks("0").await, "two 0 1");
}

#[tokio::test]
async fn a_state_of_more_than_16_mib_is_not_handed_on() {
    let host = Swappable::run("hoarder", &[]);
    let mut client = Client::connect(&host.host).await;
    assert!(host.refusal_of(guest("one").to_str().expect("the path is text")).contains("more than the 16777216"));
    assert_eq!(client.asks("0").await, "hoarder 0 1");
}

#[tokio::test]
async fn a_release_that_cannot_hand_over_its_state_is_replaced_by_a_swap_or_rollback_that_discards_it() {
    let host = Swappable::run("hoarder", &[]);
    let mut client = Client::connect(&host.host).await;
    assert_eq!((client.asks("0").await, client.asks("1").await), ("hoarder 0 1".to_owned(), "hoarder 1 2".to_owned()));
    let path = |name: &str| guest(name).to_str().expect("the path is text").to_owned();
    let refusal = host.refusal_of(&path("one"));
    assert!(refusal.contains("hoarder.wasm goes on") && refusal.contains("add --discard-state"), "{refusal}");
    assert_eq!(client.asks("2").await, "hoarder 2 3", "a snapshot that is too large costs no state");
    assert!(host.ask(&["swap", &path("one"), "--discard-state"]).status.success());
    assert_eq!(client.asks("3").await, "one 3 1");

    host.swap("hoarder");
    assert_eq!(client.asks("4").await, "hoarder 4 2");
    let refused = host.ask(&["rollback"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("add --discard-state"));
    assert!(host.ask(&["rollback", "--discard-state"]).status.success());
    assert_eq!(client.asks("5").await, "one 5 1");
}

#[tokio::test]
async fn attachments_topics_and_timers_survive_a_swap_and_the_new_instance_is_told_its_start_reason() {
    let host = Swappable::run("probe", &[]);
    let (mut client, _) = Client::join(&host.host).await;
    assert_eq!(client.asks("attach 1 a note").await, "ok");
    assert_eq!(client.asks("subscribe news").await, "ok");
    assert_eq!(client.asks("timer 1000 tick").await, "ok(1)");
    host.swap("probe");
    client.says_at_once(&["messages", "list", "attachment 1", "subscribers news"]).await;
    let told = ["1 since Some(StartReason::Swap)", "[1] of 1", "Some(\"a note\")", "[1]", "timer 1 tick"];
    assert_eq!(client.hears_in_any_order(5).await, told.map(String::from).into());
}

#[tokio::test]
async fn a_guest_without_a_lifecycle_takes_over_too() {
    let host = Swappable::run("probe", &[]);
    let (mut client, _) = Client::join(&host.host).await;
    host.swap("echo");
    assert_eq!(client.asks("list").await, "list");
    host.swap("probe");
    assert_eq!(client.asks("list").await, "[1] of 1");
}

#[tokio::test]
async fn rollback_keeps_the_current_state() {
    let host = Swappable::run("one", &[]);
    let mut client = Client::connect(&host.host).await;
    let refused = host.ask(&["rollback"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no release before this one"));
    host.swap("two");
    assert_eq!(client.asks("0").await, "two 0 1");
    assert!(host.ask(&["rollback"]).status.success());
    assert_eq!(client.asks("1").await, "one 1 2");
    let status = host.status();
    assert_eq!(status["swaps"], 2);
    assert!(status["previous"]["file"].as_str().is_some_and(|file| file.ends_with("two.wasm")));
}

#[tokio::test]
async fn a_release_that_traps_too_often_on_probation_is_rolled_back_with_the_state_saved_at_the_swap() {
    let mut host = Swappable::run("one", &["--probation", "10m", "--probation-traps", "3"]);
    let mut stays = Client::connect(&host.host).await;
    assert_eq!(stays.asks("0").await, "one 0 1");
    host.swap("faulty");
    for _ in 0..3 {
        let mut client = Client::connect(&host.host).await;
        client.says("x").await;
        assert_eq!(client.is_closed().await.0, 1011);
    }
    host.host.logs("every room goes back to");
    host.host.logs("every room runs");
    assert!(host.runs("one"));
    assert_eq!(stays.asks("1").await, "one 1 2");
}

#[tokio::test]
async fn a_release_that_is_refused_does_not_undo_the_swap_before_it() {
    let host = Swappable::run("one", &["--probation", "10m"]);
    let mut client = Client::connect(&host.host).await;
    assert_eq!(client.asks("0").await, "one 0 1");
    host.swap("two");
    assert_eq!(client.asks("1").await, "two 1 2");
    assert!(host.refusal_of(guest("refuser").to_str().expect("the path is text")).contains("two.wasm goes on"));
    assert_eq!(client.asks("2").await, "two 2 3");
    assert!(host.runs("two"));
}

#[tokio::test]
async fn rooms_that_open_after_a_swap_are_on_probation_too() {
    let mut host = Swappable::run("one", &["--instances", "per-client", "--probation", "10m", "--probation-traps", "2"]);
    host.swap("faulty");
    let mut stays = Client::connect(&host.host).await;
    for _ in 0..2 {
        let mut client = Client::connect(&host.host).await;
        client.says("x").await;
        assert_eq!(client.is_closed().await.0, 1011);
    }
    host.host.logs("every room goes back to");
    host.host.logs("every room runs");
    assert!(host.runs("one"));
    assert_eq!(stays.asks("0").await, "one 0 1");
}

/// Has a client of its own make the release `faulty` trap.
async fn traps(host: &Swappable) {
    let mut client = Client::connect(&host.host).await;
    client.says("x").await;
    assert_eq!(client.is_closed().await.0, 1011);
}

#[tokio::test]
async fn a_refused_swap_leaves_the_probation_before_it_in_force_also_for_rooms_that_open_later() {
    let mut host = Swappable::run("one", &["--instances", "per-client", "--probation", "10m", "--probation-traps", "2"]);
    let mut stays = Client::connect(&host.host).await;
    assert_eq!(stays.asks("0").await, "one 0 1");
    host.swap("faulty");
    traps(&host).await;
    host.refusal_of(guest("refuser").to_str().expect("the path is text"));
    let mut late = Client::connect(&host.host).await;
    traps(&host).await;
    host.host.logs("every room goes back to");
    host.host.logs("every room runs");
    assert!(host.runs("one"));
    assert_eq!((stays.asks("1").await, late.asks("0").await), ("one 1 2".to_owned(), "one 0 1".to_owned()));
}

#[tokio::test]
async fn a_release_that_comes_back_within_its_probation_is_still_on_it() {
    let mut host = Swappable::run("one", &["--instances", "per-client", "--probation", "10m", "--probation-traps", "2"]);
    let mut stays = Client::connect(&host.host).await;
    assert_eq!(stays.asks("0").await, "one 0 1");
    host.swap("faulty");
    host.swap("faulty");
    for release in ["faulty", "one"] {
        traps(&host).await;
        traps(&host).await;
        host.host.logs(&format!("{release}.wasm again"));
        assert!(host.runs(release));
    }
    assert_eq!(stays.asks("1").await, "one 1 2");
    assert_eq!(Client::connect(&host.host).await.asks("0").await, "one 0 1");
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_removed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("precious");
    std::fs::write(&file, "data").expect("the folder takes a file");
    let guest = guest("one");
    let text = |path: &std::path::Path| path.to_str().expect("the path is text").to_owned();
    let line = crate::support::fails(&["run", &text(&guest), "--port", "0", "--socket", &text(&file)]);
    assert!(line.contains("no socket"), "{line}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file is there"), "data");
}

#[tokio::test]
async fn a_swap_reports_its_changes_in_words_and_per_room_in_json() {
    let host = Swappable::run("one", &["--instances", "per-room"]);
    let mut blue = Client::connect_to(&host.host, "/blue").await;
    let mut red = Client::connect_to(&host.host, "/red").await;
    assert_eq!((blue.asks("0").await, red.asks("0").await), ("one 0 1".to_owned(), "one 0 1".to_owned()));
    let words = host.swap("two");
    assert!(
        words.contains("one.wasm (") && words.contains("-> two.wasm (") && words.contains("2 rooms and 2 clients stayed"),
        "{words}"
    );
    let output = host.ask(&["swap", guest("one").to_str().expect("the path is text"), "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let mut rooms: Vec<_> = report["rooms"].as_array().expect("a list").iter().map(|room| room["room"].to_string()).collect();
    rooms.sort();
    assert_eq!(rooms, ["\"/blue\"", "\"/red\""]);
    assert_eq!((blue.asks("1").await, red.asks("1").await), ("one 1 2".to_owned(), "one 1 2".to_owned()));
}

#[tokio::test]
async fn a_room_that_refuses_rolls_the_others_back() {
    // All rooms refuse, whichever comes first, even those without messages.
    let host = Swappable::run("one", &["--instances", "per-room"]);
    let mut clients = Vec::new();
    for room in ["/a", "/b", "/c", "/d"] {
        let mut client = Client::connect_to(&host.host, room).await;
        assert_eq!(client.asks("0").await, "one 0 1");
        clients.push(client);
    }
    assert!(host.refusal_of(guest("refuser").to_str().expect("the path is text")).contains("is not mine"));
    for client in &mut clients {
        assert_eq!(client.asks("1").await, "one 1 2");
    }
    assert_eq!(Client::connect_to(&host.host, "/new").await.asks("0").await, "one 0 1");
}

#[tokio::test]
async fn only_the_servers_user_may_open_its_admin_socket_which_the_server_removes_at_its_end() {
    use std::os::unix::fs::PermissionsExt;
    let mut host = Swappable::run("one", &[]);
    let mode = std::fs::metadata(host.socket()).expect("the socket is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    host.host.signal("TERM");
    assert_eq!(host.host.ended().code(), Some(0));
    assert!(!host.socket().exists());
}
