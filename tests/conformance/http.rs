//! The rules for the requests of guests to HTTP servers.
//!
//! A client commands the probe by these lines. Each request has a NAME, without spaces, which is its context: an instance that has
//! not asked reports the answer in the same words, from `responses` or from its SDK's handler for answers that nobody waits for.
//! Nothing is sent when a request is accepted. Every report is a broadcast.
//!
//! | line | action of the probe |
//! | --- | --- |
//! | `fetch NAME URL` | asks with `GET` |
//! | `stream NAME URL` | asks with `GET`, for a body in pieces |
//! | `post NAME URL TEXT` | asks with `POST`, the header `x-note: NAME` and the body TEXT |
//! | `cancel NAME` | gives the request up; sends `cancelled` to the client, and reports nothing of the request |
//! | `fetch-and-fail NAME URL` | asks with `GET`, and fails in the same event |
//!
//! | event | report |
//! | --- | --- |
//! | a whole answer | `NAME STATUS TYPE "BODY"`; TYPE is the value of `content-type`, or `-` |
//! | the head of a streamed answer | `NAME STATUS TYPE` |
//! | a piece of a body | `NAME piece "TEXT"` |
//! | the end of a streamed body | `NAME end` |
//! | a request that is refused or fails, also in the middle of a body | `NAME CAUSE: DETAIL`; CAUSE is the name of the error in `wit/`, such as `room-full` or `denied`, DETAIL its text |

mod callbacks;

use crate::support::{Client, Host, Swappable, Upstream};

/// Lets requests go to this machine.
const LOCAL: [&str; 4] = ["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"];

// An SDK joins the list when it has requests.
in_languages! { [rust, python, javascript, c] [
    a_whole_answer_comes_with_its_context,
    a_request_goes_out_as_it_was_made,
    a_streamed_answer_comes_piece_by_piece,
    answers_come_in_the_order_of_the_servers,
    a_request_that_is_given_up_has_no_answer,
    a_refused_request_is_an_answer_and_no_failure,
    a_failed_request_tells_its_cause,
    a_failure_takes_back_its_requests,
    answers_reach_the_next_release,
] }

fn host(probe: &str, more: &[&str]) -> Host {
    Host::run_with(probe, &[&LOCAL, more].concat())
}

