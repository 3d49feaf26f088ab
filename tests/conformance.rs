//! The rules that guests of every language must keep, tested through the real binary.
//!
//! Each language has a guest `probe`, written with its SDK as an app would be. Clients command it by these lines. A missing `ID` means the client's own.
//! The result of a call of the contract is `ok`, `ok(NUMBER)` for a timer, or the name of its error in `wit/`, such as `no-such-client`.
//!
//! | event or line | action of the probe |
//! | --- | --- |
//! | a client joins | broadcasts `joined ID`; then fails if the query is `panic-on-join` |
//! | a client leaves | broadcasts `left ID: CODE "REASON" clean=true ...`, with `member=BOOL` at the end: whether `list` still has it |
//! | bytes | sends them back |
//! | `say TEXT` | sends TEXT back |
//! | `all TEXT`, `others TEXT` | broadcasts TEXT to all, or to all but the sender; sends the result |
//! | `send ID TEXT` | sends it |
//! | `list` | `[1, 2] of 2`: the ids, and the result of `count` |
//! | `get [ID]` | `ID ip=IP path=PATH query=QUERY agent=USER-AGENT subprotocol=Some("NAME") user=Some("NAME")`, or `None` each; `nobody` |
//! | `close ID CODE REASON` | closes; answers `ok, send=RESULT, member=BOOL`, with the result of a following `send` |
//! | `attach ID TEXT`, `attachment [ID]` | `Some("TEXT")` or `None` |
//! | `subscribe TOPIC`, `publish TOPIC TEXT`, `subscribers TOPIC` | `[1, 2]` |
//! | `of-user NAME`, `topics [ID]` | `[1, 2]`, `["news", "sport"]` |
//! | `timer MS TEXT`, `interval MS TEXT` | sets a timer, which broadcasts `timer NUMBER TEXT`, once or again and again |
//! | `keep KEY TEXT`, `drop KEY`, `clear` | writes to the store |
//! | `kept KEY` | `Some("TEXT")` or `None` |
//! | `keys PREFIX [AFTER]` | `KEY KEY`: the keys that `list` gives |
//! | `fill N`, `walk PREFIX` | keeps N entries `fill/0001`, ...; `N, KEY`: the number of all entries, read in parts, and the last key |
//! | `usage` | `N keys` |
//! | `messages` | `N since Some(StartReason::Fresh)`: the messages of this instance, and its start reason |
//! | `print TEXT` | prints it to stdout |
//! | `panic TEXT` | broadcasts, attaches, subscribes, writes, denies new clients, closes, and then fails with `told to panic: TEXT` on stderr |
//! | `spin` | computes forever |
//! | the path is `/refuse`, `/close`, `/panic`, `/subprotocol` | the gate refuses with 418, closes with 4001 `not you`, fails, agrees on the last subprotocol |
//! | the path is `/user/NAME` | the gate names the user, adds a header `x-user: NAME`, attaches `NAME of the gate` |
//! | the path is `/refuse-in-words` | it refuses with 401, `www-authenticate: Bearer`, `content-type: text/html` and `<p>Who are you?</p>` |
//!
//! `conformance/http.rs` has the commands on HTTP requests, `presence.rs` those on clients that are away, `rooms.rs` those on rooms, `requests.rs` those on requests to the probe.
//! The test that first needs the Rust probe builds it. Steps of `cargo xtask test` build the others and run their tests, which are ignored otherwise.

use crate::support::{Client, Host, Swappable, http::ask, http::upgrade, refusal};
use tokio_tungstenite::tungstenite::Message;

/// Runs each rule with the probe of each of these languages.
macro_rules! in_languages {
    ([$($language:ident),+] $rules:tt) => {
        $(in_language!($language $rules);)+
    };
}

