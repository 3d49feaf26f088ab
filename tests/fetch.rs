//! Requests of a guest to HTTP servers.

use crate::support::tls::{Certificate, Files};
use crate::support::{Asked, Client, Host, Swappable, Upstream, fails};

/// Lets requests go to this machine.
const LOCAL: [&str; 4] = ["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"];

fn local<'a>(more: &[&'a str]) -> Vec<&'a str> {
    LOCAL.iter().chain(more).copied().collect()
}

fn host(more: &[&str]) -> Host {
    Host::run_with("caller", &local(more))
}

/// Has the guest ask for a streamed answer, whose head comes.
async fn begins_to_stream(client: &mut Client, upstream: &Upstream, path: &str) -> Asked {
    client.asks(&format!("stream {}", upstream.url(path))).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    asked
}

#[tokio::test]
async fn a_server_that_takes_its_time_holds_nobody_up() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let (mut asker, mut talker) = (Client::connect(&host).await, Client::connect(&host).await);
    assert_eq!(asker.asks(&format!("get {}", upstream.url("/slow"))).await, "asked 1");
    let mut asked = upstream.is_asked().await;
    for number in 0..1000 {
        talker.says(&format!("message {number}")).await;
    }
    for number in 0..1000 {
        let expected = format!("message {number}");
        assert_eq!((asker.hears().await, talker.hears().await), (expected.clone(), expected));
    }
    asked.answers("at last").await;
    assert_eq!(asker.hears().await, "1 200 text/plain Some(\"at last\"), asked 1");
}

#[tokio::test]
async fn a_request_is_sent_as_the_guest_has_made_it() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.asks(&format!("put {}", upstream.url("/a?b=c#d"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "PUT /a?b=c");
    let has = |line: &str| asked.text.contains(&format!("\r\n{line}\r\n"));
    assert!(
        has("x-note: a\tb") && has("content-length: 6") && has(&format!("host: localhost:{}", upstream.port())),
        "{}",
        asked.text
    );
    assert!(asked.text.contains("\r\nuser-agent: ws-host/") && asked.text.ends_with("\r\n\r\na body"), "{}", asked.text);
    asked.sends("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(client.hears().await, "1 302 - Some(\"\"), asked 1", "a redirect is an answer");
}

#[tokio::test]
async fn an_answer_that_comes_word_by_word_reaches_the_client_word_by_word() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    let mut asked = begins_to_stream(&mut client, &upstream, "/").await;
    assert_eq!(client.hears().await, "1 200 - None, asked 1");
    for word in ["once", "upon", "a", "time"] {
        asked.chunk(word).await;
        assert_eq!(client.hears().await, format!("1 piece {word}"));
    }
    asked.chunk("").await;
    assert_eq!(client.hears().await, "1 end");
}

#[tokio::test]
async fn an_answer_arrives_over_a_swap_and_a_trap_with_its_context() {
    let (host, upstream) = (Swappable::run("caller", &local(&[])), Upstream::new().await);
    let mut client = Client::connect(&host.host).await;
    client.asks(&format!("get {}", upstream.url("/whole"))).await;
    let mut whole = upstream.is_asked().await;
    let mut streamed = begins_to_stream(&mut client, &upstream, "/streamed").await;
    assert_eq!(client.hears().await, "2 200 - None, asked 2");
    let host = tokio::task::spawn_blocking(move || {
        host.swap("caller");
        host
    });
    let host = host.await.expect("the swap succeeds");
    streamed.chunk("after the swap").await;
    assert_eq!(client.hears().await, "2 piece after the swap");
    let mut other = Client::connect(&host.host).await;
    other.says("trap").await;
    assert_eq!(other.is_closed().await.0, 1011);
    whole.answers("after the trap").await;
    assert_eq!(client.hears().await, "1 200 text/plain Some(\"after the trap\"), asked 0", "an instance that has not asked");
    streamed.chunk("trap").await;
    streamed.chunk("after a trap of its own").await;
    assert_eq!(client.hears().await, "2 piece after a trap of its own");
    streamed.chunk("").await;
    assert_eq!(client.hears().await, "2 end");
}

#[tokio::test]
async fn a_handler_that_traps_has_asked_nobody() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let (mut first, mut second) = (Client::connect(&host).await, Client::connect(&host).await);
    first.says(&format!("fail {}", upstream.url("/first"))).await;
    assert_eq!(first.is_closed().await.0, 1011);
    second.asks(&format!("get {}", upstream.url("/second"))).await;
    assert_eq!(upstream.is_asked().await.line(), "GET /second");
}

