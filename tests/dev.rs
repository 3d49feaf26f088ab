//! `ws-host dev`: a guest project is built and served with one command.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::support::http::{ask, request};
use crate::support::{Client, Host, command, fails, fails_with_log, tls};
use tempfile::TempDir;

const ECHO: &str = "\
#[derive(Default)]
struct Echo;
ws_guest::export!(Echo);
impl ws_guest::App for Echo {
    fn on_message(&mut self, from: ws_guest::ClientId, message: ws_guest::Message) {
        ws_guest::send(from, message).ok();
    }
}
";

/// A guest project with this library. Its name is its own, since all projects of this file are built in one folder. It locks the same crates as the guests of the tests.
fn project(lib: &str, crate_type: &str) -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the project");
    let sdk = root.join("sdk/rust");
    static PROJECTS: AtomicUsize = AtomicUsize::new(1);
    let number = PROJECTS.fetch_add(1, Relaxed);
    let manifest = format!(
        "[package]\nname = \"newborn-{number}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\ncrate-type = [\"{crate_type}\"]\n\n\
         [dependencies]\nws-guest = {{ path = {sdk:?} }}\n\n\
         [profile.release]\npanic = \"abort\"\n"
    );
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("the project can be written");
    write("Cargo.toml", &manifest);
    std::fs::create_dir(dir.path().join("src")).expect("the project can be written");
    write("src/lib.rs", lib);
    std::fs::copy(root.join("tests/guests/Cargo.lock"), dir.path().join("Cargo.lock")).expect("the lock file can be copied");
    dir
}

/// `ws-host dev` for this project. All projects share their compiled dependencies.
fn dev(project: &TempDir) -> Command {
    let mut command = command();
    command.arg("dev").arg(project.path()).args(["--port", "0"]);
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev"));
    command
}

#[tokio::test]
async fn a_project_is_built_and_served() {
    let project = project(ECHO, "cdylib");
    let host = Host::start(dev(&project));
    assert!(host.announcement.contains(".wasm is served at http://localhost:"), "{}", host.announcement);
    assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
}

#[tokio::test]
async fn with_tls_it_makes_a_certificate_and_says_https_and_wss() {
    // No other test writes the component of this project at the same time.
    let mut command = command();
    command.arg("dev").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-examples/echo")).args(["--port", "0", "--tls"]);
    let host = Host::start(command);
    assert!(host.announcement.contains("served at https://localhost:"), "{}", host.announcement);
    assert!(host.announcement.contains("WebSocket: wss://localhost:"), "{}", host.announcement);
    assert_eq!(tls::connect(&host.address).await.asks("hello").await, "hello");
}

#[tokio::test]
async fn an_edited_project_is_built_again_and_swapped_and_a_mistake_in_it_changes_nothing_but_the_page() {
    let project = project(ECHO, "cdylib");
    let mut command = dev(&project);
    command.args(["--env", "ANSWER=another answer"]);
    let mut host = Host::start(command);
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks("hello").await, "hello");
    let edit = |lib: &str| std::fs::write(project.path().join("src/lib.rs"), lib).expect("the project can be edited");

    edit(&ECHO.replace("from, message)", "from, 1_u8 + true)"));
    host.logs("the previous release keeps running");
    assert_eq!(client.asks("hello").await, "hello");

    let variable = "from, std::env::var(message.as_text().unwrap_or_default()).expect(\"no such variable\"))";
    edit(&ECHO.replace("from, message)", variable));
    host.logs("swapped to");
    assert_eq!(client.asks("ANSWER").await, "another answer");
    let told = || String::from_utf8_lossy(&ask(&host.address, &request("GET /-/notice")).body).into_owned();
    assert!(told().contains("\"swaps\":1,\"traps\":0"), "{}", told());

    client.says("NOTHING").await;
    assert_eq!(client.is_closed().await.0, 1011);
    let told = told();
    assert!(told.contains("\"traps\":1") && told.contains("on-message trapped: it panicked"), "{told}");
    assert!(
        told.contains("on-message trapped: it panicked or aborted: thread '<unnamed>' (1) panicked at src/lib.rs:6:")
            && told.contains(": no such variable: NotPresent\""),
        "the page has the panic's own words: {told}"
    );
    let log = host.logs_up_to("on-message trapped: it panicked or aborted (the log has its stderr)");
    assert!(log.contains("no such variable") && !log.contains("RUST_BACKTRACE"), "{log}");
}

