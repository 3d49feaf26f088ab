//! What rooms cost, and how long a client waits when the release changes: `cargo bench --bench rooms`.
//!
//! Starts the real binary, so the figures are a process's own: CPU time from /proc/PID/stat, memory from
//! /proc/PID/status. docs/decisions.md tells what they were, where and when.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ws_host::more::{AdminRequest, Answer, ask};

/// A frame of 5 bytes of text, masked with zeros, and its echo.
const FRAME: &[u8] = b"\x81\x85\0\0\0\0hello";
const ECHO_LEN: usize = 7;
/// One of these in /proc/PID/stat is 10 ms on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-examples/target/wasm32-wasip2/release");
    let echo = guests.join("echo.wasm");
    assert!(echo.is_file(), "build the guests first: cargo xtask test guests");
    println!("connections to one shared room, then rooms of one client each; echo.wasm");
    println!("{:>12} {:>8} {:>14} {:>14} {:>12}", "mode", "clients", "CPU us/client", "wall us/client", "RSS KiB/cl.");
    for clients in [1000, 9000] {
        for mode in ["shared", "per-room", "shared", "per-room"] {
            joins(&echo, mode, clients);
        }
    }
    println!(
        "\nlongest wait of a client for its echo, each sending every 20 ms, without and with 10 swaps of echo.wasm to itself"
    );
    println!("{:>8} {:>12} {:>12} {:>16}", "rooms", "without ms", "with ms", "room pause ms");
    for rooms in [1, 1000, 1, 1000] {
        swaps(&echo, rooms);
    }
}

fn joins(echo: &Path, mode: &str, clients: usize) {
    let host = Host::start(echo, mode);
    let (cpu, memory, begun) = (host.cpu_seconds(), host.rss_kib(), Instant::now());
    let mut sockets: Vec<_> = (0..clients).map(|n| host.connect(n)).collect();
    for socket in &mut sockets {
        exchange(socket);
    }
    let per_client = |total: f64| total / clients as f64;
    println!(
        "{mode:>12} {clients:>8} {:>14.0} {:>14.0} {:>12.1}",
        per_client((host.cpu_seconds() - cpu) * 1e6),
        per_client(begun.elapsed().as_secs_f64() * 1e6),
        per_client(host.rss_kib() - memory)
    );
}

fn swaps(echo: &Path, rooms: usize) {
    let host = Host::start(echo, "per-room");
    let sockets: Vec<_> = (0..rooms).map(|n| host.connect(n)).collect();
    let without = longest_wait(sockets, || std::thread::sleep(Duration::from_secs(2)));
    let sockets: Vec<_> = (0..rooms).map(|n| host.connect(n)).collect();
    let mut pause = 0;
    let with = longest_wait(sockets, || {
        for _ in 0..10 {
            match ask(&host.socket, &AdminRequest::Swap(echo.to_owned())).expect("the host answers") {
                Answer::Swapped(report) => pause = pause.max(report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0)),
                other => panic!("not swapped: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    println!("{rooms:>8} {:>12.2} {:>12.2} {:>16.2}", millis(without), millis(with), pause as f64 / 1000.0);
}

/// Has all clients talk while `work` runs; answers the longest time that one of them waited for an echo.
fn longest_wait(sockets: Vec<TcpStream>, work: impl FnOnce()) -> Duration {
    let stop = Arc::new(AtomicBool::new(false));
    let share = sockets.len().div_ceil(50);
    let mut sockets = sockets.into_iter();
    let mut talkers = Vec::new();
    loop {
        let mut mine: Vec<_> = sockets.by_ref().take(share).collect();
        if mine.is_empty() {
            break;
        }
        let stop = Arc::clone(&stop);
        talkers.push(std::thread::spawn(move || {
            let mut longest = Duration::ZERO;
            while !stop.load(Relaxed) {
                for socket in &mut mine {
                    let begun = Instant::now();
                    exchange(socket);
                    longest = longest.max(begun.elapsed());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            longest
        }));
    }
    work();
    stop.store(true, Relaxed);
    talkers.into_iter().filter_map(|talker| talker.join().ok()).max().unwrap_or_default()
}

fn exchange(socket: &mut TcpStream) {
    socket.write_all(FRAME).expect("the host reads");
    socket.read_exact(&mut [0; ECHO_LEN]).expect("the host answers");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

struct Host {
    child: Child,
    address: String,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Host {
    fn start(component: &Path, mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let socket = folder.path().join("admin.sock");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ws-host"))
            .arg("run")
            .arg(component)
            .args(["--port", "0", "--instances", mode, "-q", "--socket"])
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .expect("ws-host starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line comes");
        let address = line.split("ws://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
        Self { child, address, socket, _folder: folder }
    }

    fn connect(&self, room: usize) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address).expect("the host accepts");
        socket.set_nodelay(true).expect("a socket takes options");
        let request = format!(
            "GET /room-{room} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.address
        );
        socket.write_all(request.as_bytes()).expect("the host reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("the host answers");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        socket
    }

    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("the process is there");
        let after_name = stat.rsplit(')').next().expect("a name in brackets");
        let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks / TICKS_PER_SECOND
    }

    fn rss_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process is there");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line for memory");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
