//! `ws-host.toml`: its settings work like flags, the command line wins, and errors name their line.

use std::path::Path;
use std::process::Command;

use crate::support::http::{Raw, upgrade};
use crate::support::{Client, Host, command, fails_with_log, guest};
use tempfile::TempDir;

/// A folder with a `ws-host.toml` of this text, and the echo guest beside it.
fn folder(text: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    write(&dir.path().join("ws-host.toml"), text);
    std::fs::copy(guest("echo"), dir.path().join("echo.wasm")).expect("the guest can be copied");
    dir
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the file can be written");
}

/// `ws-host` in this folder.
fn in_folder(dir: &TempDir, arguments: &[&str]) -> Command {
    let mut command = command();
    command.current_dir(dir.path()).args(arguments);
    command
}

/// The error of `ws-host run` for a file with a mistake.
fn complaint(text: &str) -> String {
    let dir = folder(&format!("port = 0\n{text}"));
    let (line, log) = fails_with_log(&mut in_folder(&dir, &["run", "echo.wasm"]));
    // Some mistakes are found after clap has parsed the arguments.
    assert!(log.is_empty() || log.ends_with("settings from ws-host.toml\n"), "{log}");
    line
}

fn status(host: &Host, origin: &str) -> u16 {
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", &[("Origin", origin)]).as_bytes());
    raw.head().status
}

#[tokio::test]
async fn a_file_in_the_current_directory_configures_the_server() {
    let dir = folder(
        "file = \"echo.wasm\"\nport = 0\nno-page = true\nallow-origin = [\"https://a.example\", \"https://b.example\"]\n\
        max-connections = 3\nlog-format = \"json\"\nverbose = true\n",
    );
    let mut host = Host::start(in_folder(&dir, &["run"]));
    assert!(host.announcement.starts_with("echo.wasm is served at ws://"), "{}", host.announcement);
    let log = host.logs_up_to("ready after");
    assert!(log.contains("connections at a time: 3"), "{log}");
    assert!(log.contains("\"message\":\"settings from ws-host.toml\"") && log.contains("\"level\":\"DEBUG\""), "{log}");
    assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
    assert_eq!((status(&host, "https://a.example"), status(&host, "https://b.example")), (101, 101));
}

#[test]
fn the_command_line_wins() {
    let dir =
        folder("file = \"missing.wasm\"\nport = 1\nmax-connections = 3\nallow-origin = [\"https://a.example\"]\nquiet = 2\n");
    let arguments = ["-v", "run", "echo.wasm", "-p", "0", "--max-connections", "5", "--allow-origin", "https://b.example"];
    let mut host = Host::start(in_folder(&dir, &arguments));
    host.logs("connections at a time: 5");
    assert_eq!(status(&host, "https://b.example"), 101);
    assert_eq!(status(&host, "https://a.example"), 403, "a list of the command line takes the place of the file's");
}

#[test]
fn another_file_can_be_named_and_its_paths_are_relative_to_it() {
    let dir = folder("this is not read");
    std::fs::create_dir(dir.path().join("etc")).expect("a folder can be made");
    write(&dir.path().join("etc/chat.toml"), "file = \"../echo.wasm\"\nport = 0\nsocket = \"../admin.sock\"\n");
    for arguments in [["run", "--config", "etc/chat.toml"], ["--config", "etc/chat.toml", "run"]] {
        let mut host = Host::start(in_folder(&dir, &arguments));
        host.logs("settings from etc/chat.toml");
        assert!(dir.path().join("admin.sock").exists());
        host.signal("TERM");
        host.ended();
    }
}

#[test]
fn the_file_can_be_ignored() {
    let dir = folder("this is not read");
    Host::start(in_folder(&dir, &["run", "echo.wasm", "--port", "0", "--no-config"]));
}

