//! The promises of the examples `rooms` and `ticker`, in all three modes, across a swap and a trap.

use crate::support::{Client, Host, Swappable};
use tokio_tungstenite::tungstenite::Message;

/// Enough memory for an instance of an example, but not for one that receives `a_megabyte`.
const SHORT_OF_MEMORY: [&str; 2] = ["--guest-memory", "1792KiB"];

fn a_megabyte() -> String {
    "x".repeat(1 << 20)
}

mod rooms {
    use super::*;

    /// A client of `rooms` that has taken a name.
    async fn named(host: &Host, path: &str, name: &str) -> Client {
        let mut client = Client::connect_to(host, path).await;
        assert!(client.hears().await.starts_with("name guest-"));
        assert_eq!(client.asks(&format!("name {name}")).await, format!("name {name}"));
        client
    }

    /// Ada and Bob, both in the topic `cats`.
    async fn two_in_cats(host: &Host) -> (Client, Client) {
        let mut ada = named(host, "/", "Ada").await;
        assert_eq!(ada.asks("join cats").await, "here cats Ada");
        let mut bob = named(host, "/", "Bob").await;
        assert_eq!(bob.asks("join cats").await, "here cats Ada Bob");
        assert_eq!(bob.hears().await, "typing cats");
        assert_eq!(ada.hears().await, "typing cats");
        assert_eq!(ada.hears().await, "joined cats Bob");
        (ada, bob)
    }

    async fn both_hear(ada: &mut Client, bob: &mut Client, line: &str) {
        assert_eq!((ada.hears().await, bob.hears().await), (line.to_owned(), line.to_owned()));
    }

