//! The command line: each mistake gets one line with the error and a remedy, and exit code 2.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::support::{Client, Host, command, fails, fails_with_log, guest};
use serde_json::Value;
use tempfile::TempDir;

/// A file with these bytes, in its own folder.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("the file can be written");
    (dir, path)
}

/// The error of `run` for a file with these bytes.
fn complaint(name: &str, bytes: &[u8]) -> String {
    let (_dir, path) = file(name, bytes);
    fails(&["run", &path.to_string_lossy(), "--port", "0"])
}

fn says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is missing in: {line}");
    }
}

#[test]
fn a_missing_file() {
    let line = fails(&["run", "no-such.wasm"]);
    assert!(line.starts_with("ws-host: cannot read no-such.wasm: No such file or directory"), "{line}");
    says(&line, &["Check the path"]);
    assert_eq!(line.matches("No such file").count(), 1, "the cause is told once: {line}");
}

#[test]
fn a_directory_in_place_of_a_file() {
    says(&fails(&["run", "."]), &["Is a directory", "`ws-host dev DIR`"]);
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file() {
    let (dir, _) = file("app.wasm", b"");
    let pipe = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("a pipe can be made");
    let pipe = pipe.to_string_lossy();
    for command in
        [&["run", &pipe][..], &["inspect", &pipe], &["run", "app.wasm", "--config", &pipe], &["status", "--config", &pipe]]
    {
        says(&fails(command), &["cannot read", "it is a pipe. Give a regular file"]);
    }
    says(&fails(&["run", "/dev/zero"]), &["cannot read /dev/zero: it is a device. Give a regular file"]);
}

#[test]
fn an_empty_file() {
    says(&complaint("app.wasm", b""), &["app.wasm is not WebAssembly: it is empty", ".wasm file that the guest's build wrote"]);
}

#[test]
fn a_file_that_is_not_wasm() {
    says(&complaint("notes.txt", b"Dear diary,\n"), &["notes.txt is not WebAssembly: it is text."]);
    says(&complaint("a.png", b"\x89PNG\r\n\x1a\n"), &["a.png is not WebAssembly", "89 50 4e 47, not with 00 61 73 6d"]);
    says(&complaint("app.wat", b"\n(component)"), &["it is text, in the WAT format perhaps"]);
}

#[test]
fn a_core_module_in_place_of_a_component() {
    let line = complaint("app.wasm", b"\0asm\x01\0\0\0");
    says(&line, &["app.wasm is a core WebAssembly module, not a component", "wasm32-wasip2", "`wasm-tools component new`"]);
}

#[test]
fn a_component_without_the_handlers() {
    let line = complaint("app.wasm", b"\0asm\x0d\0\x01\0");
    says(&line, &["app.wasm lacks the export ws-host:server/handler@0.2.0", "on-new-client, on-message, on-client-left", "wit/"]);
}

#[test]
fn a_component_for_another_host_or_version_is_told_what_it_was_built_for() {
    let with =
        |body: &str| complaint("app.wasm", &wat::parse_str(format!("(component {body})")).expect("the text is a component"));
    let exporting = |name: &str| with(&format!("(instance $empty) (export \"{name}\" (instance $empty))"));
    says(
        &exporting("ws-host:server/handler@0.7.0"),
        &["app.wasm was built for version 0.7.0 of the contract", "Build it with the SDK"],
    );
    says(&exporting("wasi:http/incoming-handler@0.2.6"), &["app.wasm is an HTTP server (wasi:http)", "see wit/"]);
    says(&exporting("wasi:cli/run@0.2.6"), &["app.wasm is a command with a main function", "cdylib"]);
}

#[test]
fn a_component_with_an_import_that_the_host_lacks() {
    let line = fails(&["run", &guest("needy").to_string_lossy()]);
    says(&line, &["needy.wasm imports test:needy/vault", "which this host does not give"]);
}

#[test]
fn half_a_component() {
    let whole = std::fs::read(guest("echo")).expect("the guest can be read");
    says(&complaint("app.wasm", &whole[..whole.len() / 2]), &["app.wasm cannot be loaded", "damaged, cut short"]);
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port().to_string();
    let line = fails(&["run", &guest("echo").to_string_lossy(), "--port", &port]);
    says(&line, &[&format!("cannot listen on 127.0.0.1:{port}"), "the port is in use", "--port"]);
    // A wrong file is the first mistake to mend.
    says(&fails(&["run", "missing.wasm", "--port", &port]), &["missing.wasm", "No such file"]);
    says(&fails(&["run", "Cargo.toml", "--port", &port]), &["Cargo.toml", "it is text"]);
}

#[test]
fn a_host_name_that_does_not_resolve() {
    let line = fails(&["run", &guest("echo").to_string_lossy(), "--host", "name.invalid"]);
    says(&line, &["\"name.invalid\" does not resolve", "127.0.0.1"]);
}

#[test]
fn a_guest_that_traps_while_it_starts() {
    let (line, log) = fails_with_log(command().arg("run").arg(guest("stillborn")).args(["--port", "0"]));
    says(&line, &["stillborn.wasm failed while it started", "on-start trapped", "born to fail"]);
    says(&log, &["born to fail"]);
}

#[test]
fn a_command_or_a_flag_that_does_not_exist() {
    for arguments in [&["frobnicate"][..], &["run"], &["run", "app.wasm", "--port", "99999"]] {
        let output = command().args(arguments).output().expect("ws-host starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        says(&String::from_utf8_lossy(&output.stderr), &["error: ", "--help"]);
    }
}

#[test]
fn help_fits_a_screen_and_names_the_commands() {
    let output = command().arg("--help").output().expect("ws-host starts");
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    says(&help, &["run ", "inspect ", "dev ", "--log-format", "http://localhost:13254/"]);
    assert!(help.lines().count() <= 40, "{} lines", help.lines().count());
}

#[tokio::test]
async fn port_0_prints_the_port_that_the_system_chose() {
    let host = Host::run_with("echo", &["--host", "127.0.0.1"]);
    let port: u16 = host.address.strip_prefix("127.0.0.1:").and_then(|port| port.parse().ok()).expect("the address has a port");
    assert_ne!(port, 0);
    says(
        &host.announcement,
        &["echo.wasm is served at", &format!("http://127.0.0.1:{port}/"), &format!("ws://127.0.0.1:{port}/")],
    );
    assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
}

#[tokio::test]
async fn without_a_page_the_announcement_names_no_page() {
    let host = Host::run_with("echo", &["--no-page"]);
    assert!(!host.announcement.contains("http://"), "{}", host.announcement);
}

/// The report of `inspect`. Its exit code is 1 if this host cannot run the component.
fn inspect(arguments: &[&str]) -> String {
    let output = command().arg("inspect").args(arguments).output().expect("ws-host starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => assert_eq!(stderr, ""),
        code => assert_eq!(
            (code, stderr.as_ref()),
            (Some(1), "ws-host: this host cannot run needy.wasm (the report has the reason)\n")
        ),
    }
    String::from_utf8(output.stdout).expect("the report is text")
}

/// The table row that begins with this name.
fn row<'a>(report: &'a str, name: &str) -> &'a str {
    report.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("no row {name} in:\n{report}"))
}