#[test]
fn commands_find_a_running_server_by_the_same_file() {
    let dir = folder("file = \"echo.wasm\"\nport = 0\nsocket = \"admin.sock\"\nmax-room-clients = 5\n");
    let _host = Host::start(in_folder(&dir, &["run"]));
    let output = in_folder(&dir, &["status"]).output().expect("ws-host starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("echo.wasm"));
}

#[test]
fn inspect_ignores_the_file() {
    let dir = folder("this is not read");
    assert!(in_folder(&dir, &["inspect", "echo.wasm"]).output().expect("ws-host starts").status.success());
}

#[test]
fn a_mistake_is_reported_in_one_line_with_file_line_and_key() {
    let mistakes = [
        ("prot = 80", "ws-host.toml:2: unknown key prot; did you mean port?"),
        ("\ncall_timeout = \"1s\"", "ws-host.toml:3: unknown key call_timeout; did you mean call-timeout?"),
        ("allow-origins = [\"*\"]", "ws-host.toml:2: unknown key allow-origins; did you mean allow-origin?"),
        ("qqq = 1", "ws-host.toml:2: unknown key qqq; the keys are the flags that `ws-host run --help` lists"),
        ("config = \"other.toml\"", "ws-host.toml:2: unknown key config"),
        ("json = true", "ws-host.toml:2: unknown key json"),
        ("shards = \"many\"", "ws-host.toml:2: shards = \"many\": \"many\" is not a whole number"),
        ("probation-traps = -1", "ws-host.toml:2: probation-traps = \"-1\": "),
        ("call-timeout = \"soon\"", "ws-host.toml:2: call-timeout = \"soon\": \"soon\" is not a time; write 10s"),
        ("call-timeout = 1.5", "ws-host.toml:2: call-timeout is a number with a fraction"),
        ("call-timeout = true", "ws-host.toml:2: call-timeout is true, but needs a value: call-timeout = \"1s\""),
        (
            "guest-memory = [\"1MiB\"]",
            "ws-host.toml:2: guest-memory is [\"1MiB\"], but takes only one value: guest-memory = \"64MiB\"",
        ),
        ("watch = \"yes\"", "ws-host.toml:2: watch is \"yes\"; write watch = true or false"),
        ("instances = \"private\"", "ws-host.toml:2: instances = \"private\": write one of shared, per-room, per-client"),
        ("port = 81", "ws-host.toml:2: duplicate key"),
        ("[limits]\nping = \"1s\"", "ws-host.toml:2: limits is a table; all keys stand at the top level"),
        ("host = 127.0.0.1", "ws-host.toml:2: "),
        ("outbox-soft = \"2MiB\"", "--outbox-soft, 2097152 bytes"),
        ("allow-origin = [\"app.example\"]", "did you mean https://app.example?"),
    ];
    for (text, expected) in mistakes {
        let line = complaint(text);
        assert!(line.contains(expected), "{text}: {line}");
    }
}

#[test]
fn a_mistake_in_an_overridden_setting_is_reported_too() {
    let dir = folder("port = 99999\n");
    let (line, _) = fails_with_log(&mut in_folder(&dir, &["run", "echo.wasm", "--port", "0"]));
    assert!(line.contains("ws-host.toml:1: port = \"99999\": \"99999\" is not a port"), "{line}");
}

#[test]
fn a_setting_may_depend_on_another_line_or_on_the_command_line() {
    let dir = folder("port = 0\nproxy-protocol = true\n");
    let (line, _) = fails_with_log(&mut in_folder(&dir, &["run", "echo.wasm"]));
    assert!(line.contains("ws-host.toml:2: proxy-protocol does not go with the command line: the following required"), "{line}");
    assert!(line.ends_with("--trusted-proxy <CIDR>"), "{line}");
    Host::start(in_folder(&dir, &["run", "echo.wasm", "--trusted-proxy", "127.0.0.1"]));
    write(&dir.path().join("ws-host.toml"), "proxy-protocol = true\ntrusted-proxy = \"127.0.0.1\"\nport = 0\n");
    Host::start(in_folder(&dir, &["run", "echo.wasm"]));
}

#[test]
fn a_named_file_must_exist() {
    let dir = folder("");
    let (line, _) = fails_with_log(&mut in_folder(&dir, &["run", "echo.wasm", "--config", "other.toml"]));
    assert!(line.contains("cannot read other.toml: No such file"), "{line}");
}