    #[tokio::test]
    async fn members_of_a_topic_receive_its_messages_and_notices_of_joins_and_leaves() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        let mut eve = named(&host, "/", "Eve").await;
        bob.says("say cats hello all").await;
        both_hear(&mut ada, &mut bob, "said cats Bob hello all").await;
        assert_eq!(eve.asks("who cats").await, "here cats Ada Bob");
        assert_eq!(bob.asks("leave cats").await, "left cats Bob");
        assert_eq!(ada.hears().await, "left cats Bob");
        assert_eq!(bob.asks("say cats hello?").await, "error you are not in cats");
        assert_eq!(bob.asks("join cats").await, "here cats Ada Bob");
        assert_eq!(ada.hears().await, "joined cats Bob");
        bob.vanishes();
        assert_eq!(ada.hears().await, "left cats Bob");
        // A client outside the topic has received nothing of this.
        assert_eq!(eve.asks("who cats").await, "here cats Ada");
    }

    #[tokio::test]
    async fn a_new_name_is_announced_in_its_owners_topics_and_is_unique() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        assert!(bob.asks("name Ada").await.starts_with("error a name has"));
        assert!(bob.asks("name two words").await.starts_with("name two"));
        assert_eq!(ada.hears().await, "renamed cats Bob two");
        assert_eq!(ada.asks("who cats").await, "here cats Ada two");
        assert!(ada.asks("meow").await.starts_with("error use:"));
    }

    #[tokio::test]
    async fn typing_is_announced_once_and_ends_with_the_message() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        ada.says("typing cats").await;
        ada.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Ada").await;
        bob.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Ada Bob").await;
        ada.says("say cats hello").await;
        both_hear(&mut ada, &mut bob, "said cats Ada hello").await;
        both_hear(&mut ada, &mut bob, "typing cats Bob").await;
        // Ada's timers were due before Bob's: a notice of them would arrive first.
        both_hear(&mut ada, &mut bob, "typing cats").await;
    }

    #[tokio::test]
    async fn a_leaver_stops_typing() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        bob.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Bob").await;
        bob.vanishes();
        assert_eq!(ada.hears().await, "left cats Bob");
        assert_eq!(ada.hears().await, "typing cats");
    }

    #[tokio::test]
    async fn names_topics_and_typing_survive_a_swap() {
        let host = Swappable::run("rooms", &[]);
        let (mut ada, mut bob) = two_in_cats(&host.host).await;
        bob.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Bob").await;
        host.swap("rooms");
        assert_eq!(ada.asks("who cats").await, "here cats Ada Bob");
        // The timer was set before the swap.
        both_hear(&mut ada, &mut bob, "typing cats").await;
        ada.says("say cats still here").await;
        both_hear(&mut ada, &mut bob, "said cats Ada still here").await;
    }

    #[tokio::test]
    async fn names_topics_and_typing_survive_a_trap() {
        let host = Host::run_with("rooms", &SHORT_OF_MEMORY);
        let (mut ada, mut bob) = two_in_cats(&host).await;
        let mut eve = named(&host, "/", "Eve").await;
        assert_eq!(eve.asks("join cats").await, "here cats Ada Bob Eve");
        both_hear(&mut ada, &mut bob, "joined cats Eve").await;
        bob.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Bob").await;
        eve.says(&a_megabyte()).await;
        assert_eq!(eve.is_closed().await.0, 1011);
        both_hear(&mut ada, &mut bob, "left cats Eve").await;
        assert_eq!(ada.asks("who cats").await, "here cats Ada Bob");
        both_hear(&mut ada, &mut bob, "typing cats").await;
        ada.says("say cats still here").await;
        both_hear(&mut ada, &mut bob, "said cats Ada still here").await;
    }

    #[tokio::test]
    async fn a_client_that_lags_gets_messages_but_no_typing_notices() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        // Ada talks until the host closes Bob, who reads nothing. By then far more than the soft limit waits.
        let flood = "x".repeat(100_000);
        'talking: for round in 0.. {
            assert!(round < 1000, "the host closes a client that reads nothing");
            ada.says(&format!("say cats {flood}")).await;
            ada.says("typing cats").await;
            ada.says(&format!("say cats {round}")).await;
            loop {
                match ada.hears().await.as_str() {
                    "left cats Bob" => break 'talking,
                    line if line == format!("said cats Ada {round}") => break,
                    _ => {}
                }
            }
        }
        let mut heard = Vec::new();
        while let Message::Text(line) = bob.next().await {
            heard.push(line.to_string());
        }
        let last_notice = heard.iter().rposition(|line| line.starts_with("typing")).expect("the first notices came");
        assert!(heard[..last_notice].iter().any(|line| line == "typing cats Ada"));
        let spared = heard[last_notice..].iter().filter(|line| line.len() < 100).count();
        assert!(spared > 3, "{spared} rounds without a notice");
    }

    #[tokio::test]
    async fn a_client_that_has_caught_up_is_told_which_members_type() {
        let host = Host::run("rooms");
        let (mut ada, mut bob) = two_in_cats(&host).await;
        ada.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Ada").await;
        // More than the soft limit waits, with a notice behind it. Both clients lag until it is written.
        let long = "x".repeat(70_000);
        ada.says(&format!("say cats {long}")).await;
        both_hear(&mut ada, &mut bob, &format!("said cats Ada {long}")).await;
        both_hear(&mut ada, &mut bob, "typing cats").await;
        // Once it is written, the notice is sent again.
        both_hear(&mut ada, &mut bob, "typing cats").await;
        ada.says("typing cats").await;
        both_hear(&mut ada, &mut bob, "typing cats Ada").await;
    }

    #[tokio::test]
    async fn per_room_a_topic_is_the_rooms_own() {
        let host = Host::run_with("rooms", &["--instances", "per-room"]);
        let mut blue = named(&host, "/blue", "Ada").await;
        let mut red = named(&host, "/red", "Ada").await;
        assert_eq!(blue.asks("join cats").await, "here cats Ada");
        assert_eq!(red.asks("join cats").await, "here cats Ada");
        both_hear(&mut blue, &mut red, "typing cats").await;
        blue.says("say cats hello").await;
        assert_eq!(blue.hears().await, "said cats Ada hello");
        assert_eq!(red.asks("who cats").await, "here cats Ada");
    }

    #[tokio::test]
    async fn per_client_each_client_is_alone() {
        let host = Host::run_with("rooms", &["--instances", "per-client"]);
        let mut first = named(&host, "/", "Ada").await;
        let mut second = named(&host, "/", "Ada").await;
        assert_eq!(first.asks("join cats").await, "here cats Ada");
        assert_eq!(second.asks("join cats").await, "here cats Ada");
        both_hear(&mut first, &mut second, "typing cats").await;
        first.says("typing cats").await;
        assert_eq!(first.hears().await, "typing cats Ada");
        assert_eq!(first.hears().await, "typing cats");
        assert_eq!(second.asks("who cats").await, "here cats Ada");
    }
}