#[tokio::test]
async fn an_edit_that_changes_nothing_swaps_nothing_and_a_file_that_the_code_includes_is_a_source() {
    let project = project(&ECHO.replace("from, message)", "from, include_str!(\"../answer.txt\"))"), "cdylib");
    let write = |name: &str, text: &str| std::fs::write(project.path().join(name), text).expect("the project can be edited");
    write("answer.txt", "one");
    let mut host = Host::start(dev(&project));
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks("hello").await, "one");
    write("Cargo.toml", &std::fs::read_to_string(project.path().join("Cargo.toml")).expect("the project has a manifest"));
    host.logs("the component is as before: not swapped");
    write("answer.txt", "two");
    host.logs("swapped to");
    assert_eq!(client.asks("hello").await, "two");
}

#[tokio::test]
async fn an_edited_page_is_loaded_anew_and_is_no_change_of_the_app() {
    let project = project(ECHO, "cdylib");
    let page = |text: &str| std::fs::write(project.path().join("public/index.html"), text).expect("the page can be edited");
    std::fs::create_dir(project.path().join("public")).expect("the project takes a folder");
    page("<p>one</p>");
    let mut host = Host::start(dev(&project));
    let address = host.address.clone();
    let asks = |path: &str| {
        let answer = ask(&address, &request(&format!("GET {path}")));
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let version =
        |page: &str| page.split_once("/-/live.js?").and_then(|(_, rest)| rest.split_once('"')).map(|(v, _)| v.to_owned());
    let first = asks("/");
    let version_before = version(&first).expect("the page has the script");
    assert!(first.starts_with("<p>one</p>") && asks("/-/notice").contains(&version_before), "{first}");

    page("<p>two</p>");
    let log = host.logs_up_to("the pages have changed: browsers load them anew");
    assert!(!log.contains("not swapped") && log.matches("building").count() == 1, "{log}");
    let second = asks("/");
    assert!(second.starts_with("<p>two</p>") && version(&second) != Some(version_before), "{second}");

    // A `.toml` file in `public` belongs to the pages: a change of it does not build the app again.
    std::fs::write(project.path().join("public/notes.toml"), "").expect("the folder takes a file");
    host.logs("the pages have changed");
    let edit = |lib: &str| std::fs::write(project.path().join("src/lib.rs"), lib).expect("the project can be edited");
    edit(&ECHO.replace("from, message)", "from, \"new\")"));
    let log = host.logs_up_to("swapped to");
    assert!(!log.contains("not swapped") && log.matches("building").count() == 1, "{log}");
    assert!(asks("/-/notice").contains("\"swaps\":1"));
}

#[tokio::test]
async fn a_release_that_fails_stays_for_its_developer() {
    let project = project(ECHO, "cdylib");
    let mut host = Host::start(dev(&project));
    let edit = |lib: &str| std::fs::write(project.path().join("src/lib.rs"), lib).expect("the project can be edited");
    edit(&ECHO.replace("ws_guest::send", "panic!(\"my mistake\"); ws_guest::send"));
    host.logs("swapped to");
    // With three failures, `run` would go back.
    for _ in 0..4 {
        let mut client = Client::connect(&host).await;
        client.says("hello").await;
        assert_eq!(client.is_closed().await.0, 1011);
        host.logs("my mistake");
    }
    edit(ECHO);
    let log = host.logs_up_to("swapped to");
    assert!(!log.contains("goes back"), "{log}");
    assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
}

#[test]
fn a_port_in_use_and_a_wrong_setting_are_told_before_the_build() {
    let project = project("This does not compile.", "cdylib");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port().to_string();
    for (arguments, told) in [
        (&["--port", &port][..], "the port is in use"),
        (&["--port", "0", "--tls-cert", "missing.pem", "--tls-key", "missing.pem"], "missing.pem"),
        (&["--port", "0", "--outbox-soft", "2MiB"], "--outbox-soft"),
    ] {
        let mut command = command();
        command.arg("dev").arg(project.path()).args(arguments);
        let (line, log) = fails_with_log(&mut command);
        assert!(line.contains(told), "{line}");
        assert!(!log.contains("building"), "{log}");
    }
}

#[test]
fn a_mistake_in_the_code_is_shown_as_the_compiler_prints_it() {
    let project = project(&ECHO.replace("from, message)", "from, 1_u8 + true)"), "cdylib");
    let (line, log) = fails_with_log(&mut dev(&project));
    assert!(line.ends_with("did not build (see above)"), "{line}");
    assert!(log.contains("error[E0277]: cannot add `bool` to `u8`"), "{log}");
    assert!(log.contains("--> src/lib.rs:6:"), "{log}");
    assert!(log.contains("ws_guest::send(from, 1_u8 + true).ok();"), "{log}");
}

#[test]
fn the_error_for_a_library_without_a_component_has_a_remedy() {
    let project = project(ECHO, "rlib");
    let (line, _) = fails_with_log(&mut dev(&project));
    assert!(line.contains("made no component. Set `crate-type = [\"cdylib\"]` under [lib]"), "{line}");
}

#[test]
fn a_directory_without_a_project() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let line = fails(&["dev", &dir.path().to_string_lossy()]);
    assert!(
        line.contains(
            "has no Cargo.toml (Rust), nor app.py or server.py or pyproject.toml (Python), nor package.json (JavaScript), nor"
        ),
        "{line}"
    );
}