async fn a_whole_answer_comes_with_its_context(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("fetch one {}", upstream.url("/a?b=c"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "GET /a?b=c");
    asked.answers("grüße, 世界 🌍").await;
    assert_eq!(client.hears().await, "one 200 text/plain \"grüße, 世界 🌍\"");
    client.says(&format!("fetch two {}", upstream.url("/"))).await;
    asked.asks_again().await;
    asked.sends("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(client.hears().await, "two 404 - \"\"", "an answer is no failure, whatever its status");
}

async fn a_request_goes_out_as_it_was_made(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("post noted {} some grüße", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    let text = asked.text.to_lowercase();
    assert_eq!(asked.line(), "POST /");
    assert!(text.contains("\r\nx-note: noted\r\n") && text.contains("\r\ncontent-length: 12\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nsome grüße"), "{text}");
    asked.answers("").await;
    assert_eq!(client.hears().await, "noted 200 text/plain \"\"");
}

async fn a_streamed_answer_comes_piece_by_piece(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("stream it {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    assert_eq!(client.hears().await, "it 200 -");
    for word in ["once", "upon", "a time"] {
        asked.chunk(word).await;
        assert_eq!(client.hears().await, format!("it piece \"{word}\""));
    }
    asked.chunk("").await;
    assert_eq!(client.hears().await, "it end");
}

async fn answers_come_in_the_order_of_the_servers(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("fetch slow {}", upstream.url("/"))).await;
    let mut slow = upstream.is_asked().await;
    client.says(&format!("fetch quick {}", upstream.url("/"))).await;
    let mut quick = upstream.is_asked().await;
    assert_eq!(client.asks("say meanwhile").await, "meanwhile");
    quick.answers("first").await;
    assert_eq!(client.hears().await, "quick 200 text/plain \"first\"");
    slow.answers("second").await;
    assert_eq!(client.hears().await, "slow 200 text/plain \"second\"");
}

async fn a_request_that_is_given_up_has_no_answer(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    client.says(&format!("fetch whole {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(client.asks("cancel whole").await, "cancelled");
    asked.is_given_up().await;
    client.says(&format!("stream streamed {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    asked.chunk("half").await;
    assert_eq!([client.hears().await, client.hears().await], ["streamed 200 -", "streamed piece \"half\""]);
    assert_eq!(client.asks("cancel streamed").await, "cancelled");
    asked.is_given_up().await;
    assert_eq!(client.asks("say nothing else").await, "nothing else");
}

async fn a_refused_request_is_an_answer_and_no_failure(probe: &str) {
    let (host, upstream) = (host(probe, &["--fetch-room", "1", "--fetch-body", "10"]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    let told = client.asks("fetch a http://elsewhere.example/").await;
    assert!(told.starts_with("a denied: ") && told.contains("elsewhere.example"), "{told}");
    let told = client.asks("fetch b ftp://localhost/").await;
    assert!(told.starts_with("b invalid: "), "{told}");
    let told = client.asks(&format!("post c {} eleven bytes", upstream.url("/"))).await;
    assert!(told.starts_with("c too-big: "), "{told}");
    client.says(&format!("fetch d {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    let told = client.asks(&format!("fetch e {}", upstream.url("/"))).await;
    assert!(told.starts_with("e room-full"), "{told}");
    asked.answers("room again").await;
    assert_eq!(client.hears().await, "d 200 text/plain \"room again\"");
    assert!(client.asks("messages").await.starts_with("6 since "));
}

async fn a_failed_request_tells_its_cause(probe: &str) {
    let (host, upstream) = (host(probe, &["--fetch-body", "10", "--fetch-timeout", "1s"]), Upstream::new().await);
    let (mut client, _) = Client::join(&host).await;
    let closed = Upstream::new().await.url("/");
    let told = client.asks(&format!("fetch a {closed}")).await;
    assert!(told.starts_with("a unreachable: "), "{told}");
    client.says(&format!("fetch b {}", upstream.url("/"))).await;
    drop(upstream.is_asked().await);
    let told = client.hears().await;
    assert!(told.starts_with("b broken: "), "{told}");
    client.says(&format!("fetch c {}", upstream.url("/"))).await;
    upstream.is_asked().await.answers("eleven bytes").await;
    let told = client.hears().await;
    assert!(told.starts_with("c too-big: "), "{told}");
    client.says(&format!("stream d {}", upstream.url("/"))).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    asked.chunk("half").await;
    assert_eq!([client.hears().await, client.hears().await], ["d 200 -", "d piece \"half\""]);
    drop(asked);
    let told = client.hears().await;
    assert!(told.starts_with("d broken: "), "{told}");
    client.says(&format!("fetch e {}", upstream.url("/"))).await;
    let _silent = upstream.is_asked().await;
    let told = client.hears().await;
    assert!(told.starts_with("e timeout: "), "{told}");
}

async fn a_failure_takes_back_its_requests(probe: &str) {
    let (host, upstream) = (host(probe, &[]), Upstream::new().await);
    let (mut stays, _) = Client::join(&host).await;
    let (mut fails, _) = Client::join(&host).await;
    stays.hears().await;
    fails.says(&format!("fetch-and-fail a {}", upstream.url("/dropped"))).await;
    assert_eq!(fails.is_closed().await.0, 1011);
    stays.hears().await;
    stays.says(&format!("fetch b {}", upstream.url("/sent"))).await;
    assert_eq!(upstream.is_asked().await.line(), "GET /sent");
}

async fn answers_reach_the_next_release(probe: &str) {
    // Nobody answers pings while this test waits for a swap, whose compilation takes longer the busier the machine is.
    let host = Swappable::run(probe, &[&LOCAL[..], &["--ping", "1h"]].concat());
    let upstream = Upstream::new().await;
    let (mut client, _) = Client::join(&host.host).await;
    client.says(&format!("fetch whole {}", upstream.url("/"))).await;
    let mut whole = upstream.is_asked().await;
    client.says(&format!("stream streamed {}", upstream.url("/"))).await;
    let mut streamed = upstream.is_asked().await;
    streamed.begins().await;
    streamed.chunk("before").await;
    assert_eq!([client.hears().await, client.hears().await], ["streamed 200 -", "streamed piece \"before\""]);
    host.swap(probe);
    assert_eq!(client.asks("messages").await, "1 since Some(StartReason::Swap)");
    whole.answers("an answer").await;
    assert_eq!(client.hears().await, "whole 200 text/plain \"an answer\"");
    streamed.chunk("after").await;
    assert_eq!(client.hears().await, "streamed piece \"after\"");
    streamed.chunk("").await;
    assert_eq!(client.hears().await, "streamed end");
}