#[tokio::test]
async fn a_task_is_one_event_from_wait_to_wait() {
    let (mut host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.says(&format!("task {}", upstream.url("/"))).await;
    assert_eq!([client.hears().await, client.hears().await], ["handler", "first"]);
    assert_eq!(client.asks("meanwhile").await, "meanwhile");
    let mut asked = upstream.is_asked().await;
    asked.answers("fine").await;
    let heard = [client.hears().await, client.hears().await, client.hears().await];
    assert_eq!(heard, ["second fine 1", "timer of the handler", "third"]);
    client.says(&format!("task {}", upstream.url("/"))).await;
    assert_eq!([client.hears().await, client.hears().await], ["handler", "first"]);
    asked.asks_again().await;
    asked.answers("fail").await;
    assert_eq!([client.hears().await, client.hears().await], ["second fail 2", "timer of the handler"]);
    host.logs("the test asked for it");
    client.says("missed").await;
    // The failure takes back the third event, and none before it.
    assert_eq!(client.next().await, tokio_tungstenite::tungstenite::Message::binary("in the second"));
    client.says(&format!("task {}", upstream.url("/"))).await;
    assert_eq!([client.hears().await, client.hears().await], ["handler", "first"]);
    asked.asks_again().await;
    asked.answers("fine").await;
    assert_eq!(client.hears().await, "second fine 1", "the instance is a new one");
}

#[tokio::test]
async fn a_request_of_a_handler_that_writes_is_sent_when_the_write_is_durable() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().to_str().expect("the path is text").to_owned();
    let (host, upstream) = (host(&["--data", &data]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.says(&format!("write {}", upstream.url("/written"))).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!((asked.line(), client.hears().await), ("GET /written", "asked 1".to_owned()));
    asked.answers("done").await;
    assert_eq!(client.hears().await, "1 200 text/plain Some(\"done\"), asked 1");
}

#[tokio::test]
async fn a_request_of_a_handler_that_writes_is_interrupted_by_a_crash_and_not_sent_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().to_str().expect("the path is text").to_owned();
    let upstream = Upstream::new().await;
    let mut crashed = host(&["--data", &data]);
    let mut client = Client::connect(&crashed).await;
    client.says(&format!("write {}", upstream.url("/written"))).await;
    let mut asked = upstream.is_asked().await;
    crashed.signal("KILL");
    crashed.ended();
    asked.is_given_up().await;
    let host = host(&["--data", &data]);
    let mut client = Client::connect(&host).await;
    client.says("missed").await;
    assert!(
        matches!(client.next().await, tokio_tungstenite::tungstenite::Message::Binary(told) if told == "1 interrupted: the host has ended before the answer came")
    );
    client.asks(&format!("get {}", upstream.url("/next"))).await;
    assert_eq!(upstream.is_asked().await.line(), "GET /next");
}

#[tokio::test]
async fn a_request_that_is_given_up_has_no_answer_and_its_connection_ends() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    for word in ["get", "stream"] {
        let answer = client.asks(&format!("{word} {}", upstream.url("/"))).await;
        let id = answer.strip_prefix("asked ").expect("it is asked");
        let mut asked = upstream.is_asked().await;
        client.says(&format!("cancel {id}")).await;
        asked.is_given_up().await;
    }
    assert_eq!(client.asks("hello").await, "hello", "nothing was told of them");
}

#[tokio::test]
async fn requests_are_denied_unless_the_owner_allows_the_server() {
    let mut host = Host::run("caller");
    let mut client = Client::connect(&host).await;
    assert_eq!(
        client.asks("get http://localhost:1/").await,
        "denied: this host does not allow requests to localhost:1: it allows none"
    );
    host.logs("denied: a request of the application to localhost:1, which is not among the servers that `allow_http` names");
    let host = Host::run_with("caller", &["--allow-http", "localhost:1", "--allow-http", "*.example.com"]);
    let mut client = Client::connect(&host).await;
    assert_eq!(
        client.asks("get https://localhost:2/").await,
        "denied: this host does not allow requests to localhost:2: it allows localhost:1, *.example.com"
    );
    assert!(
        client.asks("get http://2130706433:1/").await.starts_with("invalid: the URL \"http://2130706433:1/\" has a host that")
    );
}