/// Runs each rule with the probe of one language.
macro_rules! in_language {
    (rust [$($rule:ident),+ $(,)?]) => {
        mod rust {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule("probe").await;
            })+
        }
    };
    (python [$($rule:ident),+ $(,)?]) => {
        mod python {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test python-guests` builds the probe and runs this"]
            async fn $rule() {
                super::$rule("python/probe").await;
            })+
        }
    };
    (javascript [$($rule:ident),+ $(,)?]) => {
        mod javascript {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test js-guests` builds the probe and runs this"]
            async fn $rule() {
                super::$rule("js/probe").await;
            })+
        }
    };
    (c [$($rule:ident),+ $(,)?]) => {
        mod c {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test c-guests` builds the probe and runs this"]
            async fn $rule() {
                super::$rule("c/probe").await;
            })+
        }
    };
}

mod batches;
mod http;
mod presence;
mod requests;
mod rooms;

in_languages! { [rust, python, javascript, c] [
    a_newcomer_hears_of_itself_and_so_do_the_others,
    a_leaver_is_told_of_once_with_code_and_reason_and_is_no_member,
    messages_are_handled_in_their_order_and_answered_in_it,
    everybody_hears_broadcasts_in_the_same_order,
    a_broadcast_passes_over_whom_it_excepts,
    text_and_bytes_arrive_as_they_were_sent,
    a_client_knows_its_request,
    a_close_comes_behind_what_was_sent_and_is_told_of,
    errors_of_the_contract_are_answers_not_failures,
    attachments_topics_and_timers_work,
    the_store_keeps_lists_and_drops_entries,
    the_gate_decides,
    a_gate_refuses_in_its_own_words,
    a_gate_says_who_the_client_is,
    the_topics_of_a_client_are_listed_by_name,
    the_guests_output_is_logged,
    a_failure_takes_back_its_effects_and_closes_its_client_alone,
    a_failure_in_a_join_closes_that_client,
    after_a_failure_a_fresh_instance_starts_and_learns_why,
    state_in_the_host_survives_a_failure,
    a_guest_that_computes_for_ever_is_ended,
    a_swap_keeps_clients_and_what_the_host_keeps,
] }

/// Two clients, the first of which has heard of the join of the second.
async fn two(host: &Host) -> (Client, Client) {
    let (mut first, _) = Client::join(host).await;
    let (second, _) = Client::join(host).await;
    assert_eq!(first.hears().await, "joined 2");
    (first, second)
}

async fn a_newcomer_hears_of_itself_and_so_do_the_others(probe: &str) {
    let host = Host::run(probe);
    let mut first = Client::connect(&host).await;
    assert_eq!(first.hears().await, "joined 1");
    let mut second = Client::connect(&host).await;
    assert_eq!(second.hears().await, "joined 2");
    assert_eq!(first.hears().await, "joined 2");
    assert_eq!(first.asks("list").await, "[1, 2] of 2");
}

async fn a_leaver_is_told_of_once_with_code_and_reason_and_is_no_member(probe: &str) {
    let host = Host::run(probe);
    let (mut stays, leaves) = two(&host).await;
    assert_eq!(leaves.leaves(4321, "good bye").await, Some((4321, "good bye".to_owned())));
    let left = stays.hears().await;
    assert!(left.starts_with("left 2: 4321 \"good bye\" clean=true"), "{left}");
    assert!(left.contains("member=false"), "{left}");
    let (third, _) = Client::join(&host).await;
    assert_eq!(stays.hears().await, "joined 3");
    third.vanishes();
    let left = stays.hears().await;
    assert!(left.starts_with("left 3: 1006 \"\" clean=false"), "{left}");
    assert_eq!(stays.asks("list").await, "[1] of 1");
}

async fn messages_are_handled_in_their_order_and_answered_in_it(probe: &str) {
    let host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    for n in 0..1000 {
        client.says(&format!("say {n}")).await;
    }
    for n in 0..1000 {
        assert_eq!(client.hears().await, n.to_string());
    }
}

async fn everybody_hears_broadcasts_in_the_same_order(probe: &str) {
    let host = Host::run(probe);
    let (mut first, mut second) = two(&host).await;
    for n in 0..50 {
        first.says(&format!("all first {n}")).await;
        second.says(&format!("all second {n}")).await;
    }
    let (mut heard, mut heard_too) = (Vec::new(), Vec::new());
    while heard.len() < 100 {
        heard.extend(Some(first.hears().await).filter(|text| text != "ok"));
    }
    while heard_too.len() < 100 {
        heard_too.extend(Some(second.hears().await).filter(|text| text != "ok"));
    }
    assert_eq!(heard, heard_too);
}

async fn a_broadcast_passes_over_whom_it_excepts(probe: &str) {
    let host = Host::run(probe);
    let (mut first, mut second) = two(&host).await;
    assert_eq!(first.asks("others for the second").await, "ok");
    assert_eq!(second.hears().await, "for the second");
}

async fn text_and_bytes_arrive_as_they_were_sent(probe: &str) {
    let host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("say grüße, 世界 🌍").await, "grüße, 世界 🌍");
    assert_eq!(client.asks("say ").await, "");
    let all: Vec<u8> = (0..=255).collect();
    for data in [all, Vec::new(), vec![7; 1 << 20]] {
        client.sends(&data).await;
        assert_eq!(client.next().await, Message::binary(data));
    }
}

async fn a_client_knows_its_request(probe: &str) {
    let host = Host::run(probe);
    let headers = [("user-agent", "tester/1"), ("sec-websocket-protocol", "one, two")];
    let (mut client, response) = Client::connect_with(&host, "/subprotocol?a=1&b=%20", &headers).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], "two");
    client.hears().await;
    assert_eq!(
        client.asks("get").await,
        "1 ip=127.0.0.1 path=/subprotocol query=a=1&b=%20 agent=tester/1 subprotocol=Some(\"two\") user=None"
    );
    assert_eq!(client.asks("get 99").await, "nobody");
}

async fn a_close_comes_behind_what_was_sent_and_is_told_of(probe: &str) {
    let host = Host::run(probe);
    let (mut first, mut second) = two(&host).await;
    assert!(first.asks("send 2 last words").await.starts_with("ok"));
    assert_eq!(first.asks("close 2 4000 bye").await, "ok, send=closing, member=true");
    assert_eq!(second.hears().await, "last words");
    assert_eq!(second.is_closed().await, (4000, "bye".to_owned()));
    let left = first.hears().await;
    assert!(left.starts_with("left 2: 4000 \"bye\" clean=true"), "{left}");
}

async fn errors_of_the_contract_are_answers_not_failures(probe: &str) {
    let host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("send 99 x").await, "no-such-client");
    assert!(client.asks("close 1 1005 x").await.starts_with("invalid-code"));
    assert!(client.asks(&format!("close 1 4000 {}", "x".repeat(124))).await.starts_with("reason-too-long"));
    assert!(client.asks("close 99 4000 x").await.starts_with("no-such-client"));
    assert_eq!(client.asks("attach 99 x").await, "no-such-client");
    assert_eq!(client.asks(&format!("attach 1 {}", "x".repeat(16_385))).await, "too-big");
    assert_eq!(client.asks("subscribe ").await, "invalid-topic");
    assert_eq!(client.asks(&format!("keep {} x", "k".repeat(513))).await, "key-too-long");
    assert_eq!(client.asks(&format!("keep a {}", "x".repeat(131_073))).await, "value-too-big");
    assert!(client.asks("messages").await.starts_with("10 since "));
}

async fn attachments_topics_and_timers_work(probe: &str) {
    let host = Host::run(probe);
    let (mut first, mut second) = two(&host).await;
    assert_eq!(first.asks("attachment").await, "None");
    assert_eq!(first.asks("attach 1 a note").await, "ok");
    assert_eq!(second.asks("attachment 1").await, "Some(\"a note\")");
    assert_eq!(first.asks("subscribe news").await, "ok");
    assert_eq!(second.asks("subscribers news").await, "[1]");
    assert_eq!(second.asks("publish news hello").await, "ok");
    assert_eq!(first.hears().await, "hello");
    assert_eq!(second.asks("timer 1 tick tock").await, "ok(1)");
    assert_eq!(second.hears().await, "timer 1 tick tock");
    assert_eq!(first.hears().await, "timer 1 tick tock");
    assert_eq!(first.asks("interval 0.25 again").await, "ok(2)");
    for _ in 0..4 {
        assert_eq!(first.hears().await, "timer 2 again");
    }
}

async fn the_store_keeps_lists_and_drops_entries(probe: &str) {
    let host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("kept a").await, "None");
    for line in ["keep a ", "keep b/1 grüße, 世界 🌍", "keep b/2 two", "keep b/3 three", "keep c see"] {
        assert_eq!(client.asks(line).await, "ok");
    }
    assert_eq!([client.asks("kept a").await, client.asks("kept b/1").await], ["Some(\"\")", "Some(\"grüße, 世界 🌍\")"]);
    assert_eq!([client.asks("keys ").await, client.asks("keys b/").await], ["a b/1 b/2 b/3 c", "b/1 b/2 b/3"]);
    assert_eq!([client.asks("keys b/ b/1").await, client.asks("keys b/ b/3").await], ["b/2 b/3", ""]);
    assert_eq!([client.asks("drop b/2").await, client.asks("kept b/2").await], ["ok", "None"]);
    assert_eq!([client.asks("keep c anew").await, client.asks("kept c").await], ["ok", "Some(\"anew\")"]);
    assert_eq!(client.asks("usage").await, "4 keys");
    assert_eq!([client.asks("fill 250").await, client.asks("walk fill/").await], ["ok", "250, fill/0250"]);
    assert_eq!([client.asks("clear").await, client.asks("usage").await], ["ok", "0 keys"]);
}

async fn the_gate_decides(probe: &str) {
    let host = Host::run(probe);
    assert_eq!(refusal(&host, "/refuse", &[]).await, 418);
    assert_eq!(Client::connect_to(&host, "/close").await.is_closed().await, (4001, "not you".to_owned()));
    assert_eq!(refusal(&host, "/panic", &[]).await, 500);
    Client::join(&host).await;
}

async fn a_gate_refuses_in_its_own_words(probe: &str) {
    let host = Host::run(probe);
    let refused = ask(&host.address, &upgrade("/refuse-in-words", &[]));
    assert_eq!((refused.status, &*refused.body), (401, &b"<p>Who are you?</p>"[..]));
    assert_eq!((refused.header("www-authenticate"), refused.header("content-type")), ("Bearer", "text/html"));
}

async fn a_gate_says_who_the_client_is(probe: &str) {
    let host = Host::run(probe);
    let (mut ann, response) = Client::connect_with(&host, "/user/ann", &[]).await;
    assert_eq!(response.headers()["x-user"], "ann");
    assert_eq!(ann.hears().await, "joined 1");
    assert!(ann.asks("get").await.ends_with("user=Some(\"ann\")"));
    assert_eq!(ann.asks("attachment").await, "Some(\"ann of the gate\")");
    let (stranger, _) = Client::join(&host).await;
    let (again, _) = Client::connect_with(&host, "/user/ann", &[]).await;
    assert_eq!([ann.hears().await, ann.hears().await], ["joined 2", "joined 3"]);
    assert_eq!(ann.asks("of-user ann").await, "[1, 3]");
    assert_eq!(ann.asks("of-user ben").await, "[]");
    stranger.vanishes();
    again.vanishes();
    ann.hears().await;
    ann.hears().await;
    assert_eq!(ann.asks("of-user ann").await, "[1]");
}

async fn the_topics_of_a_client_are_listed_by_name(probe: &str) {
    let host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    for topic in ["sport", "news", "news"] {
        assert_eq!(client.asks(&format!("subscribe {topic}")).await, "ok");
    }
    assert_eq!(client.asks("topics").await, "[\"news\", \"sport\"]");
    assert_eq!(client.asks("topics 99").await, "[]");
}

async fn the_guests_output_is_logged(probe: &str) {
    let mut host = Host::run(probe);
    let (mut client, _) = Client::join(&host).await;
    client.says("print a line of the guest").await;
    let line = host.logs("a line of the guest");
    assert!(line.contains("room=\"main\""), "{line}");
}

async fn a_failure_takes_back_its_effects_and_closes_its_client_alone(probe: &str) {
    let mut host = Host::run(probe);
    let (mut stays, mut fails) = two(&host).await;
    fails.says("panic now").await;
    assert_eq!(fails.is_closed().await.0, 1011);
    // No broadcast of the failed handler arrived before this.
    let left = stays.hears().await;
    assert!(left.starts_with("left 2: 1011 "), "{left}");
    assert_eq!(stays.asks("subscribers half").await, "[]");
    assert_eq!(stays.asks("kept half").await, "None");
    // `deny` was undone too.
    let (_third, id) = Client::join(&host).await;
    assert_eq!(id, 3);
    assert!(host.logs("told to panic: now").contains("room=\"main\""), "its log line names the room");
    host.logs("the guest's on-message");
}

async fn a_failure_in_a_join_closes_that_client(probe: &str) {
    let host = Host::run(probe);
    let (mut stays, _) = Client::join(&host).await;
    let mut fails = Client::connect_to(&host, "/?panic-on-join").await;
    assert_eq!(fails.is_closed().await.0, 1011);
    let left = stays.hears().await;
    assert!(left.starts_with("left 2: 1011 "), "{left}");
}

async fn after_a_failure_a_fresh_instance_starts_and_learns_why(probe: &str) {
    let host = Host::run(probe);
    let (mut stays, mut fails) = two(&host).await;
    assert_eq!(stays.asks("messages").await, "1 since Some(StartReason::Fresh)");
    fails.says("panic").await;
    fails.is_closed().await;
    stays.hears().await;
    assert_eq!(stays.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
}

async fn state_in_the_host_survives_a_failure(probe: &str) {
    let host = Host::run(probe);
    let (mut stays, mut fails) = two(&host).await;
    assert_eq!(stays.asks("attach 1 a note").await, "ok");
    assert_eq!(stays.asks("subscribe news").await, "ok");
    assert_eq!(stays.asks("keep a note").await, "ok");
    fails.says("panic").await;
    fails.is_closed().await;
    stays.hears().await;
    assert_eq!(stays.asks("attachment").await, "Some(\"a note\")");
    assert_eq!(stays.asks("subscribers news").await, "[1]");
    assert_eq!(stays.asks("kept a").await, "Some(\"note\")");
}

async fn a_guest_that_computes_for_ever_is_ended(probe: &str) {
    let mut host = Host::run(probe);
    let (mut stays, mut spins) = two(&host).await;
    spins.says("spin").await;
    assert_eq!(spins.is_closed().await.0, 1011);
    stays.hears().await;
    assert_eq!(stays.asks("say here").await, "here");
    host.logs("ran for longer than the 1s");
}

async fn a_swap_keeps_clients_and_what_the_host_keeps(probe: &str) {
    // Nobody answers pings while this test waits for a swap, whose compilation takes longer the busier the machine is.
    let host = Swappable::run(probe, &["--ping", "1h"]);
    let (mut first, mut second) = two(&host.host).await;
    assert_eq!(first.asks("attach 1 a note").await, "ok");
    assert_eq!(first.asks("subscribe news").await, "ok");
    assert_eq!(first.asks("keep a note").await, "ok");
    host.swap(probe);
    assert_eq!(second.asks("messages").await, "1 since Some(StartReason::Swap)");
    assert_eq!(second.asks("attachment 1").await, "Some(\"a note\")");
    assert_eq!(second.asks("subscribers news").await, "[1]");
    assert_eq!(second.asks("kept a").await, "Some(\"note\")");
    assert_eq!(second.asks("list").await, "[1, 2] of 2");
    // A guest in another language takes over next. It knows neither the state nor the app.
    host.swap("echo");
    assert_eq!(first.asks("hello").await, "hello");
}