mod ticker {
    use super::*;

    /// A client that plays, and its id.
    async fn player(host: &Host, path: &str) -> (Client, u64) {
        let mut client = Client::connect_to(host, path).await;
        let line = client.hears().await;
        let id = line.strip_prefix("you ").and_then(|rest| rest.strip_suffix(" 64 48")).and_then(|id| id.parse().ok());
        (client, id.unwrap_or_else(|| panic!("not {line:?} but an id and the field's size")))
    }

    /// The next state: the tick, and each dot, such as `1:7,5.`.
    async fn state(client: &mut Client) -> (u64, Vec<String>) {
        let line = client.hears().await;
        let mut words = line.split(' ').map(str::to_owned);
        let tick = words.next().and_then(|tick| tick.parse().ok());
        (tick.unwrap_or_else(|| panic!("not {line:?} but a state")), words.collect())
    }

    /// Plays on until the state is as wanted, for at most 20 seconds.
    async fn until(client: &mut Client, wanted: impl Fn(u64, &[String]) -> bool) -> (u64, Vec<String>) {
        for _ in 0..400 {
            let (tick, dots) = state(client).await;
            if wanted(tick, &dots) {
                return (tick, dots);
            }
        }
        panic!("the game never was as wanted")
    }

    /// Plays on until a dot appears. Returns the tick.
    async fn until_there(client: &mut Client, dot: &str) -> u64 {
        until(client, |_, dots| dots.iter().any(|other| other == dot)).await.0
    }

    /// Asks for the drift. Returns the number of ticks that it covers.
    async fn drift(client: &mut Client) -> usize {
        client.says("drift").await;
        loop {
            let line = client.hears().await;
            if let Some(told) = line.strip_prefix("drift ") {
                let (ticks, rest) = told.split_once(" ticks, ").expect("it tells of ticks");
                assert!(rest.contains(" left out; late by p50 ") && rest.ends_with(" ms"), "{line}");
                return ticks.parse().expect("a number of ticks");
            }
        }
    }

    #[tokio::test]
    async fn the_game_begins_with_the_first_player_and_shows_all_of_them_where_they_steer() {
        let host = Host::run("ticker");
        let (mut first, _) = player(&host, "/").await;
        assert_eq!(state(&mut first).await, (1, vec!["1:7,5.".to_owned()]));
        assert_eq!(state(&mut first).await, (2, vec!["1:7,5.".to_owned()]));
        let (mut second, _) = player(&host, "/").await;
        assert_eq!(state(&mut second).await.1, ["1:7,5.", "2:14,10."]);
        second.says("right").await;
        let tick = until_there(&mut first, "2:15,10>").await;
        assert_eq!(state(&mut first).await, (tick + 1, vec!["1:7,5.".to_owned(), "2:16,10>".to_owned()]));
        assert_eq!(until_there(&mut second, "2:16,10>").await, tick + 1);
        second.vanishes();
        until(&mut first, |_, dots| dots == ["1:7,5."]).await;
    }

    #[tokio::test]
    async fn it_stops_when_the_last_player_leaves_and_the_next_begins_anew() {
        let mut host = Host::run("ticker");
        let (mut client, _) = player(&host, "/").await;
        state(&mut client).await;
        client.leaves(1000, "").await;
        host.logs("the clock stops");
        let (mut client, id) = player(&host, "/").await;
        assert_eq!(id, 2);
        for tick in 1..=3 {
            assert_eq!(state(&mut client).await, (tick, vec!["2:14,10.".to_owned()]));
        }
        host.signal("TERM");
        assert_eq!(client.is_closed().await.0, 1001);
        let log = host.rest_of_log();
        assert!(!log.contains("the clock of an instance that trapped"), "the first clock has not gone on:\n{log}");
    }

    #[tokio::test]
    async fn it_reports_how_late_its_ticks_were() {
        let host = Host::run("ticker");
        let (mut client, _) = player(&host, "/").await;
        assert_eq!(drift(&mut client).await, 0);
        let (tick, _) = until(&mut client, |tick, _| tick >= 3).await;
        assert!(drift(&mut client).await as u64 >= tick);
        client.says("jump").await;
        while !client.hears().await.starts_with("error use:") {}
    }