#[tokio::test]
async fn addresses_that_are_not_public_are_denied_whatever_their_name() {
    let upstream = Upstream::new().await;
    let mut host = Host::run_with("caller", &["--allow-http", "*"]);
    let mut client = Client::connect(&host).await;
    let port = upstream.port();
    for name in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "169.254.169.254", "[64:ff9b::7f00:1]"] {
        client.says(&format!("get http://{name}:{port}/")).await;
        let asked = client.hears().await;
        let id = asked.strip_prefix("asked ").expect("the name is allowed");
        let answer = client.hears().await;
        assert!(answer.starts_with(&format!("{id} denied: this host does not connect to the address of ")), "{name}: {answer}");
    }
    host.logs(&format!("denied: a request of the application to localhost:{port}, whose address"));
}

#[tokio::test]
async fn a_room_and_all_rooms_have_so_many_requests_at_a_time() {
    let upstream = Upstream::new().await;
    let host = host(&["--instances", "per-room", "--shards", "1", "--fetch-room", "2", "--fetch-total", "3"]);
    let (mut one, mut two) = (Client::connect_to(&host, "/one").await, Client::connect_to(&host, "/two").await);
    let flood = format!("flood {}", upstream.url("/"));
    assert_eq!(one.asks(&flood).await, "room-full");
    assert_eq!(two.asks(&flood).await, "total-full");
    upstream.is_asked().await.answers("a place is free").await;
    // One of the three has ended, whichever it was.
    let heard = tokio::select! { heard = one.hears() => heard, heard = two.hears() => heard };
    assert!(heard.contains("a place is free"), "{heard}");
}

