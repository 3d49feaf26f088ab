//! `--takeover`: a new process takes the place of a running one, and no connection is refused.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::http::{Raw, ask, request, upgrade};
use crate::support::raw::asks;
use crate::support::{Client, Host, command, fails_with_log, guest, signal, under_a_manager};

/// A folder with an admin socket for both processes.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn unix(&self, name: &str) -> String {
        format!("unix:{}", self.path(name).display())
    }

    /// `ws-host run` with this guest. A test that waits for a process answers no ping meanwhile.
    fn run(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = command();
        command.arg("run").arg(guest(name)).arg("--socket").arg(self.path("admin.sock")).args(["--ping", "10m"]).args(arguments);
        command
    }

    /// The one line with which a new process fails to take over.
    fn fails(&self, name: &str, arguments: &[&str]) -> String {
        fails_with_log(self.run(name, arguments).arg("--takeover")).0
    }

    /// The component that runs, as commands see it.
    fn runs(&self) -> String {
        let status = command().args(["status", "--socket"]).arg(self.path("admin.sock")).output().expect("ws-host starts");
        String::from_utf8_lossy(&status.stdout).into_owned()
    }
}

/// Connects all the time, one client after the other, and counts those that get their answer.
struct Visitors {
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Visitors {
    /// Those that get their 101.
    fn of(address: &str) -> Self {
        Self::with(address, upgrade("/", &[]), 101)
    }

    /// Those of a door for probes, which says that the server is ready.
    fn of_door(address: &str) -> Self {
        Self::with(address, request("GET /readyz"), 200)
    }

    fn with(address: &str, asked: String, status: u16) -> Self {
        let (is_over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (over, counted, address) = (Arc::clone(&is_over), Arc::clone(&count), address.to_owned());
        let visit = move || {
            while !over.load(SeqCst) {
                let mut raw = Raw::connect(&address);
                raw.says(asked.as_bytes());
                assert_eq!(raw.head().status, status);
                counted.fetch_add(1, SeqCst);
            }
        };
        Self { is_over, count, thread: std::thread::spawn(visit) }
    }

    /// Waits for some more of them.
    fn go_on(&self) {
        let before = self.count.load(SeqCst);
        while self.count.load(SeqCst) < before + 5 {
            assert!(!self.thread.is_finished(), "none is refused");
            std::thread::yield_now();
        }
    }

    fn were_all_let_in(self) {
        self.go_on();
        self.is_over.store(true, SeqCst);
        self.thread.join().expect("none is refused");
    }
}

#[tokio::test]
async fn a_new_process_takes_over_and_no_connection_is_refused() {
    let place = Place::new();
    // It is built before anybody visits.
    guest("echo");
    let mut old = Host::start(place.run("probe", &["--port", "0"]));
    let visitors = Visitors::of(&old.address);
    visitors.go_on();
    let (mut client, _) = Client::join(&old).await;
    let new = Host::start(place.run("echo", &["--port", "0", "--takeover"]));
    assert_eq!(new.address, old.address);
    assert_eq!(client.is_closed().await, (1012, "the server restarts".to_owned()));
    drop(client);
    assert_eq!(old.ended().code(), Some(0));
    visitors.were_all_let_in();
    let log = old.rest_of_log();
    assert!(log.contains(&format!("process {} has taken over", new.pid())), "{log}");
    assert!(place.runs().contains("echo.wasm"), "commands reach the new one");
    assert!(!place.path("admin.sock.new").exists());
    let mut third = Host::start(place.run("echo", &["--port", "0", "--takeover"]));
    assert_eq!(third.address, old.address, "and so on");
    third.signal("TERM");
    assert_eq!(third.ended().code(), Some(0));
    assert!(!place.path("admin.sock").exists());
}

#[tokio::test]
async fn a_new_process_that_cannot_serve_leaves_the_old_one_as_it_was() {
    let place = Place::new();
    let mut old = Host::start(place.run("probe", &["--port", "0"]));
    let (mut client, id) = Client::join(&old).await;
    let text = place.path("text.wasm");
    std::fs::write(&text, "no component").expect("the folder takes a file");
    let mut wrong = command();
    wrong.arg("run").arg(&text).arg("--socket").arg(place.path("admin.sock")).args(["--port", "0", "--takeover"]);
    assert!(fails_with_log(&mut wrong).0.contains("is not WebAssembly"));
    assert!(old.logs("does not take over, and this one goes on").contains("is not WebAssembly"));
    assert!(place.fails("stillborn", &["--port", "0"]).contains("failed while it started"));
    old.logs("does not take over, and this one goes on");
    let limits = ["--port", "0", "--outbox-soft", "2MiB"];
    assert!(place.fails("echo", &limits).contains("--outbox-soft"));
    old.logs("does not take over, and this one goes on");
    assert!(place.runs().contains("probe.wasm"));
    assert!(asks(&mut client, "list").await.contains(&id.to_string()), "its client has noticed nothing");
    assert!(Client::join(&old).await.1 > id);
}

#[tokio::test]
async fn rooms_of_a_data_folder_go_to_the_new_process_with_their_states_while_newcomers_wait() {
    let place = Place::new();
    let data = place.path("data");
    let arguments = ["--port", "0", "--data", data.to_str().expect("the path is text")];
    let mut old = Host::start(place.run("probe", &arguments));
    let (mut client, _) = Client::join(&old).await;
    assert_eq!(asks(&mut client, "messages").await, "1 since Some(StartReason::Fresh)");
    let visitors = Visitors::of(&old.address);
    visitors.go_on();
    let new = Host::start(place.run("probe", &[&arguments[..], &["--takeover"]].concat()));
    assert_eq!(client.is_closed().await.0, 1012);
    drop(client);
    assert_eq!(old.ended().code(), Some(0));
    visitors.were_all_let_in();
    let (mut client, _) = Client::join(&new).await;
    assert_eq!(asks(&mut client, "saved").await, "Some(1)");
}

#[tokio::test]
async fn when_the_new_process_fails_with_the_data_folder_the_old_one_serves_again_with_its_release_and_rooms() {
    let place = Place::new();
    let data = place.path("data");
    let arguments = ["--port", "0", "--health", "127.0.0.1:0", "--data", data.to_str().expect("the path is text")];
    let component = place.path("app.wasm");
    std::fs::copy(guest("probe"), &component).expect("the folder takes a file");
    let stillborn = std::fs::read(guest("stillborn")).expect("it is built");
    let mut run = command();
    run.arg("run").arg(&component).arg("--socket").arg(place.path("admin.sock")).args(["--ping", "10m"]).args(arguments);
    let mut old = Host::start(run);
    let door = old.door("metrics and probes at");
    let (mut client, _) = Client::join(&old).await;
    asks(&mut client, "messages").await;
    let visitors = Visitors::of(&old.address);
    visitors.go_on();
    // The old process cannot get its release from the file any more.
    std::fs::write(&component, stillborn).expect("the folder takes a file");
    let mut new = command();
    new.arg("run").arg(&component).arg("--socket").arg(place.path("admin.sock")).args(arguments).arg("--takeover");
    assert!(fails_with_log(&mut new).0.contains("failed while it started"));
    assert_eq!(client.is_closed().await.0, 1012);
    drop(client);
    let line = old.logs("this process serves again");
    assert!(line.contains("failed to take over: app.wasm failed while it started"), "{line}");
    visitors.were_all_let_in();
    let (mut client, _) = Client::join(&old).await;
    assert_eq!(asks(&mut client, "saved").await, "Some(1)");
    assert_eq!(ask(&door, &request("GET /readyz")).status, 200);
    assert!(place.runs().contains("app.wasm"), "commands reach it");
    drop(client);
    // And the next one can take over.
    let mut third = Host::start(place.run("probe", &[&arguments[..], &["--takeover"]].concat()));
    assert_eq!(old.ended().code(), Some(0));
    third.signal("TERM");
    assert_eq!(third.ended().code(), Some(0));
}

#[tokio::test]
async fn a_signal_to_end_counts_also_while_the_other_process_has_the_data_folder() {
    let place = Place::new();
    let data = place.path("data");
    let arguments = ["--port", "0", "--data", data.to_str().expect("the path is text")];
    let mut old = Host::start(place.run("probe", &arguments));
    let (mut client, _) = Client::join(&old).await;
    let mut new = place.run("stillborn", &[&arguments[..], &["--takeover"]].concat());
    let mut new = new.stderr(Stdio::piped()).spawn().expect("ws-host starts");
    let log = BufReader::new(new.stderr.take().expect("it is piped"));
    let mut log = log.lines().map(|line| line.expect("the log is text"));
    assert!(log.any(|line| line.contains("waiting for the running server")));
    signal(new.id(), "STOP");
    assert_eq!(client.is_closed().await.0, 1012);
    drop(client);
    // The server ends, and leaves its folder.
    while place.path("admin.sock").exists() {
        std::thread::yield_now();
    }
    old.signal("TERM");
    old.logs("this process serves no more");
    signal(new.id(), "CONT");
    old.logs("nobody serves, as this process was told to end");
    assert_eq!(old.ended().code(), Some(0));
    assert_eq!(new.wait().expect("it can be waited for").code(), Some(2));
}

#[test]
fn when_neither_process_can_serve_both_say_so() {
    let place = Place::new();
    let (data, pages) = (place.path("data"), place.path("pages"));
    std::fs::create_dir(&pages).expect("the folder takes a folder");
    let arguments = ["--port", "0", "--data", data.to_str().expect("the path is text")];
    let pages_too = [&arguments[..], &["--static", pages.to_str().expect("the path is text")]].concat();
    let mut old = Host::start(place.run("probe", &pages_too));
    std::fs::remove_dir(&pages).expect("it is empty");
    assert!(place.fails("stillborn", &arguments).contains("failed while it started"));
    let line = old.logs("nobody serves");
    assert!(line.contains("failed to take over: ") && line.trim_end().ends_with("Start the server again"), "{line}");
    assert_eq!(old.ended().code(), Some(1), "a service manager starts it again");
}

#[test]
fn the_doors_of_the_api_go_to_the_new_process_and_each_probe_is_answered() {
    let place = Place::new();
    guest("echo");
    let arguments = ["--port", "0", "--api", "127.0.0.1:0", "--health", "127.0.0.1:0"];
    let mut old = Host::start(place.run("probe", &arguments));
    let (api, health) = (old.door("the API is at"), old.door("metrics and probes at"));
    let visitors = [Visitors::of_door(&api), Visitors::of_door(&health)];
    visitors.iter().for_each(Visitors::go_on);
    let mut new = Host::start(place.run("echo", &[&arguments[..], &["--takeover"]].concat()));
    assert_eq!((new.door("the API is at"), new.door("metrics and probes at")), (api, health));
    assert_eq!(new.address, old.address, "clients connect at the same address as before");
    assert_eq!(old.ended().code(), Some(0));
    visitors.into_iter().for_each(Visitors::were_all_let_in);
    // Doors that the next process lacks are closed.
    let mut third = Host::start(place.run("echo", &["--port", "0", "--health", "127.0.0.1:0", "--takeover"]));
    let health = third.door("metrics and probes at");
    assert_eq!(new.ended().code(), Some(0));
    let mut fourth = Host::start(place.run("echo", &["--port", "0", "--takeover"]));
    assert_eq!(third.ended().code(), Some(0));
    assert!(std::net::TcpStream::connect(&health).is_err(), "nobody listens there now");
    fourth.signal("TERM");
    assert_eq!(fourth.ended().code(), Some(0));
}

#[test]
fn places_in_common_go_on_and_the_others_are_opened_and_closed() {
    let place = Place::new();
    let (both, first, second) = (place.unix("both.sock"), place.unix("first.sock"), place.unix("second.sock"));
    let mut old = Host::start(place.run("echo", &["--listen", "127.0.0.1:0", "--listen", &both, "--listen", &first]));
    let arguments = ["--listen", &both, "--listen", &second, "--takeover"];
    let _new = Host::start(place.run("echo", &arguments));
    assert_eq!(old.ended().code(), Some(0));
    assert!(std::net::TcpStream::connect(&old.address).is_err(), "nobody listens there now");
    assert!(!place.path("first.sock").exists());
    for name in ["both.sock", "second.sock"] {
        let mut raw = Raw::connect_unix(&place.path(name));
        raw.says(request("OPTIONS /").as_bytes());
        assert_eq!(raw.answer().status, 204, "{name}");
    }
}

#[test]
fn without_a_running_server_a_takeover_is_a_start() {
    let place = Place::new();
    let mut host = Host::start(place.run("echo", &["--port", "0", "--takeover"]));
    assert!(host.logs("there is nothing to take over").contains("no server listens at"));
    assert_eq!(ask(&host.address, &request("OPTIONS /")).status, 204);
    assert!(place.runs().contains("echo.wasm"));
}

#[test]
fn the_template_is_the_service_with_a_takeover_and_systemd_has_nothing_against_the_units() {
    let template = include_str!("../deploy/ws-host@.service");
    let service = include_str!("../deploy/ws-host.service");
    let settings = |unit: &str| unit.lines().skip(1).filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let (with, without) = (settings(template), settings(service));
    let more: Vec<_> = with.iter().filter(|line| !without.contains(line)).cloned().collect();
    let start = without.iter().find(|line| line.starts_with("ExecStart=")).expect("it starts something");
    let described = "Description=WebSocket server with a WebAssembly component (%i)";
    assert_eq!(more, [described, &format!("{start} --takeover"), "RuntimeDirectoryPreserve=yes"]);
    assert_eq!(with.len(), without.len() + 1, "nothing is left out");

    let place = Place::new();
    let socket = include_str!("../deploy/ws-host.socket");
    let units = [("ws-host.service", service), ("ws-host.socket", socket), ("ws-host@.service", template)];
    for (name, unit) in units {
        // The program is installed nowhere here.
        let unit = unit.replace("/usr/local/bin/ws-host", env!("CARGO_BIN_EXE_ws-host"));
        std::fs::write(place.path(name), unit).expect("the folder takes a file");
    }
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--man=no", "verify"]).args(units.map(|(name, _)| place.path(name)));
    match verify.output() {
        Ok(said) => {
            let said = String::from_utf8_lossy(&said.stderr).into_owned();
            let own: Vec<_> = said.lines().filter(|line| line.contains("ws-host")).collect();
            assert_eq!(own, Vec::<&str>::new());
        }
        Err(error) => println!("the units are not checked: no systemd-analyze ({error})"),
    }
}

fn notifications(path: &Path) -> UnixDatagram {
    let manager = UnixDatagram::bind(path).expect("the folder takes a socket");
    manager.set_read_timeout(Some(Duration::from_secs(60))).expect("the socket has a timeout");
    manager
}

fn hears(manager: &UnixDatagram) -> String {
    let mut bytes = [0; 256];
    let length = manager.recv(&mut bytes).expect("the server tells");
    String::from_utf8_lossy(&bytes[..length]).trim_end().to_owned()
}

#[test]
fn systemds_sockets_are_handed_over_and_it_hears_of_the_new_main_process() {
    let place = Place::new();
    let path = place.path("notify.sock");
    let manager = notifications(&path);
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound").to_string();
    let mut old = under_a_manager(&place.run("echo", &["--listen", "fd:web"]), std::os::fd::OwnedFd::from(socket));
    let mut old = Host::start({
        old.env("NOTIFY_SOCKET", &path);
        old
    });
    assert_eq!(hears(&manager), "READY=1");
    let mut new = place.run("echo", &["--listen", "fd:web", "--takeover"]);
    new.env("NOTIFY_SOCKET", &path);
    let new = Host::start(new);
    assert_eq!((hears(&manager), hears(&manager)), (format!("MAINPID={}", new.pid()), "READY=1".to_owned()));
    assert_eq!(old.ended().code(), Some(0));
    assert_eq!(new.address, address);
    assert_eq!(ask(&address, &request("OPTIONS /")).status, 204);
}
