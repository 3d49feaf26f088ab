//! Guests in Python, in addition to `conformance.rs`: the example and API of python-websocket-server, Python's own failures, and
//! the example chat.
//!
//! `cargo xtask test python-guests` builds them and runs the ignored tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::http::{Raw, ask, request};
use crate::support::{Client, Host, Swappable, guest, refusal};
use tokio_tungstenite::tungstenite::Message;

/// The example in the README of python-websocket-server, to the letter.
const README_EXAMPLE: &str = "\
from websocket import WebSocketsServer

def new_client(client, server):
\tserver.send_message_to_all(\"Hey all, a new client has joined us\")

server = WebSocketsServer(13254)
server.set_fn_new_client(new_client)
server.run_forever()
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the project").to_owned()
}

#[test]
fn the_fixture_is_the_example_of_the_readme() {
    assert_eq!(
        fs::read_to_string(root().join("tests/guests-python/readme_example.py")).expect("the fixture is there"),
        README_EXAMPLE
    );
}

#[test]
fn the_sdks_copy_of_the_contract_equals_the_repositorys() {
    let files = |folder: PathBuf| -> BTreeMap<_, _> {
        let entries = fs::read_dir(folder).expect("the folder can be listed").map(|entry| entry.expect("an entry can be read"));
        entries.map(|entry| (entry.file_name(), fs::read_to_string(entry.path()).expect("the file can be read"))).collect()
    };
    let copy = files(root().join("sdk/python/src/ws_host_guest/wit"));
    assert_eq!(copy, files(root().join("wit")), "copy the files anew");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn the_example_greets_all_clients_when_one_joins() {
    const HEY: &str = "Hey all, a new client has joined us";
    let mut host = Host::run("python/readme_example");
    let port = host.port();
    let hint = host.logs("readme_example.py asks for port 13254");
    assert!(hint.contains(&format!("but is served at {port}; use --port 13254 to serve it there")), "{hint}");
    let mut first = Client::connect(&host).await;
    assert_eq!(first.hears().await, HEY);
    let mut second = Client::connect(&host).await;
    assert_eq!((first.hears().await, second.hears().await), (HEY.to_owned(), HEY.to_owned()));
    // The example sets no function for messages and for leaving, so nothing happens then.
    first.says("hello?").await;
    assert_eq!(second.leaves(1000, "").await, Some((1000, String::new())));
    let mut third = Client::connect(&host).await;
    assert_eq!((first.hears().await, third.hears().await), (HEY.to_owned(), HEY.to_owned()));
}

async fn greeted(host: &Host) -> Client {
    let mut client = Client::connect(host).await;
    let greeting = client.hears().await;
    assert!(greeting.starts_with("you are ") && greeting.contains(" from 127.0.0.1:"), "{greeting}");
    client
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn clients_are_dictionaries_that_keep_their_entries() {
    let host = Host::run("python/later_releases");
    let (mut ann, mut ben) = (greeted(&host).await, greeted(&host).await);
    assert_eq!(ann.asks("name Ann").await, "you are Ann");
    assert_eq!(ben.asks("name Ben").await, "you are Ben");
    assert_eq!(ben.asks("who").await, "1 Ann, 2 Ben");
    ann.says("tell Ben psst").await;
    assert_eq!(ben.hears().await, "psst");
    ann.sends(&[1, 2, 3]).await;
    assert_eq!(ann.next().await, Message::binary(vec![3, 2, 1]));
    ben.leaves(1000, "").await;
    assert_eq!(ann.hears().await, "Ben 2 left, here are [1]");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn the_api_to_turn_clients_away_works() {
    let host = Host::run("python/later_releases");
    let (mut ann, mut ben, mut cem) = (greeted(&host).await, greeted(&host).await, greeted(&host).await);
    assert_eq!(ann.asks("deny").await, "denied");
    assert_eq!(refusal(&host, "/", &[]).await, 503);
    assert_eq!(ann.asks("allow").await, "allowed");
    greeted(&host).await.leaves(1000, "").await;
    ann.says("kick 2").await;
    assert_eq!(ben.is_closed().await, (4000, "out".to_owned()));
    ann.says("everybody-out").await;
    assert_eq!(ann.is_closed().await, (1001, "closing time".to_owned()));
    assert_eq!(cem.is_closed().await, (1001, "closing time".to_owned()));
    let mut ann = greeted(&host).await;
    ann.says("everybody-out-at-once").await;
    assert_eq!(ann.is_closed().await, (1001, String::new()));
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn a_call_reserved_for_the_owner_raises_an_exception_that_names_the_owner() {
    let mut host = Host::run("python/later_releases");
    let mut ann = greeted(&host).await;
    ann.says("shutdown").await;
    assert_eq!(ann.is_closed().await.0, 1011);
    let line = host.logs("NotInAGuest");
    assert!(
        line.contains("shutdown_gracefully: a guest cannot stop the server. Its owner can, with Ctrl-C or SIGTERM"),
        "{line}"
    );
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn an_exception_is_logged_once_as_python_prints_it() {
    let mut host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("panic now").await;
    assert_eq!(client.is_closed().await.0, 1011);
    let log = host.logs_up_to("the guest's on-message");
    assert_eq!(log.matches("Traceback (most recent call last):").count(), 1, "{log}");
    assert_eq!(log.matches("RuntimeError: told to panic: now").count(), 1, "{log}");
    assert!(log.contains("  File \"probe.py\", line "), "{log}");
    assert!(log.contains("raise RuntimeError(f\"told to panic: {rest}\")"), "the source line: {log}");
    assert!(log.contains("exited with status 1 (the log has its stderr)"), "{log}");
    for noise in ["panicked", "wasm backtrace", "ws_host_guest/running.py"] {
        assert!(!log.contains(noise), "{noise:?} in: {log}");
    }
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn an_async_handler_sleeps_while_others_run() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    client.says("later done").await;
    client.says("say meanwhile").await;
    assert_eq!(client.hears().await, "begun");
    assert_eq!(client.hears().await, "meanwhile");
    assert_eq!(client.hears().await, "done");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn unsupported_calls_do_not_end_a_component() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("half-a-pair").await, "a\u{fffd}b");
    assert_eq!(client.asks("no-id").await, "no-such-client no-such-client");
    assert_eq!(client.asks("late-import a  b").await, "a b");
    assert!(client.asks("messages").await.starts_with("4 since "));
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn asyncio_runs_on_the_rooms_timers_and_a_failed_task_is_logged_once() {
    let mut host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("together a b c").await, "a b c");
    assert_eq!(client.asks("in-time").await, "too late");
    assert_eq!(client.asks("in-background one").await, "begun");
    let log = host.logs_up_to("RuntimeError: told to fail: one");
    assert!(log.contains("Task exception was never retrieved") && log.contains("in fail"), "{log}");
    assert_eq!(log.matches("Traceback").count(), 1, "{log}");
    assert_eq!(client.asks("say still here").await, "still here");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn a_socket_says_that_a_guest_has_no_network_and_sqlite_works_in_memory() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    let refused = client.asks("connect example.com").await;
    assert!(
        refused.ends_with("a guest has no network of its own: send HTTP requests with `await fetch(url)` of ws_host_guest"),
        "{refused}"
    );
    client.asks("remember one").await;
    assert_eq!(client.asks("remember a second").await, "a second one");
}

/// The documented command uses all of them: `ws-host test sdk/python/packages`.
#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn ten_packages_of_pypi_work_in_a_guest() {
    let host = Host::run("python/packages");
    let mut client = Client::connect(&host).await;
    let packages = [
        "graphql-core",
        "itsdangerous",
        "Jinja2",
        "Markdown",
        "msgpack",
        "python-dateutil",
        "pytz",
        "PyYAML",
        "tzdata",
        "urllib3",
    ];
    for package in packages {
        assert_eq!(client.asks(package).await, format!("{package}: works"));
    }
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn a_handler_can_import_all_of_the_standard_library_and_missing_modules_have_a_sentence() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    for module in ["xml.sax.saxutils", "logging.config", "email.mime.text", "encodings.cp437", "pdb", "queue"] {
        assert_eq!(client.asks(&format!("import {module}")).await, format!("{module} works"));
    }
    let refused = client.asks("import ssl").await;
    assert_eq!(refused, "the module ssl is not in a guest: TLS belongs to the host or its proxy");
    assert_eq!(client.asks("lacks").await, "pbkdf2_hmac scrypt");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn a_swap_cuts_event_streams_so_that_their_clients_come_again() {
    let host = Swappable::run("python/probe", &[]);
    let (mut client, _) = Client::join(&host.host).await;
    let mut events = Raw::connect(&host.host.address);
    events.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.hears().await, "asked");
    events.head();
    host.swap("python/probe");
    events.is_cut();
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn each_instance_has_random_numbers_of_its_own() {
    let host = Host::run_with("python/probe", &["--instances", "per-client"]);
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    assert_ne!(first.asks("random").await, second.asks("random").await);
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn the_chats_names_go_from_rust_to_python_and_back_while_clients_stay_connected() {
    let host = Swappable::run("chat", &[]);
    let mut ann = Client::connect(&host.host).await;
    ann.hears().await;
    ann.hears().await;
    assert_eq!(ann.asks("/name Ann").await, "* guest-1 is now Ann");
    for release in ["python/chat", "python/chat", "chat"] {
        host.swap(release);
        assert_eq!(ann.asks("hello").await, "Ann: hello");
        assert_eq!(ann.asks("/who").await, "* Here: Ann (1)");
    }
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn a_start_that_refuses_aborts_the_swap_with_its_reason() {
    let host = Swappable::run("probe", &[]);
    let refused = host.refusal_of(guest("python/chat").to_str().expect("the path is text"));
    assert!(refused.contains("state of an unknown format: 1"), "{refused}");
    let (mut client, _) = Client::join(&host.host).await;
    assert_eq!(client.asks("say still here").await, "still here");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn the_chat_does_what_the_one_in_rust_does() {
    let host = Host::run("python/chat");
    let mut ann = Client::connect(&host).await;
    assert_eq!(ann.hears().await, "* guest-1 has joined");
    assert_eq!(ann.hears().await, "* You are guest-1; /help shows what you can do");
    let mut ben = Client::connect(&host).await;
    assert_eq!(ann.hears().await, "* guest-2 has joined");
    ben.hears().await;
    ben.hears().await;
    assert_eq!(ann.asks("/name Ann").await, "* guest-1 is now Ann");
    assert_eq!(ben.hears().await, "* guest-1 is now Ann");
    assert_eq!(ben.asks("/name ann").await, "* That name is taken");
    assert_eq!(ben.asks("/name 7up").await, "* A name is 1 to 24 letters, digits, - and _, a letter first");
    assert_eq!(ben.asks("/msg Ann psst").await, "You (to Ann alone): psst");
    assert_eq!(ann.hears().await, "guest-2 (to you alone): psst");
    assert_eq!(ben.asks("/msg 99 psst").await, "* No one here has that name; /who lists everybody");
    assert_eq!(ann.asks(" two\nlines ").await, "Ann: two lines");
    assert_eq!(ben.hears().await, "Ann: two lines");
    ann.sends(&[0, 255]).await;
    assert_eq!(ben.next().await, Message::binary(vec![0, 255]));
    ben.vanishes();
    assert_eq!(ann.hears().await, "* guest-2 has lost the connection");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the probe and runs this"]
async fn deep_json_and_deep_recursion_are_exceptions_that_the_guest_can_catch() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("deep 10000").await, "fine JSONDecodeError RecursionError");
    assert_eq!(client.asks("deep 200000").await, "RecursionError RecursionError RecursionError");
}

#[tokio::test]
#[ignore = "`cargo xtask test python-guests` builds the guest and runs this"]
async fn the_result_of_a_handler_answers_a_request_and_a_generator_streams_until_its_client_goes() {
    let host = Host::run("python/probe");
    let (mut client, _) = Client::join(&host).await;
    let answer = ask(&host.address, &request("GET /json"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(&*answer.body, b"{\"method\": \"GET\"}");
    assert_eq!(ask(&host.address, &request("GET /nowhere")).status, 404);
    let mut events = Raw::connect(&host.address);
    events.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.hears().await, "asked");
    assert_eq!(events.head().header("content-type"), "text/event-stream");
    for word in ["one", "two"] {
        client.says(&format!("word {word}")).await;
        assert_eq!(events.chunk(), format!("data: {word}\n\n").as_bytes());
    }
    drop(events);
    assert_eq!(client.hears().await, "over");
    let mut much = Raw::connect(&host.address);
    much.says(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n");
    much.head();
    let mut bytes = 0;
    while bytes < 3 << 20 {
        bytes += much.chunk().len();
    }
    assert_eq!(client.hears().await, "all is sent", "the generator has waited for its client");
}
