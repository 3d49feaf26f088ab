//! Places to listen at: several addresses, Unix sockets, and what is spoken on each.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use ws_host::Server;
use ws_host::config::Listen;

use crate::support::http::{Raw, ask, request, text_frame, upgrade};
use crate::support::raw::asks;
use crate::support::tls::{Certificate, Files, connect};
use crate::support::{self, Client, Embedded, Host, command, fails_with_log, guest};

/// A folder, and a path in it for a socket.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("app.sock");
    (folder, path)
}

fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

/// `ws-host run` with this guest, without a port.
fn run(name: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = command();
    command.arg("run").arg(guest(name)).args(arguments);
    command
}

/// A client of the probe, whose description it returns.
fn described(mut raw: Raw, headers: &[(&str, &str)]) -> String {
    raw.says(upgrade("/", headers).as_bytes());
    assert_eq!(raw.head().status, 101);
    let joined = raw.hears();
    let id = joined.strip_prefix("joined ").expect("the probe tells who has joined");
    raw.says(&text_frame(&format!("get {id}")));
    // Earlier clients may leave only now.
    std::iter::repeat_with(|| raw.hears()).find(|told| !told.starts_with("left ")).expect("it is answered")
}

#[tokio::test]
async fn a_server_listens_at_several_places_at_once() {
    let (_folder, path) = folder();
    let mut host = Host::run_with("probe", &["--listen", "127.0.0.1:0", "--listen", &unix(&path)]);
    host.logs(&format!("listening on unix:{}", path.display()));
    assert_eq!(path.metadata().expect("the file is there").mode() & 0o777, 0o660);
    assert!(described(Raw::connect_unix(&path), &[]).contains("ip=127.0.0.1 "));
    let (mut client, id) = Client::join(&host).await;
    assert!(asks(&mut client, "list").await.contains(&id.to_string()));
    host.signal("TERM");
    host.ended();
    assert!(!path.exists(), "the file goes with the server");
}

#[test]
fn a_unix_socket_alone_is_a_server_that_commands_find_by_its_admin_socket() {
    let (folder, path) = folder();
    let admin = folder.path().join("admin.sock").to_string_lossy().into_owned();
    let options = format!("{},mode=0600", unix(&path));
    let host = Host::start(run("echo", &["--listen", &options, "--socket", &admin]));
    assert_eq!(host.announcement, format!("echo.wasm is served at {0} (WebSocket: ws+{0})\n", unix(&path)));
    assert_eq!(path.metadata().expect("the file is there").mode() & 0o777, 0o600);
    let mut raw = Raw::connect_unix(&path);
    raw.says(&[upgrade("/", &[("Origin", "http://server.example.com")]).as_bytes(), &text_frame("hello")].concat());
    assert_eq!((raw.head().status, raw.hears()), (101, "hello".into()));
    assert!(command().args(["status", "--socket", &admin]).output().expect("ws-host starts").status.success());

    let (line, _) = fails_with_log(&mut run("echo", &["--listen", &options]));
    assert!(line.ends_with("app.sock: another process listens there. Stop it, or choose another path"), "{line}");
    raw.says(&text_frame("still there"));
    assert_eq!(raw.hears(), "still there");

    // A killed process leaves its file.
    host.signal("KILL");
    drop(host);
    assert!(path.exists());
    let host = Host::start(run("echo", &["--listen", &options, "--socket", &admin]));
    let mut raw = Raw::connect_unix(Path::new(&host.address));
    raw.says(request("OPTIONS /").as_bytes());
    assert_eq!(raw.answer().status, 204);
}