#[test]
fn a_missing_directory() {
    let line = fails(&["dev", "no-such-folder"]);
    assert!(line.starts_with("ws-host: the directory no-such-folder does not exist"), "{line}");
}

#[test]
fn a_file_in_place_of_a_directory() {
    let line = fails(&["dev", env!("CARGO_BIN_EXE_ws-host")]);
    assert!(line.contains("is a file, not the directory of a guest project"), "{line}");
    assert!(line.contains("`ws-host run "), "{line}");
}

#[test]
fn the_error_for_a_python_without_the_sdk_names_the_package_to_install() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(dir.path().join("app.py"), "").expect("the project can be written");
    let bin = dir.path().join(".venv/bin");
    std::fs::create_dir_all(&bin).expect("the environment can be made");
    // A Python that cannot import any module.
    std::os::unix::fs::symlink("/bin/false", bin.join("python")).expect("the environment can be made");
    let line = fails(&["dev", &dir.path().to_string_lossy()]);
    assert!(line.contains(".venv/bin/python lacks the package ws-host-guest."), "{line}");
    assert!(line.ends_with(".venv/bin/python -m pip install sdk/python"), "{line}");
}

#[test]
fn the_error_for_an_older_sdk_names_the_version_to_install() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(dir.path().join("app.py"), "").expect("the project can be written");
    let bin = dir.path().join(".venv/bin");
    std::fs::create_dir_all(&bin).expect("the environment can be made");
    // A Python that has the packages, and whose SDK knows no argument.
    let older = "#!/bin/sh\n[ \"$1\" = -c ] && exit\necho 'error: unrecognized arguments: --output' >&2\nexit 2\n";
    std::fs::write(bin.join("python"), older).expect("the environment can be made");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("python"), executable).expect("the environment can be made");
    let (line, _) = fails_with_log(command().arg("build").arg(dir.path()));
    assert!(line.contains(concat!("is older than this ws-host. Install that of ", env!("CARGO_PKG_VERSION"), ":")), "{line}");
}

/// These build with componentize-py, installed by `cargo xtask test python-guests`.
mod python {
    use super::*;

    const ECHO: &str = "\
from ws_host_guest import App

app = App()

@app.on_message
def echo(client, message):
    client.send(message)
";