#[tokio::test]
async fn bodies_have_a_limit_each_way_and_headers_have_one() {
    let (host, upstream) = (host(&["--fetch-body", "10"]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    let url = upstream.url("/");
    assert_eq!(
        client.asks(&format!("send 11 {url}")).await,
        "too-big: the body has 11 bytes, more than the 10 that this host allows"
    );
    client.asks(&format!("send 10 {url}")).await;
    upstream.is_asked().await.answers("01234567890").await;
    assert_eq!(client.hears().await, "1 too-big: the body of the answer is larger than the 10 bytes that this host allows");
    client.asks(&format!("get {url}")).await;
    let mut asked = upstream.is_asked().await;
    asked.begins().await;
    asked.chunk("01234567").await;
    asked.chunk("890").await;
    assert!(client.hears().await.starts_with("2 too-big: the body of the answer"));
    client.asks(&format!("get {url}")).await;
    let mut asked = upstream.is_asked().await;
    asked.sends(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(70 << 10))).await;
    assert_eq!(client.hears().await, "3 too-big: the headers of the answer are larger than 65536 bytes");
}

#[tokio::test]
async fn the_bodies_of_all_rooms_have_a_memory_that_a_stream_waits_for() {
    let (host, upstream) = (host(&["--fetch-memory", "20KiB"]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    let url = upstream.url("/");
    assert_eq!(client.asks(&format!("send 20480 {url}")).await, "total-full");
    client.asks(&format!("send 16384 {url}")).await;
    upstream.is_asked().await.answers(&"x".repeat(21 << 10)).await;
    assert_eq!(
        client.hears().await,
        "1 too-big: the bodies of all requests and answers together take the 20480 bytes that this host allows"
    );
    let mut asked = begins_to_stream(&mut client, &upstream, "/").await;
    client.hears().await;
    asked.chunk(&"y".repeat(100 << 10)).await;
    asked.chunk("").await;
    let mut bytes = 0;
    while let Some(piece) = client.hears().await.strip_prefix("2 piece ") {
        bytes += piece.len();
    }
    assert_eq!(bytes, 100 << 10);
}

#[tokio::test]
async fn an_answer_has_a_time_that_the_guest_can_shorten() {
    let (host, upstream) = (host(&["--fetch-timeout", "3s"]), Upstream::new().await);
    let (mut silent, mut stuck) = (Client::connect(&host).await, Client::connect(&host).await);
    let mut asked = begins_to_stream(&mut stuck, &upstream, "/").await;
    assert_eq!(stuck.hears().await, "1 200 - None, asked 1");
    silent.asks(&format!("briefly {}", upstream.url("/"))).await;
    assert_eq!(silent.hears().await, "2 timeout: the answer was not complete within 50ms");
    silent.asks(&format!("get {}", upstream.url("/"))).await;
    assert_eq!(silent.hears().await, "3 timeout: the answer was not complete within 3s");
    assert_eq!(stuck.hears().await, "1 timeout: nothing more of the body has come within 3s");
    asked.is_given_up().await;
}

#[tokio::test]
async fn no_request_is_sent_twice() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    client.asks(&format!("get {}", upstream.url("/first"))).await;
    let mut kept = upstream.is_asked().await;
    kept.answers("one").await;
    client.hears().await;
    // The connection is used again, and ends before it has answered.
    client.asks(&format!("get {}", upstream.url("/second"))).await;
    kept.asks_again().await;
    assert_eq!(kept.line(), "GET /second");
    drop(kept);
    assert!(client.hears().await.starts_with("2 broken: the connection failed: "));
    client.asks(&format!("get {}", upstream.url("/third"))).await;
    assert_eq!(upstream.is_asked().await.line(), "GET /third");
}

#[tokio::test]
async fn a_body_that_ends_early_has_failed() {
    let (host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    let mut asked = begins_to_stream(&mut client, &upstream, "/").await;
    asked.chunk("half").await;
    client.hears().await;
    assert_eq!(client.hears().await, "1 piece half");
    drop(asked);
    assert!(client.hears().await.starts_with("1 broken: the connection failed: "));
    let closed = Upstream::new().await.url("/");
    client.asks(&format!("get {closed}")).await;
    assert!(client.hears().await.starts_with("2 unreachable: cannot connect to localhost:"));
}

#[tokio::test]
async fn the_room_of_a_client_that_has_left_stays_until_its_request_is_answered() {
    let (host, upstream) = (Swappable::run("caller", &local(&["--instances", "per-client"])), Upstream::new().await);
    let client = Client::connect(&host.host).await;
    client.leaves(1000, &upstream.url("/left")).await;
    let mut asked = upstream.is_asked().await;
    assert_eq!((asked.line(), &host.status()["rooms"]), ("DELETE /left", &1.into()));
    asked.answers("").await;
    while host.status()["rooms"] != 0 {}
}

#[tokio::test]
async fn a_shutdown_waits_for_the_requests_of_the_last_handlers() {
    let (mut host, upstream) = (host(&[]), Upstream::new().await);
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks(&format!("remember {}", upstream.url("/closing"))).await, "remembered");
    host.signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    drop(client);
    let mut asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "DELETE /closing");
    asked.answers("").await;
    assert!(host.ended().success());
    assert!(!host.rest_of_log().contains("deadline"), "it has not waited for its time to pass");
}

#[tokio::test]
async fn certificates_are_verified_and_the_owner_can_add_an_authority() {
    let files = Files::of(&Certificate::new());
    let flags = files.flags();
    let server = Host::run_with("echo", &flags.each_ref().map(String::as_str));
    let ask = format!("get https://{}/", server.address.replace("127.0.0.1", "localhost"));
    let stranger = host(&[]);
    let mut client = Client::connect(&stranger).await;
    client.asks(&ask).await;
    let answer = client.hears().await;
    assert!(answer.starts_with("1 tls: the TLS handshake with localhost:"), "{answer}");
    let authority = files.certificate();
    let friend = host(&["--fetch-ca", authority.to_str().expect("the path is text")]);
    let mut client = Client::connect(&friend).await;
    client.asks(&ask).await;
    let answer = client.hears().await;
    assert!(answer.starts_with("1 200 text/html"), "{answer}");
}

#[test]
fn a_wrong_rule_is_one_line_that_names_the_flag() {
    let guest = crate::support::guest("caller");
    let run = |flags: &[&str]| fails(&[&["run", guest.to_str().expect("the path is text")], flags].concat());
    let error = run(&["--allow-http", "https://a.example/"]);
    assert!(error.contains("\"https://a.example/\" names no server") && error.ends_with("(--allow-http)"), "{error}");
    let error = run(&["--allow-http", "*", "--allow-http-private", "intranet"]);
    assert!(error.contains("\"intranet\" is no network") && error.ends_with("(--allow-http-private)"), "{error}");
    let error = run(&["--allow-http", "*", "--fetch-ca", "none.pem"]);
    assert!(error.contains("cannot use the certificates none.pem") && error.ends_with("(--fetch-ca)"), "{error}");
}

#[test]
fn inspect_says_that_a_component_sends_requests() {
    let output = crate::support::command().arg("inspect").arg(crate::support::guest("caller")).output().expect("ws-host starts");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let imports = "ws-host:server/http@0.2.0              sends HTTP requests, to the servers that the host's owner names";
    assert!(output.status.success() && report.contains(imports), "{report}");
    assert!(report.contains("ws-host:server/responses@0.2.0         on-response, on-body"), "{report}");
}
