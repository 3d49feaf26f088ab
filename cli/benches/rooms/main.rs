//! Measures the cost of rooms and the wait of clients during a swap: `cargo bench --workspace --bench rooms`.
//!
//! The server is the real binary, so CPU time and memory, read from /proc, are those of its process alone. The clients run in
//! a second process of this bench, because one process may lack descriptors for both ends of 10,000 connections.
//! docs/decisions.md has the measured figures.

mod clients;
mod host;

use std::path::Path;
use std::time::Duration;

use clients::Clients;
use host::Host;
use ws_host::api::{Request, SwapReport};

/// The default of `--max-rooms`.
const MAX_ROOMS: usize = 10_000;
const MESSAGES: usize = 100_000;

fn main() {
    if clients::is_meant() {
        return clients::run();
    }
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-examples/target/wasm32-wasip2/release");
    let echo = guests.join("echo.wasm");
    assert!(echo.is_file(), "build the guests first: cargo xtask test guests");

    println!("connections to one shared room, then rooms of one client each; echo.wasm");
    println!(
        "{:>12} {:>8} {:>14} {:>16} {:>14} {:>14} {:>9}",
        "mode", "clients", "CPU us/client", "median join us", "RSS KiB/cl.", "tables KiB/cl.", "mappings"
    );
    for clients in [1000, MAX_ROOMS] {
        for mode in ["shared", "per-room", "shared", "per-room"] {
            joins(&echo, mode, clients);
        }
    }
    println!("\nan echo of 5 bytes: {MESSAGES} of them, from all clients in turn, one at a time");
    println!("{:>12} {:>8} {:>8} {:>16}", "mode", "rooms", "clients", "CPU us/message");
    for _ in 0..3 {
        for (mode, clients) in [("shared", 1), ("per-room", 1), ("shared", MAX_ROOMS), ("per-room", MAX_ROOMS)] {
            messages(&echo, mode, clients);
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

/// Measures the cost of an upgrade, a new room if the mode needs one, and one echo.
fn joins(echo: &Path, mode: &str, count: usize) {
    let mut host = Host::start(echo, mode);
    let before = host.costs();
    let mut clients = Clients::start(host.address(), count);
    let join = clients.joined();
    let after = host.costs();
    let per_client = |total: f64| total / count as f64;
    println!(
        "{mode:>12} {count:>8} {:>14.0} {:>16.0} {:>14.1} {:>14.1} {:>9}",
        per_client((after.cpu_seconds - before.cpu_seconds) * 1e6),
        join.as_secs_f64() * 1e6,
        per_client(after.resident_kib - before.resident_kib),
        per_client(after.page_tables_kib - before.page_tables_kib),
        after.mappings
    );
    if (mode, count) == ("per-room", MAX_ROOMS) {
        let status = clients::upgrade(host.address(), "one-too-many").map(drop).expect_err("there is no room for it");
        assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
        assert!(host.next_log_line().contains("there are 10000 rooms already"));
        assert_eq!(clients.exchange(count), count, "all others stay");
    }
}

fn messages(echo: &Path, mode: &str, count: usize) {
    let host = Host::start(echo, mode);
    let mut clients = Clients::start(host.address(), count);
    clients.joined();
    let before = host.costs();
    let messages = clients.exchange(MESSAGES);
    let cpu = host.costs().cpu_seconds - before.cpu_seconds;
    let rooms = if mode == "shared" { 1 } else { count };
    println!("{mode:>12} {rooms:>8} {count:>8} {:>16.2}", cpu * 1e6 / messages as f64);
}

fn swaps(echo: &Path, rooms: usize) {
    let host = Host::start(echo, "per-room");
    let mut clients = Clients::start(host.address(), rooms);
    clients.joined();
    let without = clients.longest_wait(|| std::thread::sleep(Duration::from_secs(2)));
    let mut pause = 0;
    let with = clients.longest_wait(|| {
        for _ in 0..10 {
            let swap = Request::post(["swap"]).json(&serde_json::json!({ "path": echo }));
            let report: SwapReport = swap.ask(host.socket()).expect("the host swaps");
            pause = pause.max(report.rooms.iter().map(|room| room.pause_us).max().unwrap_or(0));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("{rooms:>8} {:>12.2} {:>12.2} {:>16.2}", millis(without), millis(with), pause as f64 / 1000.0);
}
