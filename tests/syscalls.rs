//! The system calls per message. They are most of a message's cost, and unlike times they can be counted on any machine.
//!
//! `cargo xtask test syscalls` runs these tests, which need strace.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::support::http::{Raw, text_frame, upgrade};
use crate::support::{Host, guest};

/// Calls that read, write, wait and wake.
const TRACED: &str =
    "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,epoll_wait,epoll_pwait,epoll_pwait2,poll,ppoll,futex";
const READS: [&str; 4] = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];
const WAITS: [&str; 5] = ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll"];
const CLIENTS: usize = 4;

/// Numbers of calls by kind.
struct Calls(BTreeMap<String, f64>);

impl Calls {
    fn of(&self, names: &[&str]) -> f64 {
        names.iter().filter_map(|name| self.0.get(*name)).sum()
    }
}

/// The calls of a host while `talk` exchanges messages, including those of its start, its connections and its end.
fn traced(name: &str, talk: impl FnOnce(&mut [Raw])) -> Calls {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("counts");
    let mut strace = Command::new("strace");
    // With -D the host is our child. strace runs beside it and writes its table after the host's end.
    strace.args(["-D", "-f", "-c", "-U", "name,calls", "-e", TRACED, "-o"]).arg(&file);
    strace.arg(env!("CARGO_BIN_EXE_ws-host")).arg("run").arg(guest(name)).args(["--port", "0", "-qq"]).env_remove("RUST_LOG");
    let mut host = Host::start(strace);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| client(&host)).collect();
    talk(&mut clients);
    host.signal("TERM");
    // strace also has the log open, so the log ends with both.
    host.rest_of_log();
    host.ended();
    counts(&file)
}

fn client(host: &Host) -> Raw {
    let mut client = Raw::connect(&host.address);
    client.says(upgrade("/", &[("Host", &host.address)]).as_bytes());
    assert_eq!(client.head().status, 101);
    // A client becomes a member some time after its 101. Its own message, which both guests return, shows that it is one.
    client.says(&text_frame("here"));
    assert_eq!(client.hears(), "here");
    client
}

fn counts(file: &Path) -> Calls {
    let mut table = String::new();
    std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut table)).expect("strace has written");
    let row = |line: &str| {
        let (name, calls) = line.trim().split_once(char::is_whitespace)?;
        Some((name.to_owned(), calls.trim().parse().ok()?))
    };
    Calls(table.lines().filter_map(row).collect())
}

/// The calls per message of many. The calls of a run without messages are subtracted.
fn for_each_message(name: &str, messages: usize, talk: impl Fn(&mut [Raw], usize)) -> impl Fn(&[&str]) -> f64 {
    let (few, many) = (traced(name, |clients| talk(clients, 10)), traced(name, |clients| talk(clients, 10 + messages)));
    move |names| (many.of(names) - few.of(names)) / messages as f64
}

#[test]
#[ignore = "needs strace: cargo xtask test syscalls"]
fn an_echo_of_a_lone_client_costs_one_read_one_write_a_wait_and_a_look_at_the_sockets() {
    let calls = for_each_message("echo", 1000, |clients, messages| {
        let frame = text_frame("twenty bytes of text");
        for round in 0..messages {
            let client = &mut clients[round % CLIENTS];
            client.says(&frame);
            assert_eq!(client.hears(), "twenty bytes of text");
        }
    });
    let (reads, writes, waits, wakes) = (calls(&READS), calls(&WRITES), calls(&WAITS), calls(&["futex"]));
    println!("for each echo: {reads} reads, {writes} writes, {waits} waits, {wakes} wakes");
    // The longer run has a few other calls of the process: its sweep once a second, and its clock.
    assert!((0.99..1.02).contains(&reads), "one read for each echo, not {reads}");
    assert!((0.99..1.02).contains(&writes), "one write for each echo, not {writes}");
    assert!(waits < 2.1, "one wait for each echo and one look at the set of sockets, not {waits}");
    assert!(wakes < 0.1, "no other thread is woken, but {wakes} for each echo");
}

#[test]
#[ignore = "needs strace: cargo xtask test syscalls"]
fn messages_that_arrive_together_are_read_and_answered_together() {
    let together = 10;
    let calls = for_each_message("echo", 1000, |clients, messages| {
        let frames = text_frame("twenty bytes of text").repeat(together);
        for round in 0..messages / together {
            let client = &mut clients[round % CLIENTS];
            client.says(&frames);
            for _ in 0..together {
                assert_eq!(client.hears(), "twenty bytes of text");
            }
        }
    });
    let (reads, writes) = (calls(&READS), calls(&WRITES));
    println!("for each of {together} messages: {reads} reads, {writes} writes");
    assert!(reads < 0.11 && writes < 0.11, "{together} messages in one read and one write, not {reads} and {writes} for each");
}

#[test]
#[ignore = "needs strace: cargo xtask test syscalls"]
fn a_broadcast_costs_each_member_one_write() {
    let calls = for_each_message("relay", 300, |clients, messages| {
        for (place, client) in clients.iter_mut().enumerate() {
            // It has received the joins of all later clients.
            (place + 1..CLIENTS).for_each(|_| assert_eq!(client.hears(), "here"));
        }
        let frame = text_frame("twenty bytes of text");
        for round in 0..messages {
            clients[round % CLIENTS].says(&frame);
            for client in &mut *clients {
                assert_eq!(client.hears(), "twenty bytes of text");
            }
        }
    });
    let (reads, writes) = (calls(&READS), calls(&WRITES) / CLIENTS as f64);
    println!("for each broadcast: {reads} reads, {writes} writes a member");
    assert!(reads < 1.05, "one read for each message, not {reads}");
    // The joins before are not always written in as many writes, which is a few in all.
    assert!((0.95..1.02).contains(&writes), "one write for each member, not {writes}");
}