#[test]
fn a_proxy_on_a_unix_socket_names_the_client_if_it_is_trusted() {
    let (folder, path) = folder();
    let proxied = folder.path().join("proxied.sock");
    let announced = format!("{},proxy-protocol", unix(&proxied));
    let arguments = ["--listen", &unix(&path), "--listen", &announced, "--port", "0", "--trusted-proxy", "unix"];
    let host = Host::start(run("probe", &arguments));
    let forwarded = [("X-Forwarded-For", "203.0.113.5")];
    assert!(described(Raw::connect_unix(&path), &forwarded).contains("ip=203.0.113.5 "));
    let mut raw = Raw::connect_unix(&proxied);
    raw.says(b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 80\r\n");
    assert!(described(raw, &[]).contains("ip=203.0.113.7 "));
    assert!(described(Raw::connect(&host.address), &forwarded).contains("ip=127.0.0.1 "), "it trusts no address");
}

#[tokio::test]
async fn each_place_says_whether_it_speaks_tls() {
    let (_folder, path) = folder();
    let files = Files::of(&Certificate::new());
    let flags = files.flags();
    let mut arguments = vec!["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0,plain", "--verbose"];
    arguments.extend(flags.iter().map(String::as_str));
    let unix = unix(&path);
    arguments.extend(["--listen", &unix]);
    let server = Host::start(run("echo", &arguments));
    assert!(server.announcement.contains("wss://127.0.0.1:"), "{}", server.announcement);
    assert_eq!(connect(&server.address).await.asks("hello").await, "hello");
    let mut raw = Raw::connect_unix(&path);
    raw.says(request("OPTIONS /").as_bytes());
    assert_eq!(raw.answer().status, 204, "a Unix socket is plain");

    let places = [Listen::tcp("127.0.0.1", 0).tls(false), Listen::tcp("127.0.0.1", 0)];
    let builder = places.into_iter().fold(Server::builder(), ws_host::Builder::listen_on);
    let server = builder.on_message(|_, _, _| {}).tls(files.certificate(), files.key()).build().expect("it listens");
    let tls: Vec<_> = server.listening().iter().map(|place| place.tls).collect();
    assert_eq!(tls, [false, true]);
}

#[test]
fn an_embedded_server_takes_places_too() {
    let (_folder, path) = folder();
    let server = Server::builder().listen_on(Listen::unix(&path).mode(0o600)).on_message(|room, client, message| {
        room.send(client.id, message).ok();
    });
    let server = Embedded::start(server);
    assert_eq!(server.address, "127.0.0.1:0", "it has no address");
    let mut raw = Raw::connect_unix(&path);
    raw.says(&[upgrade("/", &[]).as_bytes(), &text_frame("hello")].concat());
    assert_eq!((raw.head().status, raw.hears()), (101, "hello".into()));
}

#[test]
fn the_settings_file_names_places_relative_to_itself() {
    let (folder, path) = folder();
    std::fs::write(folder.path().join("a.toml"), "listen = [\"127.0.0.1:0\", \"unix:app.sock\"]\n")
        .expect("the folder takes a file");
    let settings = folder.path().join("a.toml").to_string_lossy().into_owned();
    let host = Host::start(run("echo", &["--config", &settings]));
    assert_eq!(ask(&host.address, &request("OPTIONS /")).status, 204);
    let mut raw = Raw::connect_unix(&path);
    raw.says(request("OPTIONS /").as_bytes());
    assert_eq!(raw.answer().status, 204);
}

#[tokio::test]
async fn plain_http_is_redirected_to_https() {
    let files = Files::of(&Certificate::new());
    let flags = files.flags();
    let mut arguments = vec!["--redirect-http", "127.0.0.1:0"];
    arguments.extend(flags.iter().map(String::as_str));
    let mut host = Host::run_with("echo", &arguments);
    let line = host.logs("and redirecting to https://");
    let place = line.split_once("listening on ").expect("it names the place").1.split(',').next().expect("it has a first part");
    let port = host.port();
    let plain = ask(place, "GET /a%20b?c=d HTTP/1.1\r\nHost: chat.example:80\r\n\r\n");
    assert_eq!((plain.status, plain.header("location")), (308, &*format!("https://chat.example:{port}/a%20b?c=d")));
    let upgraded = ask(place, &upgrade("/room", &[]));
    assert_eq!((upgraded.status, upgraded.header("location")), (308, &*format!("wss://server.example.com:{port}/room")));
    assert_eq!(ask(place, "GET / HTTP/1.1\r\nHost: evil.example/\r\n\r\n").status, 400);
    assert_eq!(ask(place, "nonsense\r\n\r\n").status, 400);
    assert_eq!(connect(&host.address).await.asks("hello").await, "hello");
}

/// A command that runs under a service manager which passes this socket as descriptor 3, and takes notifications at this path.
fn under_a_manager(socket: impl Into<std::process::Stdio>, notifications: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = support::under_a_manager(&run("echo", arguments), socket);
    command.env("NOTIFY_SOCKET", notifications).env("WATCHDOG_USEC", "60000000");
    command
}

#[test]
fn systemd_passes_the_sockets_and_hears_how_far_the_server_is() {
    let (folder, path) = folder();
    let notifications = folder.path().join("notify.sock");
    let manager = UnixDatagram::bind(&notifications).expect("the folder takes a socket");
    manager.set_read_timeout(Some(Duration::from_secs(60))).expect("the socket has a timeout");
    let hears = |expected: &str| {
        let mut bytes = [0; 256];
        let len = manager.recv(&mut bytes).expect("the server tells");
        let told = String::from_utf8_lossy(&bytes[..len]).into_owned();
        assert!(told.starts_with(expected), "{told}");
        told
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address").to_string();
    let admin = folder.path().join("admin.sock").to_string_lossy().into_owned();
    let arguments = ["--socket", &admin, "--listen", "fd:web"];
    let mut host = Host::start(under_a_manager(OwnedFd::from(listener), &notifications, &arguments));
    assert_eq!(host.address, address);
    hears("READY=1");
    hears("WATCHDOG=1");
    assert_eq!(ask(&host.address, &request("OPTIONS /")).status, 204);
    host.signal("HUP");
    let told = hears("RELOADING=1\nMONOTONIC_USEC=");
    assert!(told.trim_end().rsplit_once('=').is_some_and(|(_, now)| now.parse::<u64>().is_ok()), "{told}");
    hears("READY=1");
    host.signal("TERM");
    hears("STOPPING=1");
    host.ended();

    let listener = UnixListener::bind(&path).expect("the folder takes a socket");
    let host = Host::start(under_a_manager(OwnedFd::from(listener), &notifications, &["--socket", &admin, "--listen", "fd"]));
    assert_eq!(host.address, path.to_string_lossy());
    let mut raw = Raw::connect_unix(&path);
    raw.says(request("OPTIONS /").as_bytes());
    assert_eq!(raw.answer().status, 204);
    drop(host);
    assert!(path.exists(), "the file is the manager's");

    let datagrams = UnixDatagram::unbound().expect("there are sockets");
    let (line, _) = fails_with_log(&mut under_a_manager(OwnedFd::from(datagrams), &notifications, &["--listen", "fd"]));
    assert!(line.contains("(\"web\") is no stream socket of TCP or Unix. Use ListenStream="), "{line}");
    let (line, _) = fails_with_log(&mut run("echo", &["--listen", "fd"]));
    assert!(line.contains("a service manager passes it by LISTEN_FDS and LISTEN_PID"), "{line}");
}

#[test]
fn a_place_that_cannot_be_used_is_told_in_one_line() {
    for (arguments, expected) in [
        (&["--listen", "8080"][..], "it has no port. Write an address and a port"),
        (
            &["--listen", "127.0.0.1:0,tls"],
            "there is no certificate. Give the certificate and its key too: --tls-cert and --tls-key",
        ),
        (&["--listen", "127.0.0.1:0,proxy-protocol"], "Name the proxies that are: --trusted-proxy"),
        (&["--port", "0", "--redirect-http", "127.0.0.1:0"], "--tls-cert and --tls-key, or redirect=PORT behind a comma"),
        (&["--listen", "unix:/no/such/folder/a.sock"], "its folder does not exist. Make it first"),
    ] {
        let output = run("echo", arguments).output().expect("ws-host starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(expected) && output.status.code() == Some(2), "{arguments:?}: {stderr}");
    }
}