#[test]
fn inspect_describes_a_component_and_its_permissions() {
    let report = inspect(&[&guest("probe").to_string_lossy()]);
    says(&report, &["probe.wasm: a component of ", "KiB compiled", "This host can run it."]);
    says(row(&report, "ws-host:server/handler@0.2.0"), &["on-new-client, on-message, on-client-left"]);
    says(row(&report, "ws-host:server/timers@0.2.0"), &["on-timer"]);
    says(row(&report, "ws-host:server/topics@0.2.0"), &["groups the clients"]);
    says(row(&report, "wasi:cli/environment"), &["those that the host grants", "arguments: none"]);
    assert!(!report.contains("MISSING"));
}

#[test]
fn inspect_marks_the_reason_why_a_component_cannot_run() {
    let report = inspect(&[&guest("needy").to_string_lossy()]);
    says(&report, &["This host cannot run it: needy.wasm imports test:needy/vault"]);
    says(row(&report, "test:needy/vault"), &["[MISSING]"]);
    assert_eq!(report.matches("MISSING").count(), 1);
}

#[test]
fn inspect_has_the_same_in_json() {
    let report: Value =
        serde_json::from_str(&inspect(&["--json", &guest("needy").to_string_lossy()])).expect("the report is JSON");
    assert_eq!(report["file"], "needy.wasm");
    assert_eq!(report["runnable"], false);
    says(report["problem"].as_str().expect("the problem is told"), &["test:needy/vault"]);
    let exports = report["exports"].as_array().expect("exports are a list");
    assert_eq!(exports[0]["name"], "ws-host:server/handler@0.2.0");
    assert_eq!(exports[0]["functions"], serde_json::json!(["on-new-client", "on-message", "on-client-left"]));
    let imports = report["imports"].as_array().expect("imports are a list");
    let given = |name: &str| imports.iter().find(|import| import["name"] == name).map(|import| import["given"].clone());
    assert_eq!(given("test:needy/vault"), Some(Value::Bool(false)));
    assert_eq!(given("ws-host:server/types@0.2.0"), Some(Value::Bool(true)));

    let report: Value =
        serde_json::from_str(&inspect(&["--json", &guest("echo").to_string_lossy()])).expect("the report is JSON");
    assert_eq!((&report["runnable"], &report["problem"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn inspect_reports_the_same_errors_as_run() {
    let (_dir, path) = file("app.wasm", b"\0asm\x01\0\0\0");
    says(&fails(&["inspect", &path.to_string_lossy()]), &["app.wasm is a core WebAssembly module"]);
}

/// The whole log of a host while the probe prints a line and panics.
async fn log_of(arguments: &[&str], rust_log: Option<&str>) -> String {
    let mut command = command();
    command.arg("run").arg(guest("probe")).args(["--port", "0"]).args(arguments);
    if let Some(filter) = rust_log {
        command.env("RUST_LOG", filter);
    }
    let mut host = Host::start(command);
    let (mut client, _) = Client::join(&host).await;
    client.says("print a line of the guest").await;
    client.says("panic").await;
    client.is_closed().await;
    host.signal("TERM");
    host.rest_of_log()
}

#[tokio::test]
async fn the_log_has_the_guests_lines_and_errors() {
    let log = log_of(&[], None).await;
    says(&log, &["a line of the guest room=\"main\"", "WARN told to panic", "ERROR the guest's on-message trapped", "stopping"]);
    assert!(!log.contains("DEBUG"), "{log}");
}

#[tokio::test]
async fn quiet_logs_only_warnings_and_quieter_only_errors() {
    let log = log_of(&["-q"], None).await;
    assert!(!log.contains("a line of the guest") && log.contains("WARN") && log.contains("ERROR"), "{log}");
    let log = log_of(&["-qq"], None).await;
    assert!(!log.contains("WARN") && log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn verbose_logs_more() {
    says(&log_of(&["-v"], None).await, &["DEBUG", "a line of the guest"]);
}

#[tokio::test]
async fn rust_log_overrides_the_flags() {
    assert_eq!(log_of(&["-v"], Some("off")).await, "");
    says(&log_of(&["-qq"], Some("guest=info")).await, &["a line of the guest"]);
}

#[tokio::test]
async fn the_log_can_be_json() {
    let log = log_of(&["--log-format", "json", "-v"], None).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let printed = lines.iter().find(|line| line["message"] == "a line of the guest").expect("the guest's line is there");
    assert_eq!((&printed["room"], &printed["level"], &printed["target"]), (&"main".into(), &"INFO".into(), &"guest".into()));
}