    #[tokio::test]
    async fn a_swap_continues_the_game() {
        let mut host = Swappable::run("ticker", &[]);
        let (mut client, _) = player(&host.host, "/").await;
        client.says("down").await;
        let mut last = until_there(&mut client, "1:7,6v").await;
        let first = last;
        host.swap("ticker");
        // The new instance reports only its own measurements.
        assert!((drift_at(&mut client, &mut last).await as u64) < last);
        for _ in 0..3 {
            let (tick, dots) = state(&mut client).await;
            assert_eq!((tick, dots), (last + 1, vec![format!("1:7,{}v", (6 + tick - first) % 48)]));
            last = tick;
        }
        host.host.signal("TERM");
        let log = host.host.rest_of_log();
        assert_eq!(log.matches("the clock starts").count(), 1, "the timer is the same:\n{log}");
        assert!(!log.contains("the clock of an instance that trapped"), "the timer is known:\n{log}");
    }

    /// Asks for the drift, and counts the ticks that arrive before the answer.
    async fn drift_at(client: &mut Client, last: &mut u64) -> usize {
        client.says("drift").await;
        loop {
            let line = client.hears().await;
            if let Some((ticks, _)) = line.strip_prefix("drift ").and_then(|told| told.split_once(" ticks, ")) {
                return ticks.parse().expect("a number of ticks");
            }
            let tick: u64 = line.split(' ').next().and_then(|tick| tick.parse().ok()).expect("a state");
            assert_eq!(tick, *last + 1, "no tick is lost, none comes twice");
            *last = tick;
        }
    }

    #[tokio::test]
    async fn a_swap_of_an_empty_game_leaves_it_to_the_first_player_to_begin() {
        let host = Swappable::run("ticker", &[]);
        host.swap("ticker");
        let (mut client, _) = player(&host.host, "/").await;
        assert_eq!(state(&mut client).await, (1, vec!["1:7,5.".to_owned()]));
    }

    #[tokio::test]
    async fn after_a_trap_the_game_begins_anew_with_the_present_players() {
        let mut host = Host::run_with("ticker", &SHORT_OF_MEMORY);
        let (mut stays, _) = player(&host, "/").await;
        let (mut fails, _) = player(&host, "/").await;
        stays.says("down").await;
        until_there(&mut stays, "1:7,8v").await;
        fails.says(&a_megabyte()).await;
        assert_eq!(fails.is_closed().await.0, 1011);
        until(&mut stays, |tick, _| tick == 1).await;
        // One clock drives it: the earlier one has stopped.
        for tick in 2..=4 {
            assert_eq!(state(&mut stays).await, (tick, vec!["1:7,5.".to_owned()]));
        }
        host.signal("TERM");
        assert_eq!(stays.is_closed().await.0, 1001);
        let log = host.rest_of_log();
        assert_eq!(log.matches("the clock of an instance that trapped stops").count(), 1, "it ticks once more:\n{log}");
    }

    #[tokio::test]
    async fn per_room_each_path_has_its_game() {
        let host = Host::run_with("ticker", &["--instances", "per-room"]);
        let (mut blue, _) = player(&host, "/blue").await;
        state(&mut blue).await;
        let (mut red, _) = player(&host, "/red").await;
        red.says("left").await;
        assert_eq!(state(&mut red).await.0, 1);
        assert_eq!(state(&mut blue).await.1, ["1:7,5."]);
        let (mut blue_too, _) = player(&host, "/blue").await;
        assert_eq!(state(&mut blue_too).await.1, ["1:7,5.", "3:21,15."]);
    }

    #[tokio::test]
    async fn per_client_each_client_has_a_game_of_its_own() {
        let host = Host::run_with("ticker", &["--instances", "per-client"]);
        let (mut first, _) = player(&host, "/").await;
        state(&mut first).await;
        let (mut second, _) = player(&host, "/").await;
        assert_eq!(state(&mut second).await, (1, vec!["2:14,10.".to_owned()]));
        assert_eq!(state(&mut first).await.1, ["1:7,5."]);
    }
}
