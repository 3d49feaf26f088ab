//! `ws-host new`, from an empty folder: a project that works by the commands of its README, without a checkout of ours.

mod javascript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::http::{ask, request};
use crate::support::{Client, Host, command, guest};
use tempfile::TempDir;

/// An empty folder.
fn empty() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// `ws-host` with these arguments in a folder.
fn ws_host(dir: &Path, arguments: &[&str]) -> Output {
    command().args(arguments).current_dir(dir).output().expect("ws-host starts")
}

fn succeeds(dir: &Path, arguments: &[&str]) -> String {
    let output = ws_host(dir, arguments);
    assert!(output.status.success(), "ws-host {arguments:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one line with the error. Only log lines may come besides.
fn fails(dir: &Path, arguments: &[&str]) -> String {
    let output = ws_host(dir, arguments);
    assert_eq!(output.status.code(), Some(2), "ws-host {arguments:?}");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    stderr.lines().last().unwrap_or_default().to_owned()
}

/// Runs one of the README's commands, which must contain it word for word.
fn by_the_readme(project: &Path, line: &str) -> Command {
    let readme = fs::read_to_string(project.join("README.md")).expect("the project has a README");
    assert!(readme.lines().any(|other| other.starts_with(&format!("    {line}"))), "no `{line}` in:\n{readme}");
    let mut shell = Command::new("sh");
    let binary = Path::new(env!("CARGO_BIN_EXE_ws-host")).parent().expect("a file is in a folder");
    let path = std::env::var("PATH").expect("there is a PATH");
    shell.args(["-c", line]).current_dir(project).env("PATH", format!("{}:{path}", binary.display())).env_remove("RUST_LOG");
    shell.env("CARGO_TARGET_DIR", shared_target());
    shell
}

/// The compiled dependencies, shared by the projects in Rust. Each of these projects has a name of its own: Cargo takes two of one name
/// for the same package, and the second one's component for the first one's.
fn shared_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev")
}

fn run(mut shell: Command) -> String {
    let output = shell.output().expect("sh starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell:?}:\n{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Two clients chat with the server of `ws-host dev`.
async fn two_chat(project: &Path) {
    by_the_readme(project, "ws-host dev");
    let mut dev = command();
    dev.args(["dev", "--port", "0"]).current_dir(project).env("CARGO_TARGET_DIR", shared_target());
    let host = Host::start(dev);
    has_its_page(&host);
    let mut ann = Client::connect(&host).await;
    assert_eq!(ann.hears().await, "* guest-1 has joined");
    let mut ben = Client::connect(&host).await;
    assert_eq!((ann.hears().await, ben.hears().await), ("* guest-2 has joined".to_owned(), "* guest-2 has joined".to_owned()));
    assert_eq!(ben.asks("hello").await, "guest-2: hello");
    assert_eq!(ann.hears().await, "guest-2: hello");
}

/// The host serves the files of the project's folder `public`.
fn has_its_page(host: &Host) {
    for (path, part) in [("/", "<title>my-chat</title>"), ("/app.js", "new Socket('/'"), ("/ws-host-client.js", "class Socket")] {
        let answer = ask(&host.address, &request(&format!("GET {path}")));
        assert!(answer.status == 200 && String::from_utf8_lossy(&answer.body).contains(part), "{path}: {}", answer.status);
    }
}

/// Follows the README of a project, from `ws-host new` to a chat of two clients.
async fn begins(language: &str, install: Option<&str>, prepare: impl FnOnce(&Path)) -> TempDir {
    let folder = empty();
    let said = succeeds(folder.path(), &["new", "my-chat", "--lang", language]);
    assert_eq!(said, "created my-chat; my-chat/README.md has the next steps\n");
    let project = folder.path().join("my-chat");
    prepare(&project);
    if let Some(install) = install {
        run(by_the_readme(&project, install));
    }
    assert!(run(by_the_readme(&project, "ws-host test")).ends_with("tests/hello.chat: 10 lines passed\n"));
    two_chat(&project).await;
    succeeds(&project, &["inspect", &component(&project)]);
    folder
}

/// `ws-host build` writes the component to the given file.
fn component(project: &Path) -> String {
    run(by_the_readme(project, "ws-host build --out my-chat.wasm"));
    project.join("my-chat.wasm").to_string_lossy().into_owned()
}

/// Whether this function has its name in the project's component.
fn has_names(project: &Path, function: &str) -> bool {
    let bytes = fs::read(component(project)).expect("the component can be read");
    bytes.windows(function.len()).any(|part| part == function.as_bytes())
}

/// With a failing line before another of a source, the trace of a dialogue has its place, and none of the standard library.
fn fails_at(project: &Path, source: &str, (line, failing): (&str, &str), place: &str) {
    let text = fs::read_to_string(project.join(source)).expect("the source can be read");
    let number = text.lines().position(|other| other == line).expect("the source has this line") + 1;
    fs::write(project.join(source), text.replacen(line, &format!("{failing}\n{line}"), 1)).expect("the source can be written");
    fs::write(project.join("tests/boom.chat"), "ann joins\nann hears ...\nann says boom\nann is closed with 1011\n")
        .expect("the dialogue can be written");
    let output = plays(project, &[]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains(&format!("\n    {place}{number}:")) && !log.contains("/rustc/"), "{log}");
}

/// Locks the same crates as our own guests, so that a build does not ask for newer ones.
fn lock(project: &Path) {
    let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests/Cargo.lock");
    fs::copy(locked, project.join("Cargo.lock")).expect("the lock file can be copied");
}

#[tokio::test]
async fn a_project_in_rust_goes_from_new_to_a_chat() {
    let folder = begins("rust", None, lock).await;
    let project = folder.path().join("my-chat");
    assert!(has_names(&project, "rust_begin_unwind"), "traces of failures name functions");
    assert!(!has_names(&project, ".debug_line"), "a component to be served has no debug information");
    let boom = "        assert!(message.as_text() != Some(\"boom\"));";
    fails_at(&project, "src/lib.rs", ("        match message {", boom), "on_message (src/lib.rs:");
}

#[test]
fn the_pages_of_a_project_are_served_by_its_settings_and_told_of_where_those_are_not_read() {
    let folder = empty();
    succeeds(folder.path(), &["new", "my-pages", "--lang", "c"]);
    fs::copy(guest("chat"), folder.path().join("my-pages/my-pages.wasm")).expect("the component can be copied");
    let run = |dir: &Path, file: &str| {
        let mut run = command();
        run.args(["run", file, "--port", "0"]).current_dir(dir);
        Host::start(run)
    };
    let page = |host: &Host| String::from_utf8_lossy(&ask(&host.address, &request("GET /")).body).into_owned();
    assert!(page(&run(&folder.path().join("my-pages"), "my-pages.wasm")).contains("<title>my-pages</title>"));
    let mut outside = run(folder.path(), "my-pages/my-pages.wasm");
    assert!(page(&outside).contains("<title>ws-host</title>"), "the chat page");
    outside.logs("the pages in my-pages/public are not served; use --static my-pages/public to serve them");
}

/// A project in Rust of this name.
fn in_rust(folder: &TempDir, name: &str) -> PathBuf {
    succeeds(folder.path(), &["new", name, "--lang", "rust"]);
    let project = folder.path().join(name);
    lock(&project);
    project
}

/// `ws-host test` in a project.
fn plays(project: &Path, arguments: &[&str]) -> Output {
    let mut test = command();
    test.arg("test").args(arguments).current_dir(project).env("CARGO_TARGET_DIR", shared_target());
    test.output().expect("ws-host starts")
}

#[test]
fn a_new_project_in_c_has_tests_that_run_without_a_host() {
    let folder = empty();
    succeeds(folder.path(), &["new", "my-tested", "--lang", "c"]);
    let project = folder.path().join("my-tested");
    let said = run(by_the_readme(&project, "make test"));
    let ok = "everybody_hears_a_text_with_the_name_of_its_guest: ok\na_binary_message_goes_to_the_others: ok\n2 passed\n";
    assert!(said.ends_with(ok), "{said}");
    let chat = fs::read_to_string(project.join("src/chat.c")).expect("the source can be read");
    fs::write(project.join("src/chat.c"), chat.replace(": %.*s", " says %.*s")).expect("the source can be written");
    let output = by_the_readme(&project, "make test").output().expect("sh starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && stdout.ends_with("1 of 2 tests failed\n"), "{stdout}");
    let told = "tests/chat_test.c:9: client 2 hears \"guest-1 says hello\", not \"guest-1: hello\"";
    assert!(stderr.contains(told), "{stderr}");
}

/// The room for tests in C does what `club` expects, and the last three of its tests fail, by their names.
#[test]
fn the_room_for_tests_in_c_keeps_the_contracts_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = empty();
    let line = "make --silent --file ../../../cli/templates/c/Makefile test SDK=../../../sdk/c OUT=\"$FOLDER\" CFLAGS=-fsanitize=address,undefined";
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(root.join("tests/guests-c/club")).env("FOLDER", folder.path());
    let output = shell.output().expect("sh starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let tests: Vec<_> = stdout.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(tests.len(), 24, "{stdout}\n{stderr}");
    for (test, how) in tests {
        assert_eq!(how == "ok", !test.starts_with("fails_on_"), "{test}: {how}\n{stderr}");
    }
    for told in ["is not UTF-8 at its byte 2", "client 1 hears \"one more\", not \"one less\""] {
        assert!(stderr.contains(told), "{stderr}");
    }
}

#[test]
fn a_dialogue_that_differs_names_its_line() {
    let folder = empty();
    let project = in_rust(&folder, "my-dialogues");
    let cases = [
        ("ann joins\nann hears something else\n", "line 2, `ann hears something else`: ann heard `* guest-1 has joined`"),
        ("ann joins\nben says hello\n", "line 2, `ben says hello`: ben has not joined"),
        (
            "# A note\n\nann joins\nann dances\n",
            "line 4, `ann dances`: unknown verb; a client `joins`, `speaks`, `says`, `sends`, `hears`, `receives`, `waits`, `leaves`, `is refused with STATUS` or `is closed with CODE`",
        ),
        ("# Nothing but a note\n", "it has no line to play"),
        ("--colour red\nann joins\n", "unexpected argument '--colour' found"),
        ("ann joins\nann is refused with 403\n", "line 2, `ann is refused with 403`: ann was let in"),
        (
            "ann joins\nann sends 0x00\n",
            "line 2, `ann sends 0x00`: write bytes as pairs of hexadecimal digits, for example 00 ff 41",
        ),
        ("ann joins\nann waits 10s\n", "line 2, `ann waits 10s`: ann heard `* guest-1 has joined`"),
        (
            "ann joins\nann hears ... joined\nann hears more\n",
            "line 3, `ann hears more`: no message came: nothing came within 200ms",
        ),
    ];
    for (dialogue, told) in cases {
        fs::write(project.join("tests/a.chat"), dialogue).expect("the dialogue can be written");
        let output = plays(&project, &["--timeout", "200ms"]);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // The other dialogues are played too.
        assert_eq!(stdout, format!("./tests/a.chat: failed: {told}\n./tests/hello.chat: 10 lines passed\n"));
        assert_eq!(stderr.lines().last(), Some("ws-host: 1 of 2 dialogues failed"), "{stderr}");
        assert_eq!(output.status.code(), Some(1), "no mistake of the command line");
    }
}

#[test]
fn a_dialogue_plays_binary_messages_subprotocols_headers_refusals_and_settings_of_its_own() {
    let probe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests/probe");
    let output = command().arg("test").current_dir(probe).output().expect("ws-host starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, "./tests/grammar.chat: 18 lines passed\n./tests/upgrades.chat: 7 lines passed\n");
}

#[test]
fn dialogues_run_with_the_settings_of_the_app() {
    let folder = empty();
    let project = in_rust(&folder, "my-rooms");
    // In another room, ann does not hear that ben joins.
    let dialogue = "ann joins /chat/blue\nann hears ...\nben joins /chat/red\nann says hi\nann hears guest-1: hi\n";
    fs::write(project.join("tests/hello.chat"), dialogue).expect("the dialogue can be written");
    fs::write(project.join("ws-host.toml"), "instances = \"per-room\"\nroom-path = \"/chat/{room}\"\n")
        .expect("a file can be written");
    let output = plays(&project, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "./tests/hello.chat: 5 lines passed\n");
    let output = plays(&project, &["--env", "A B=c"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn existing_files_are_never_overwritten() {
    let folder = empty();
    fs::create_dir(folder.path().join("mine")).expect("a folder can be made");
    for language in ["rust", "python", "js", "ts", "c"] {
        let line = fails(folder.path(), &["new", "mine", "--lang", language]);
        assert_eq!(line, "ws-host: mine already exists: choose another name, or remove it first");
    }
    assert_eq!(fs::read_dir(folder.path().join("mine")).expect("it can be listed").count(), 0);
}

#[test]
fn an_invalid_name_is_reported_in_one_line_and_nothing_is_written() {
    let folder = empty();
    for name in ["My Chat", "../chat", "7up", "a.b"] {
        let line = fails(folder.path(), &["new", name, "--lang", "c"]);
        assert_eq!(
            line,
            format!("ws-host: `{name}` is not a valid project name: use up to 64 of a-z, 0-9, - and _, starting with a letter")
        );
    }
    assert!(fails(folder.path(), &["new", "test", "--lang", "rust"]).contains("something that a project needs"));
    assert_eq!(fs::read_dir(folder.path()).expect("it can be listed").count(), 0);
}

#[test]
fn a_missing_tool_is_named_with_the_command_that_installs_it() {
    let folder = empty();
    for (language, told) in
        [("js", "lacks its packages. Install them: npm install"), ("ts", "lacks its packages. Install them: npm install")]
    {
        succeeds(folder.path(), &["new", &format!("in-{language}"), "--lang", language]);
        let line = fails(folder.path(), &["test", &format!("in-{language}")]);
        assert!(line.contains(told), "{line}");
    }
    succeeds(folder.path(), &["new", "in-python", "--lang", "python"]);
    let bin = folder.path().join("in-python/.venv/bin");
    fs::create_dir_all(&bin).expect("the environment can be made");
    // A Python that cannot import any module.
    std::os::unix::fs::symlink("/bin/false", bin.join("python")).expect("the environment can be made");
    let line = fails(folder.path(), &["test", "in-python"]);
    assert!(line.ends_with("python3 -m venv .venv && .venv/bin/pip install ./vendor/ws-host-guest"), "{line}");
    succeeds(folder.path(), &["new", "in-c", "--lang", "c"]);
    // An empty PATH.
    let output = command().args(["test", "in-c"]).current_dir(folder.path()).env("PATH", "").env_remove("VIRTUAL_ENV").output();
    let stderr = String::from_utf8_lossy(&output.expect("ws-host starts").stderr).into_owned();
    assert!(
        stderr.contains("zig, which compiles C, is missing. In the project's directory")
            && stderr.contains("python3 -m venv .venv && .venv/bin/pip install ziglang"),
        "{stderr}"
    );
}

/// The C SDK is generated from the current contract: each function and each case of `wit/` has its name there.
#[test]
fn the_c_bindings_cover_the_whole_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let header = fs::read_to_string(root.join("sdk/c/bindings/ws.h")).expect("the header can be read");
    for file in ["types", "imports", "store", "http", "requests", "rooms", "exports"] {
        let wit = fs::read_to_string(root.join(format!("wit/{file}.wit"))).expect("the contract can be read");
        let mut interface = String::new();
        for line in wit.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("interface ") {
                interface = name.trim_end_matches(" {").replace('-', "_");
            } else if let Some((name, _)) = line.split_once(": func(") {
                let name = format!("ws_host_server_{interface}_{}", name.trim_start_matches('%').replace('-', "_"));
                assert!(header.contains(&name), "no {name}: make the bindings anew (sdk/c/README.md)");
            } else if let Some(case) =
                line.strip_suffix(',').filter(|case| case.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
            {
                let case = format!("_{} ", case.to_uppercase().replace('-', "_"));
                assert!(header.contains(&case), "no case{case}: make the bindings anew (sdk/c/README.md)");
            }
        }
    }
}

#[test]
fn the_copy_of_the_contract_for_javascript_equals_the_repositorys() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in ["types.wit", "imports.wit", "store.wit", "http.wit", "rooms.wit", "exports.wit", "world.wit"] {
        let read = |folder: &str| fs::read_to_string(root.join(folder).join(file)).expect("the contract can be read");
        assert_eq!(read("sdk/js/wit"), read("wit"), "copy {file} anew");
    }
}

mod c {
    use super::{begins, fails_at, has_names, succeeds};

    #[tokio::test]
    #[ignore = "`cargo xtask test c-guests` runs it, since it needs zig"]
    async fn a_project_in_c_goes_from_new_to_a_chat() {
        let folder = begins("c", Some("python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1"), |_| {}).await;
        let project = folder.path().join("my-chat");
        let inspected = succeeds(&project, &["inspect", "--json", "my-chat.wasm"]);
        let exports = inspected.split("\"imports\"").next().unwrap_or_default();
        assert_eq!(exports.matches("ws-host:server/").count(), 1, "the chat has no optional handler: {exports}");
        assert!(has_names(&project, "ws_on_message"), "traces of failures name functions");
        assert!(!has_names(&project, ".debug_line"), "a component to be served has no debug information");
        let boom = "  if (message.len == 4) __builtin_trap();";
        let line =
            "  if (message.is_text) report(ws_broadcastf(\"guest-%llu: %.*s\", ID(from), (int)message.len, message.data));";
        fails_at(&project, "src/chat.c", (line, boom), "ws_on_message (src/chat.c:");
    }
}

mod python {
    use super::{begins, by_the_readme, run};

    #[tokio::test]
    #[ignore = "`cargo xtask test python-guests` runs it, since it needs componentize-py"]
    async fn a_project_in_python_goes_from_new_to_a_chat() {
        let folder =
            begins("python", Some("python3 -m venv .venv && .venv/bin/pip install ./vendor/ws-host-guest"), |_| {}).await;
        run(by_the_readme(&folder.path().join("my-chat"), ".venv/bin/python -m unittest"));
    }
}
