//! The API by TCP: tokens, rights, uploads, and an attacker at its door. `host/src/api` has the tests of single rules.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::http::{Answer, Raw};
use crate::support::tls::{Certificate, Files, config, handshake};
use crate::support::{Client, Swappable, fails, guest};
use rustls::version::TLS13;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ALICE: &str = "0123456789abcdef";
const WATCHER: &str = "fedcba9876543210";

/// A file of tokens, which only its owner may read.
fn tokens() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("tokens");
    std::fs::write(&file, format!("alice admin {ALICE}\nwatcher read {WATCHER}\n")).expect("the folder takes a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("the mode can be set");
    (folder, file)
}

/// A host with an API by TCP.
struct WithApi {
    host: Swappable,
    address: String,
}

impl WithApi {
    fn run(name: &str, arguments: &[&str]) -> Self {
        let (_folder, file) = tokens();
        let file = file.to_str().expect("the path is text");
        let mut all = vec!["--api", "127.0.0.1:0", "--api-token-file", file];
        all.extend(arguments);
        let mut host = Swappable::run(name, &all);
        let address = host.host.door("the API is at http://");
        Self { host, address }
    }

    fn asked(&self, line: &str, token: &str, headers: &str, body: &[u8]) -> Answer {
        let mut raw = Raw::connect(&self.address);
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        raw.says(head.as_bytes());
        raw.says(body);
        raw.whole_answer()
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("the body is JSON")
}

#[tokio::test]
async fn a_component_is_uploaded_with_an_admins_token_while_its_clients_stay() {
    let mut api = WithApi::run("one", &["--api-max-upload", "1MiB"]);
    let mut client = Client::connect(&api.host.host).await;
    assert_eq!(client.asks("0").await, "one 0 1");
    let component = std::fs::read(guest("two")).expect("the guest is built");
    const WASM: &str = "Content-Type: application/wasm\r\n";

    let refused = api.asked("POST /v1/swap", WATCHER, WASM, &component);
    assert_eq!((refused.status, &json(&refused)["code"]), (403, &"forbidden".into()));
    let by_path = format!(r#"{{"path":"{}"}}"#, guest("two").display());
    let refused = api.asked("POST /v1/swap", ALICE, "Content-Type: application/json\r\n", by_path.as_bytes());
    assert_eq!((refused.status, &json(&refused)["code"]), (403, &"forbidden".into()), "a path is for the admin socket alone");
    let refused = api.asked("POST /v1/swap?name=..%2Fx.wasm", ALICE, WASM, &component);
    assert_eq!((refused.status, &json(&refused)["code"]), (400, &"bad-request".into()));
    let refused = api.asked("POST /v1/swap", ALICE, WASM, b"no component");
    assert_eq!((refused.status, &json(&refused)["code"]), (409, &"refused".into()));
    assert!(api.host.runs("one"));

    let swapped = api.asked("POST /v1/swap?name=second.wasm", ALICE, WASM, &component);
    assert_eq!((swapped.status, &json(&swapped)["to"]["file"]), (200, &"second.wasm".into()), "{:?}", json(&swapped));
    assert!(api.host.host.logs("swapped from one.wasm").contains("as the API's token alice asked"));
    let answer = client.asks("0").await;
    assert!(answer.starts_with("two "), "{answer}");
    let releases = json(&api.asked("GET /v1/releases", WATCHER, "", b""));
    assert_eq!(releases["running"]["file"], "second.wasm");
    assert!(releases["previous"][0]["file"].as_str().is_some_and(|file| file.ends_with("one.wasm")), "{releases}");
    assert!(api.host.ask(&["rollback"]).status.success());

    let mut raw = Raw::connect(&api.address);
    let head = format!(
        "POST /v1/swap HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n{WASM}Content-Length: 1048577\r\n\r\n"
    );
    raw.says(head.as_bytes());
    assert_eq!(raw.head().status, 413);
}

#[test]
fn a_stranger_gets_neither_an_answer_nor_a_second_chance() {
    let mut api = WithApi::run("one", &[]);
    let rebound = {
        let mut raw = Raw::connect(&api.address);
        let request = format!("GET /v1/status HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {WATCHER}\r\n\r\n");
        raw.says(request.as_bytes());
        raw.whole_answer()
    };
    assert_eq!((rebound.status, &json(&rebound)["code"]), (421, &"misdirected".into()));
    assert_eq!(api.asked("GET /v1/status", WATCHER, "", b"").status, 200);
    for guess in 0..10 {
        assert_eq!(api.asked("GET /v1/status", &format!("guess-{guess}-0123456789"), "", b"").status, 401);
    }
    let refused = api.asked("GET /v1/status", WATCHER, "", b"");
    assert_eq!((refused.status, refused.header("content-type")), (429, "application/problem+json"));
    let line = api.host.host.logs("a wrong token of the API came from 127.0.0.1");
    assert!(!line.contains("guess"), "{line}");
}

#[test]
fn a_made_token_is_not_written_where_it_is_kept() {
    let mut host = Swappable::run("one", &["--api", "localhost:0"]);
    let line = host.host.logs("the API is at http://");
    assert!(line.contains("give --api-token-file") && !line.contains("#token"), "{line}");
}

#[test]
fn an_api_that_would_be_open_to_others_is_not_started() {
    let (folder, file) = tokens();
    let run = |more: &[&str]| {
        let component = guest("one");
        let mut all = vec!["run", component.to_str().expect("the path is text"), "--port", "0"];
        all.extend(more);
        fails(&all)
    };
    let line = run(&["--api", "0.0.0.0:0"]);
    assert!(
        line.contains("takes tokens from other machines") && line.contains("--tls-cert") && line.contains("--api-insecure"),
        "{line}"
    );
    let line = run(&["--api", "9000"]);
    assert!(line.contains("it has no port") && line.contains("(--api)"), "{line}");
    let line = run(&["--api", "unix:/tmp/api.sock"]);
    assert!(line.contains("such as localhost:9000"), "{line}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("the mode can be set");
    let line = run(&["--api", "localhost:0", "--api-token-file", file.to_str().expect("the path is text")]);
    assert!(line.contains("every user may use it: `chmod o-rwx` it") && line.contains("--api-token-file"), "{line}");
    drop(folder);
}

#[tokio::test]
async fn other_machines_reach_the_api_by_tls_with_the_servers_certificate() {
    let (_folder, file) = tokens();
    let files = Files::of(&Certificate::new());
    let flags = files.flags();
    let mut all: Vec<&str> = flags.iter().map(String::as_str).collect();
    all.extend(["--api", "0.0.0.0:0", "--api-token-file", file.to_str().expect("the path is text")]);
    let mut host = Swappable::run("one", &all);
    let line = host.host.logs("the API is at https://");
    let (_, address) = line.split_once("https://").expect("the line has the address");
    let address = address.trim_end().trim_end_matches('/');
    let mut stream = handshake(address, "localhost", config(&[&TLS13])).await.expect("the handshake succeeds");
    let request =
        format!("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {WATCHER}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer comes");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("one.wasm"), "{answer}");
    let mut plain = std::net::TcpStream::connect(address).expect("it listens");
    plain.write_all(b"GET /v1/status HTTP/1.1\r\n\r\n").expect("the request is sent");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut plain, &mut answer).expect("the answer comes");
    assert!(answer.contains("this port speaks TLS"), "{answer}");
}