    fn project(app: &str) -> TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(dir.path().join("app.py"), app).expect("the project can be written");
        dir
    }

    fn dev(project: &TempDir) -> Command {
        let mut command = command();
        command.arg("dev").arg(project.path()).args(["--port", "0"]);
        command
    }

    #[tokio::test]
    #[ignore = "`cargo xtask test python-guests` installs what it needs and runs it"]
    async fn an_edited_project_is_built_again_and_swapped_and_a_mistake_changes_nothing_but_the_page() {
        let project = project(ECHO);
        let mut dev = dev(&project);
        // The cache is empty, so the first start compiles all of CPython.
        dev.env("XDG_CACHE_HOME", project.path().join(".cache"));
        let mut host = Host::start(dev);
        host.logs("app.wasm is being compiled");
        assert!(host.announcement.starts_with("app.wasm is served at http://localhost:"), "{}", host.announcement);
        // Each time a new client asks: on a busy machine a build takes longer than a client may be silent.
        assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
        let edit = |app: &str| std::fs::write(project.path().join("app.py"), app).expect("the project can be edited");

        edit(&ECHO.replace("def echo(client, message)", "def echo(client, message"));
        host.logs("SyntaxError: '(' was never closed");
        host.logs("the previous release keeps running");
        assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");

        edit(&ECHO.replace("send(message)", "send('another answer')"));
        host.logs("swapped to");
        assert_eq!(Client::connect(&host).await.asks("hello").await, "another answer");
    }

    #[test]
    #[ignore = "`cargo xtask test python-guests` installs what it needs and runs it"]
    fn a_mistake_is_shown_as_python_prints_it() {
        let (line, log) = fails_with_log(&mut dev(&project(&ECHO.replace("App()", "App(5, nonsense)"))));
        assert!(line.ends_with("did not build (see above)"), "{line}");
        let traceback =
            "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n    app = App(5, nonsense)\n";
        assert!(log.contains(traceback), "{log}");
        assert!(log.contains("NameError: name 'nonsense' is not defined"), "{log}");
    }

    #[test]
    #[ignore = "`cargo xtask test python-guests` installs what it needs and runs it"]
    fn a_program_that_serves_nothing_gets_an_error() {
        let (_, log) = fails_with_log(&mut dev(&project("print('hello')\n")));
        assert!(log.contains("hello\n"), "{log}");
        assert!(log.contains("app.py creates neither an App nor a WebSocketsServer, so it has nothing to serve"), "{log}");
    }
}

#[test]
fn a_terminal_gets_the_link_to_the_dashboard() {
    let project = project(ECHO, "cdylib");
    let serving = dev(&project);
    // A terminal of its own. A host that outlives a failed test is ended.
    let words = std::iter::once(serving.get_program()).chain(serving.get_args()).map(|word| format!("'{}'", word.display()));
    let line = format!("timeout --signal KILL 120 {}", words.collect::<Vec<_>>().join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"]);
    terminal.envs(serving.get_envs().filter_map(|(name, value)| Some((name, value?)))).env_remove("RUST_LOG");
    let mut terminal = terminal.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("there is a terminal to be had");
    let shown = BufReader::new(terminal.stdout.take().expect("its output is piped"));
    let mut lines = shown.lines().map_while(Result::ok);
    let link = lines.find(|line| line.contains("#token=")).expect("the link is shown");
    let (address, token) =
        link.trim_end().split_once("http://").and_then(|(_, link)| link.split_once("/#token=")).expect("it is whole");
    let asks = |line: &str| {
        ask(
            address,
            &format!(
                "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
        )
    };
    assert!(String::from_utf8_lossy(&asks("GET /").body).starts_with("<!doctype html>"));
    assert_eq!(asks("GET /v1/status").status, 200);
    assert_eq!(asks("POST /v1/shutdown").status, 202);
    // It writes to the end.
    lines.for_each(drop);
    assert!(terminal.wait().expect("it ends").success());
}
