//! The admin socket: trust in its owner, its succession, and the cost of a lack of descriptors.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::support::http::{Raw, upgrade};
use crate::support::{Client, Host, Swappable, command, fails, guest};

/// A user without an account.
const STRANGER: u32 = 54321;

/// A folder with this mode.
fn folder(mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

/// Asks the server at this socket for a swap.
fn swap(socket: &Path) -> Output {
    let mut swap = command();
    swap.arg("swap").arg(guest("echo")).arg("--socket").arg(socket);
    swap.output().expect("ws-host starts")
}

/// Somebody else's server, which claims that it has swapped.
struct Liar {
    socket: PathBuf,
    was_asked: Arc<AtomicBool>,
}

impl Liar {
    const RELEASE: &str = r#"{"file":"/echo.wasm","sha256":"0123456789abcdef","since_unix":0}"#;

    fn at(socket: PathBuf) -> Self {
        let listener = UnixListener::bind(&socket).expect("the folder takes a socket");
        let was_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&was_asked);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                asked.store(true, SeqCst);
                let release = Self::RELEASE;
                let report = format!(r#"{{"from":{release},"to":{release},"load_us":1,"swap_us":1,"rooms":[]}}"#);
                let _ = write!(&stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{report}", report.len());
            }
        });
        Self { socket, was_asked }
    }

    /// Checks that nobody believes it when it is found at this path, and returns the reason.
    fn is_not_believed_at(&self, socket: &Path) -> String {
        let output = swap(socket);
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}{}", String::from_utf8_lossy(&output.stdout));
        assert!(line.contains("is not used: ") && line.contains("--socket"), "{line}");
        assert!(!self.was_asked.load(SeqCst), "it is not even asked");
        line
    }

    /// The same at its own path.
    fn is_not_believed(&self) -> String {
        self.is_not_believed_at(&self.socket)
    }
}

#[test]
fn a_folder_that_every_user_may_write_to_is_neither_used_nor_believed() {
    let folder = folder(0o777);
    let liar = Liar::at(folder.path().join("13254.sock"));
    assert!(liar.is_not_believed().contains("every user may write to its folder"));
    let own = folder.path().join("own.sock");
    let line = fails(&["run", text(&guest("echo")), "--port", "0", "--socket", text(&own)]);
    assert!(line.contains("every user may write to its folder: `chmod o-w` it"), "{line}");
}

#[test]
fn a_link_in_place_of_the_folder_or_the_socket_is_neither_used_nor_believed() {
    let (elsewhere, here) = (folder(0o700), folder(0o700));
    let liar = Liar::at(elsewhere.path().join("13254.sock"));
    let link = here.path().join("ws-host");
    symlink(elsewhere.path(), &link).expect("a link can be made");
    assert!(liar.is_not_believed_at(&link.join("13254.sock")).contains("its folder is a link"));
    let line = fails(&["run", text(&guest("echo")), "--port", "0", "--socket", text(&link.join("own.sock"))]);
    assert!(line.contains("its folder is a link"), "{line}");

    let link = here.path().join("13254.sock");
    symlink(&liar.socket, &link).expect("a link can be made");
    assert!(liar.is_not_believed_at(&link).contains("it is a link"));
}

/// Whether the tests run as root, who alone can act for two users.
#[allow(clippy::print_stderr, reason = "it says that it could not test")]
fn is_root() -> bool {
    let is_root = rustix::process::getuid().is_root();
    if !is_root {
        eprintln!("not tested: only root can act for two users");
    }
    is_root
}

#[test]
fn the_socket_of_another_user_is_not_believed() {
    if !is_root() {
        return;
    }
    let folder = folder(0o1777);
    let liar = Liar::at(folder.path().join("13254.sock"));
    chown(&liar.socket, Some(STRANGER), None).expect("root gives files away");
    assert!(liar.is_not_believed().contains("it belongs to another user (uid 54321)"));
}

/// `ws-host run` as another user, in this folder, with a socket in it.
fn run_as_stranger(folder: &Path, socket: &Path) -> Host {
    let component = folder.join("echo.wasm");
    std::fs::copy(guest("echo"), &component).expect("the folder takes a file");
    std::fs::set_permissions(&component, std::fs::Permissions::from_mode(0o644)).expect("the mode can be set");
    let mut command = command();
    command.uid(STRANGER).gid(STRANGER).env("HOME", folder).current_dir(folder);
    command.arg("run").arg(component).args(["--port", "0", "--socket"]).arg(socket);
    Host::start(command)
}

#[test]
fn a_socket_that_another_user_listens_at_is_not_believed_whoever_owns_its_file() {
    if !is_root() {
        return;
    }
    let folder = folder(0o1777);
    let socket = folder.path().join("13254.sock");
    let _host = run_as_stranger(folder.path(), &socket);
    chown(&socket, Some(0), None).expect("root gives files away");
    let line = String::from_utf8_lossy(&swap(&socket).stderr).into_owned();
    assert!(line.contains("it is served by another user (uid 54321)"), "{line}");
}

