//! System calls and instructions per message: figures that do not depend on the load of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::instructions::RUNS;
use super::pause;
use super::peers::{binary, guest};
use super::record::Record;
use super::server::free_port;
use super::workloads::Kind;
use crate::command::{command, output, works};
use crate::places::Places;
use crate::step::Trouble;

/// System calls that move messages.
const MESSAGES: [&str; 8] = ["epoll_wait", "recvfrom", "read", "readv", "sendto", "write", "writev", "futex"];
/// The loads: description, kind, and arguments for `ws-host bench`. Rate and time fix the number of messages.
const LOADS: [(&str, Kind, &[&str]); 3] = [
    ("echo of 20 B, 1 connection", Kind::Echo, &["-c", "1", "--size", "20"]),
    ("echo of 20 B, 100 connections", Kind::Echo, &["-c", "100", "--size", "20"]),
    ("20 B from each of 20 to all", Kind::Room, &["-c", "20", "--size", "20", "--mode", "fan-out", "--senders", "0"]),
];

/// Counts system calls and instructions. Prints the reason where a count is impossible on this machine.
pub(super) fn count(places: &Places) -> Vec<Record> {
    let mut records = Vec::new();
    for (what, kind, load) in LOADS {
        let counted = system_calls(places, kind, load).map(|each| (format!("system calls, {what}"), each));
        records.extend(told(counted));
    }
    for run in &RUNS {
        let each = |each: f64| (format!("instructions, {}", run.what), json!({ "instructions": each.round() }));
        records.extend(told(run.count(places).map(each)));
    }
    records
}

fn told(counted: Result<(String, Value), Trouble>) -> Option<Record> {
    match counted {
        Ok((what, each)) => {
            println!("{what}: {each}");
            Some(Record::Counts { what, each })
        }
        Err(Trouble::Failed(why) | Trouble::Missing(why)) => {
            println!("not counted: {why}");
            None
        }
    }
}

fn system_calls(places: &Places, kind: Kind, load: &[&str]) -> Result<Value, Trouble> {
    has_strace(places)?;
    let summary = places.scratch("bench").join("strace.txt");
    let mut strace = Command::new("strace");
    // With -D the host is our child and strace a grandchild, so a signal reaches the host.
    strace.args(["-D", "-f", "-c", "-U", "name,calls", "-o"]).arg(&summary);
    let _ = fs::remove_file(&summary);
    let messages = under(strace, places, kind, |port| fixed_load(places, kind, port, load, "0s", "2s"))?;
    let table = written(&summary)?;
    let calls = parse_strace(&table);
    let each = |name: &&str| Some((name.to_string(), json!(round(*calls.get(*name)? as f64 / messages as f64))));
    Ok(Value::Object(MESSAGES.iter().filter_map(each).collect()))
}

/// Runs the host under a tool while `load` loads it. Returns how many messages `load` received.
fn under(mut tool: Command, places: &Places, kind: Kind, load: impl FnOnce(u16) -> Result<u64, Trouble>) -> Result<u64, Trouble> {
    let port = free_port().context("no port is free")?;
    fs::create_dir_all(places.scratch("bench")).context("making target/bench")?;
    tool.arg(binary(places)).arg("run").arg(guest(places, kind)).args(["--no-page", "-q", "--compression", "off", "--port"]);
    let tool = tool.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = tool.spawn().context("starting the host under a tool")?;
    let counted = wait(&mut child, port).and_then(|()| load(port));
    // The tools write their counts after an orderly end of the host.
    let _ = output(command("kill", Path::new(".")).args(["-s", "TERM", &child.id().to_string()]));
    child.wait().context("waiting for the host to end")?;
    counted
}

fn wait(child: &mut Child, port: u16) -> Result<(), Trouble> {
    // The tool slows the start down.
    for _ in 0..1000 {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(Trouble::failed(format!("the host ended under the tool with {status}")));
        }
        pause();
    }
    Err(Trouble::failed("the host does not accept connections under the tool"))
}

/// The table that strace writes shortly after the host has ended.
pub(super) fn written(summary: &Path) -> Result<String, Trouble> {
    for _ in 0..500 {
        match fs::read_to_string(summary) {
            Ok(table) if table.contains("\ntotal") => return Ok(table),
            _ => pause(),
        }
    }
    Err(Trouble::failed("strace wrote no counts"))
}

fn fixed_load(places: &Places, kind: Kind, port: u16, words: &[&str], warm_up: &str, time: &str) -> Result<u64, Trouble> {
    let path = if kind == Kind::Room { "/room/0" } else { "/echo" };
    let mut load = command(binary(places), &places.root);
    load.arg("bench").arg(format!("ws://127.0.0.1:{port}{path}")).args(words);
    load.args(["--json", "--warm-up", warm_up, "--duration", time]);
    let report: Value = serde_json::from_str(&output(&mut load)?).context("reading the report of `ws-host bench`")?;
    let received = report["received"].as_u64().filter(|received| *received > 0);
    received.ok_or_else(|| Trouble::failed("no message came"))
}

pub(super) fn has_strace(places: &Places) -> Result<(), Trouble> {
    let is_there = works(command("strace", &places.root).arg("--version"));
    if is_there { Ok(()) } else { Err(Trouble::missing("there is no strace: `apt-get install strace`")) }
}

/// Reads the calls by name from the table of `strace -c -U name,calls`.
pub(super) fn parse_strace(table: &str) -> BTreeMap<&str, u64> {
    table.lines().filter_map(strace_row).collect()
}

fn strace_row(line: &str) -> Option<(&str, u64)> {
    let (name, calls) = line.trim().split_once(char::is_whitespace)?;
    Some((name, calls.trim().parse().ok()?))
}

fn round(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_read() {
        let table = "syscall               calls\n---------------- ----------\nrecvfrom               2001\nwritev                 2000\n---------------- ----------\ntotal                  4001\n";
        let calls = parse_strace(table);
        assert_eq!((calls.get("recvfrom"), calls.get("writev")), (Some(&2001), Some(&2000)));
    }
}
