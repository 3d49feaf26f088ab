//! The rules for plain HTTP requests that guests answer.
//!
//! | path | answer of the probe |
//! | --- | --- |
//! | `/echo` | 201, `x-probe: yes`, `METHOD PATH QUERY NOTE BODY`; NOTE is the value of `x-note` |
//! | `/panic` | answers, and fails in the same event |
//! | `/broken` | answers with a header that breaks its line; then with `invalid: DETAIL` |
//! | `/events` | begins an answer with `content-type: text/event-stream`, and broadcasts `asked ID` |
//! | another | broadcasts `asked ID` |
//!
//! | line or event | action of the probe |
//! | --- | --- |
//! | `respond ID TEXT`, `chunk ID TEXT`, `end ID` | answers a request whole, or in pieces; sends the result to the client |
//! | `abort ID` | gives an answer up |
//! | `open ID` | sends the client `open ID begun` or `open ID waits` for each request whose answer is not complete, whatever its own id |
//! | `much ID N` | sends N chunks of 64 KiB; sends the last result to the client |
//! | a request is drained, gone | broadcasts `drained ID`, `gone ID` |

use crate::support::http::{Raw, ask, request};
use crate::support::{Client, Host};

// The SDKs for Python and JavaScript hide the ids of requests: `tests/python.rs` and `tests/javascript.rs` have the rules that show there, in the
// words of each.
in_languages! { [rust, c] [
    a_request_is_answered_whole,
    a_request_is_answered_in_pieces_by_later_events,
    a_slow_client_of_an_answer_drains,
    a_failure_answers_for_the_guest,
    an_answer_that_is_refused_is_no_failure,
    open_requests_are_listed_and_aborted,
] }

/// The host of a probe. In Rust this is a guest of its own: other tests of the probe see the host's own answers to plain requests.
fn host(probe: &str) -> Host {
    Host::run(if probe == "probe" { "answering" } else { probe })
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Asks for a path of which the probe's client hears, and returns the connection and the id of the request.
async fn asks(host: &Host, client: &mut Client, path: &str) -> (Raw, String) {
    let mut raw = Raw::connect(&host.address);
    raw.says(get(path).as_bytes());
    let told = client.hears().await;
    (raw, told.strip_prefix("asked ").expect("the probe tells of it").to_owned())
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

async fn a_request_is_answered_whole(probe: &str) {
    let host = host(probe);
    let (mut client, _) = Client::join(&host).await;
    let posted = "POST /echo?a=b HTTP/1.1\r\nHost: localhost\r\nX-Note: noted\r\nContent-Length: 7\r\n\r\ngrüße";
    let mut raw = Raw::connect(&host.address);
    raw.says(posted.as_bytes());
    let answer = raw.whole_answer();
    assert_eq!((answer.status, answer.header("x-probe")), (201, "yes"));
    assert_eq!(text(&answer.body), "POST /echo a=b noted grüße");
    let (mut raw, id) = asks(&host, &mut client, "/later").await;
    assert_eq!(client.asks(&format!("respond {id} at last")).await, "ok");
    assert_eq!(text(&raw.whole_answer().body), "at last");
    assert_eq!(client.asks(&format!("respond {id} again")).await, "no-such-request");
}

async fn a_request_is_answered_in_pieces_by_later_events(probe: &str) {
    let host = host(probe);
    let (mut client, _) = Client::join(&host).await;
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    let head = raw.head();
    assert_eq!((head.status, head.header("content-type")), (200, "text/event-stream"));
    for word in ["one", "two"] {
        assert_eq!(client.asks(&format!("chunk {id} {word}")).await, "ok");
        assert_eq!(raw.chunk(), word.as_bytes());
    }
    assert_eq!(client.asks(&format!("respond {id} whole")).await, "wrong-order");
    assert_eq!(client.asks(&format!("end {id}")).await, "ok");
    assert_eq!(raw.chunk(), b"");
    let (raw, id) = asks(&host, &mut client, "/events").await;
    drop(raw);
    assert_eq!(client.hears().await, format!("gone {id}"));
    assert_eq!(client.asks(&format!("chunk {id} late")).await, "no-such-request");
}

async fn a_slow_client_of_an_answer_drains(probe: &str) {
    let host = host(probe);
    let (mut client, _) = Client::join(&host).await;
    let (mut raw, id) = asks(&host, &mut client, "/events").await;
    raw.head();
    assert_eq!(client.asks(&format!("much {id} 2")).await, "backpressure");
    let mut read = 0;
    while read < 2 << 16 {
        read += raw.chunk().len();
    }
    assert_eq!(client.hears().await, format!("drained {id}"));
}

async fn a_failure_answers_for_the_guest(probe: &str) {
    let mut host = host(probe);
    let (mut client, _) = Client::join(&host).await;
    let answer = ask(&host.address, &request("GET /panic"));
    assert_eq!(answer.status, 500);
    assert!(!text(&answer.body).contains("dropped"), "{answer:?}");
    host.logs("told to panic");
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::AfterTrap)");
}

async fn an_answer_that_is_refused_is_no_failure(probe: &str) {
    let host = host(probe);
    let answer = ask(&host.address, &request("GET /broken"));
    assert!(answer.status == 200 && text(&answer.body).starts_with("invalid: "), "{answer:?}");
}

async fn open_requests_are_listed_and_aborted(probe: &str) {
    let host = host(probe);
    let (mut client, _) = Client::join(&host).await;
    let (mut begun, first) = asks(&host, &mut client, "/events").await;
    begun.head();
    let (mut waits, second) = asks(&host, &mut client, "/later").await;
    assert_eq!(client.asks("open 0").await, format!("open {first} begun"));
    assert_eq!(client.hears().await, format!("open {second} waits"));
    for id in [first, second] {
        client.says(&format!("abort {id}")).await;
    }
    begun.is_cut();
    assert_eq!(waits.whole_answer().status, 500);
}