#[test]
fn root_asks_the_server_of_another_user_in_a_folder_that_strangers_cannot_have_put_there() {
    if !is_root() {
        return;
    }
    let parent = folder(0o755);
    let own = parent.path().join("ws-host");
    std::fs::create_dir(&own).expect("a folder can be made");
    chown(&own, Some(STRANGER), Some(STRANGER)).expect("root gives folders away");
    let socket = own.join("admin.sock");
    let _host = run_as_stranger(&own, &socket);
    let output = swap(&socket);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `ws-host run` with this guest and this socket.
fn run(name: &str, socket: &Path) -> Host {
    Host::run_with(name, &["--drain", "1h", "--close-timeout", "1h", "--socket", text(socket)])
}

/// The output of `ws-host status`.
fn status(socket: &Path) -> String {
    let output = command().arg("status").arg("--socket").arg(socket).output().expect("ws-host starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_server_that_starts_while_the_one_before_shuts_down_takes_its_socket_over_and_keeps_it() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let mut old = run("one", &socket);
    // It never answers a close frame.
    let mut mute = Raw::connect(&old.address);
    mute.says(upgrade("/", &[]).as_bytes());
    assert_eq!(mute.head().status, 101);
    old.signal("TERM");
    old.logs("stopping");
    assert_eq!(mute.is_closed().0, 1001);
    assert!(status(&socket).contains("one.wasm"), "it answers while it shuts down");

    let mut new = run("two", &socket);
    new.logs("taken over");
    assert!(status(&socket).contains("two.wasm"));
    old.signal("TERM");
    assert_eq!(old.ended().code(), Some(0));
    assert!(status(&socket).contains("two.wasm"), "the end of the old server left the socket alone");

    new.signal("TERM");
    assert_eq!(new.ended().code(), Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn port_and_socket_are_free_for_the_next_server_as_soon_as_clients_are_being_closed() {
    let runtime = folder(0o700);
    let run = |name: &str, port: &str| {
        let mut command = command();
        command.arg("run").arg(guest(name)).args(["--port", port, "--drain", "1h", "--close-timeout", "1h"]);
        command.env("XDG_RUNTIME_DIR", runtime.path());
        Host::start(command)
    };
    let mut old = run("one", "0");
    let port = old.port().to_string();
    // It never answers a close frame.
    let mut mute = Raw::connect(&old.address);
    mute.says(upgrade("/", &[]).as_bytes());
    assert_eq!(mute.head().status, 101);
    old.signal("TERM");
    assert_eq!(mute.is_closed().0, 1001);
    let new = run("two", &port);
    let mut client = Client::connect(&new).await;
    assert_eq!(client.asks("0").await, "two 0 1");
    assert!(status(&runtime.path().join("ws-host").join(format!("{port}.sock"))).contains("two.wasm"));
    old.signal("TERM");
    assert_eq!(old.ended().code(), Some(0));
}

#[tokio::test]
async fn a_running_server_keeps_its_socket() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let _host = run("one", &socket);
    let line = fails(&["run", text(&guest("two")), "--port", "0", "--socket", text(&socket)]);
    assert!(line.contains("another server has it"), "{line}");
    assert!(status(&socket).contains("one.wasm"));
}

#[test]
fn the_socket_of_a_server_that_was_killed_is_replaced() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let killed = run("one", &socket);
    killed.signal("KILL");
    drop(killed);
    assert!(socket.exists());
    let _host = run("two", &socket);
    assert!(status(&socket).contains("two.wasm"));
}

#[test]
fn the_end_of_a_server_leaves_the_socket_of_another_alone() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let mut host = run("one", &socket);
    std::fs::remove_file(&socket).expect("the socket can be removed");
    let other = UnixListener::bind(&socket).expect("the folder takes a socket");
    host.signal("TERM");
    assert_eq!(host.ended().code(), Some(0));
    assert!(socket.exists());
    drop(other);
}

#[tokio::test]
async fn a_lack_of_descriptors_is_not_told_at_every_try() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ws-host")]).env_remove("RUST_LOG");
    shell.arg("run").arg(guest("probe")).args(["--port", "0", "--socket"]).arg(&socket);
    let mut host = Host::start(shell);
    let (mut client, _) = Client::join(&host).await;
    // Requests that never end.
    let _held: Vec<_> = (0..100).map(|_| UnixStream::connect(&socket).expect("it listens")).collect();
    host.logs("the admin socket cannot accept");
    assert_eq!(client.asks("timer 1000 tick").await, "ok(1)");
    // Ten tries later.
    assert_eq!(client.hears().await, "timer 1 tick");
    host.signal("TERM");
    let more = host.rest_of_log().matches("the admin socket cannot accept").count();
    assert!(more <= 1, "{more} more lines");
}

/// Sends bytes to a socket, and returns what comes until its end.
fn says(socket: &Path, request: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    stream.write_all(request).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    answer
}

#[test]
fn a_request_that_is_not_understood_is_refused() {
    let folder = folder(0o700);
    let socket = folder.path().join("admin.sock");
    let _host = run("one", &socket);
    let answer = says(&socket, b"{\"frobnicate\":1}\n\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = says(&socket, b"POST /v1/frobnicate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("the API has no /v1/frobnicate: /v1/openapi.json lists its routes"), "{answer}");
}

#[test]
fn swaps_and_rollbacks_that_the_socket_asks_for_are_in_the_log_and_so_are_their_refusals() {
    let mut host = Swappable::run("one", &[]);
    host.swap("two");
    let line = host.host.logs("swapped from one.wasm (");
    assert!(line.contains(") to two.wasm (") && line.contains("as the admin socket asked"), "{line}");
    assert!(host.ask(&["rollback"]).status.success());
    assert!(host.host.logs("as the admin socket asked").contains("swapped from two.wasm ("));
    let missing = host.folder.path().join("missing.wasm");
    host.refusal_of(text(&missing));
    let line = host.host.logs("not swapped, though the admin socket asked: ");
    assert!(line.contains("WARN") && line.contains("missing.wasm"), "{line}");
    // A question is no change.
    host.status();
    host.host.signal("TERM");
    let rest = host.host.rest_of_log();
    assert!(!rest.contains("swapped"), "{rest}");
}
