//! Mistakes on the command line that a newcomer makes: each names its remedy.

use crate::support::{command, fails, guest};

/// The error of a command line that clap refuses, below a folder with the file `chat.wasm` and the project `my-chat`.
fn refusal(line: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("chat.wasm"), b"").expect("the folder takes a file");
    std::fs::create_dir(folder.path().join("my-chat")).expect("the folder takes a folder");
    let output = command().args(line.split(' ')).current_dir(folder.path()).output().expect("ws-host starts");
    assert_eq!(output.status.code(), Some(2), "{line}");
    String::from_utf8(output.stderr).expect("the error is text")
}

/// Each of these command lines is refused with an error that contains this text.
fn refused_with(cases: &[(&str, &str)]) {
    for (line, text) in cases {
        let error = refusal(line);
        assert!(error.contains(text), "{line}: {error}");
    }
}

#[test]
fn a_command_that_is_none_hints_at_the_right_one() {
    refused_with(&[
        ("chat.wasm", "tip: to serve this component: ws-host run chat.wasm"),
        ("other.wasm", "tip: to serve this component: ws-host run other.wasm"),
        ("my-chat", "tip: to build and serve a project: ws-host dev my-chat"),
        ("serve chat.wasm", "tip: to serve a component: ws-host run FILE"),
        ("start chat.wasm", "tip: to serve a component: ws-host run FILE"),
        ("swpa chat.wasm", "tip: a similar subcommand exists: 'swap'"),
    ]);
}

#[test]
fn run_without_a_component_shows_the_usage_of_run() {
    let error = refusal("run");
    assert!(error.contains("the component is missing") && error.contains("Usage: ws-host run [OPTIONS] [FILE]"), "{error}");
}

#[test]
fn new_without_a_language_lists_the_languages() {
    let error = refusal("new my-app");
    assert!(error.contains("tip: the languages are rust, python, js, ts and c"), "{error}");
}

#[test]
fn tls_with_run_names_the_flags_of_run_and_of_dev() {
    let error = refusal("run chat.wasm --tls");
    assert!(error.contains("`ws-host dev --tls` makes a certificate") && error.contains("--tls-cert FILE"), "{error}");
    assert!(!error.contains("a similar argument"), "{error}");
}

#[test]
fn a_value_of_another_form_is_refused_with_an_example() {
    refused_with(&[
        ("run chat.wasm --port abc", "\"abc\" is not a port; write a number from 1 to 65535"),
        ("run chat.wasm --port 70000", "\"70000\" is not a port"),
        ("status --port x", "\"x\" is not a port"),
        ("run chat.wasm --host localhost:8080", "write --host localhost --port 8080"),
        ("run chat.wasm --host http://localhost", "is a URL; write the host alone: --host localhost"),
        ("run chat.wasm --ping 30", "\"30\" has no unit; write 30s for seconds"),
        ("run chat.wasm --max-rooms many", "\"many\" is not a whole number"),
        ("run chat.wasm --mailbox -1", "unexpected argument '-1'"),
        ("bench ws://localhost/ --connections x", "\"x\" is not a whole number"),
    ]);
}

#[test]
fn a_variable_whose_name_is_no_name_is_refused() {
    for argument in ["A B=c", "=c", "A\tB=c"] {
        let line = fails(&["run", &guest("echo").to_string_lossy(), "--port", "0", "--env", argument]);
        assert!(line.contains("--env NAME=VALUE"), "{line}");
    }
}

#[test]
fn a_path_without_a_file_names_the_places_of_components() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("chat.wasm"), b"").expect("the folder takes a file");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let line = fails(&["run", &path("chat")]);
    assert!(line.ends_with(&format!("Check the path; did you mean {}?", path("chat.wasm"))), "{line}");
    let line = fails(&["run", &path("other")]);
    assert!(line.contains("`ws-host build DIR` writes app.wasm") && line.contains("target/wasm32-wasip2/release"), "{line}");
}

#[test]
fn a_setting_without_effect_is_refused() {
    let line = fails(&["run", "chat.wasm", "--room-path", "/chat/{room}"]);
    assert!(line.contains("--room-path has no effect here: add --instances per-room"), "{line}");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let settings = folder.path().join("ws-host.toml");
    let settings = settings.to_str().expect("the path is text");
    std::fs::write(settings, "port = 0\nshards = 2\n").expect("the folder takes a file");
    let line = fails(&["run", "chat.wasm", "--config", settings]);
    assert!(line.contains("ws-host.toml") && line.contains("--shards has no effect here"), "{line}");
    std::fs::write(settings, "port = 0\ntls = true\n").expect("the folder takes a file");
    let line = fails(&["run", "chat.wasm", "--config", settings]);
    assert!(line.contains("ws-host.toml:2: tls = true makes a certificate for `ws-host dev`"), "{line}");
}
