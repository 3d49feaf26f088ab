//! The workloads of the benchmark.

use super::store::{Operation, Store, Sync};

/// One workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: Kind,
    pub(super) connections: u32,
    /// Further arguments for `ws-host bench`.
    pub(super) load: &'static [&'static str],
    /// The rate for the latencies, in messages per second: about a third of what one core can do.
    pub(super) rate: Option<u32>,
    pub(super) compression: bool,
    pub(super) tls: bool,
}

/// The handling of a message by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The sender receives it back.
    Echo,
    /// All clients of one room receive it.
    Room,
    /// The same, with many rooms.
    Rooms,
    /// The clients send no messages.
    Silence,
    /// Each message is an operation on the store of its room.
    Store(Store),
}

const fn echo(
    name: &'static str,
    what: &'static str,
    connections: u32,
    load: &'static [&'static str],
    rate: Option<u32>,
) -> Workload {
    Workload { name, what, kind: Kind::Echo, connections, load, rate, compression: false, tls: false }
}

const fn fan_out(
    name: &'static str,
    what: &'static str,
    connections: u32,
    load: &'static [&'static str],
    rate: Option<u32>,
) -> Workload {
    Workload { kind: Kind::Room, ..echo(name, what, connections, load, rate) }
}

const fn rooms(name: &'static str, what: &'static str, connections: u32, load: &'static [&'static str]) -> Workload {
    Workload { kind: Kind::Rooms, ..echo(name, what, connections, load, None) }
}

const fn compressed(workload: Workload) -> Workload {
    Workload { compression: true, ..workload }
}

const fn over_tls(workload: Workload) -> Workload {
    Workload { tls: true, ..workload }
}

/// Clients that write 200 B each, as soon as their last write is answered.
const fn writes(
    name: &'static str,
    what: &'static str,
    connections: u32,
    load: &'static [&'static str],
    store: Store,
) -> Workload {
    // A rate that one synced transaction for each message keeps up with.
    Workload { kind: Kind::Store(store), ..echo(name, what, connections, load, Some(100)) }
}

const fn stored(
    name: &'static str,
    what: &'static str,
    connections: u32,
    load: &'static [&'static str],
    store: Store,
) -> Workload {
    Workload { rate: None, ..writes(name, what, connections, load, store) }
}

const fn synced(sync: Sync, rooms: u32, keys: u32) -> Store {
    Store { operation: Operation::Write, sync, rooms, keys }
}

const fn reading(operation: Operation, rooms: u32, keys: u32) -> Store {
    Store { operation, sync: Sync::Full, rooms, keys }
}

/// The keys of 1 MiB, with their values.
const MIB: u32 = (1 << 20) / 216;
const CONNECT: &[&str] = &["--mode", "connect"];
const OF_200: &[&str] = &["--size", "200"];
const OF_200_IN_10: &[&str] = &["--size", "200", "--rooms", "10"];
const OF_200_IN_1000: &[&str] = &["--size", "200", "--rooms", "1000"];

const IDLE: Workload = Workload {
    kind: Kind::Silence,
    ..echo("idle-10000", "10,000 connections that say nothing: memory for each", 10_000, &["--mode", "idle"], None)
};

/// Every workload.
pub(super) const WORKLOADS: &[Workload] = &[
    echo("echo-20-10", "echo of 20 B, 10 connections", 10, &["--size", "20"], None),
    echo("echo-20-100", "echo of 20 B, 100 connections", 100, &["--size", "20"], Some(5000)),
    echo("echo-20-200", "echo of 20 B, 200 connections", 200, &["--size", "20"], None),
    echo("echo-20-1000", "echo of 20 B, 1,000 connections", 1000, &["--size", "20"], None),
    echo("echo-20-10000", "echo of 20 B, 10,000 connections", 10_000, &["--size", "20"], Some(5000)),
    echo("echo-1k-100", "echo of 1 KiB, 100 connections", 100, &["--size", "1KiB"], Some(5000)),
    echo("echo-1k-10000", "echo of 1 KiB, 10,000 connections", 10_000, &["--size", "1KiB"], None),
    echo("echo-16k-100", "echo of 16 KiB, 100 connections", 100, &["--size", "16KiB"], None),
    echo("echo-64k-100", "echo of 64 KiB, 100 connections", 100, &["--size", "64KiB"], Some(1000)),
    echo("echo-64k-10000", "echo of 64 KiB, 10,000 connections", 10_000, &["--size", "64KiB"], None),
    fan_out("cast-20-1000", "20 B from one to 1,000", 1000, &["--mode", "fan-out", "--size", "20"], Some(20)),
    fan_out("cast-16k-1000", "16 KiB from one to 1,000", 1000, &["--mode", "fan-out", "--size", "16KiB"], Some(10)),
    fan_out(
        "storm-20-200",
        "20 B from each of 200 to all of them, all at once",
        200,
        &["--mode", "fan-out", "--size", "20", "--senders", "0"],
        None,
    ),
    rooms("rooms-1", "20 B from one to 10, 1 room", 10, &["--mode", "fan-out", "--size", "20", "--rooms", "1"]),
    rooms("rooms-10", "20 B from one to 10, 10 rooms", 100, &["--mode", "fan-out", "--size", "20", "--rooms", "10"]),
    rooms("rooms-100", "20 B from one to 10, 100 rooms", 1000, &["--mode", "fan-out", "--size", "20", "--rooms", "100"]),
    rooms("rooms-1000", "20 B from one to 10, 1,000 rooms", 10_000, &["--mode", "fan-out", "--size", "20", "--rooms", "1000"]),
    rooms(
        "lone-10000",
        "20 B to oneself in each of 10,000 rooms",
        10_000,
        &["--mode", "fan-out", "--size", "20", "--rooms", "10000"],
    ),
    IDLE,
    echo("connect", "connections that come and go, 32 at a time", 32, &["--mode", "connect"], None),
    compressed(echo(
        "deflate-echo-1k-100",
        "echo of 1 KiB, 100 connections, compressed",
        100,
        &["--size", "1KiB", "--compression"],
        Some(2000),
    )),
    compressed(fan_out(
        "deflate-cast-16k-1000",
        "16 KiB from one to 1,000, compressed",
        1000,
        &["--mode", "fan-out", "--size", "16KiB", "--compression"],
        None,
    )),
    over_tls(echo("tls-echo-20-100", "echo of 20 B, 100 connections, over TLS", 100, &["--size", "20"], Some(5000))),
    over_tls(echo("tls-echo-16k-100", "echo of 16 KiB, 100 connections, over TLS", 100, &["--size", "16KiB"], None)),
    writes("store-full-1", "200 clients write to 1,000 keys of 1 room, synced", 200, OF_200, synced(Sync::Full, 1, 1000)),
    writes(
        "store-full-10",
        "200 clients write to 1,000 keys in 10 rooms, synced",
        200,
        OF_200_IN_10,
        synced(Sync::Full, 10, 100),
    ),
    writes(
        "store-full-1000",
        "1,000 clients write to 1,000 keys in 1,000 rooms, synced",
        1000,
        OF_200_IN_1000,
        synced(Sync::Full, 1000, 1),
    ),
    writes(
        "store-full-million",
        "200 clients write to a million keys in 10 rooms, synced",
        200,
        OF_200_IN_10,
        synced(Sync::Full, 10, 100_000),
    ),
    writes("store-normal-1", "200 clients write to 1,000 keys of 1 room, not synced", 200, OF_200, synced(Sync::Normal, 1, 1000)),
    writes(
        "store-normal-10",
        "200 clients write to 1,000 keys in 10 rooms, not synced",
        200,
        OF_200_IN_10,
        synced(Sync::Normal, 10, 100),
    ),
    writes(
        "store-normal-1000",
        "1,000 clients write to 1,000 keys in 1,000 rooms, not synced",
        1000,
        OF_200_IN_1000,
        synced(Sync::Normal, 1000, 1),
    ),
    writes(
        "store-normal-million",
        "200 clients write to a million keys in 10 rooms, not synced",
        200,
        OF_200_IN_10,
        synced(Sync::Normal, 10, 100_000),
    ),
    writes("store-memory-1", "200 clients write to 1,000 keys of 1 room, in memory", 200, OF_200, synced(Sync::Memory, 1, 1000)),
    stored("store-read-1", "200 clients read from 1,000 keys of 1 room", 200, &[], reading(Operation::Read, 1, 1000)),
    stored(
        "store-read-million",
        "200 clients read from a million keys in 10 rooms",
        200,
        &["--rooms", "10"],
        reading(Operation::Read, 10, 100_000),
    ),
    stored("store-list", "1 client lists a room of 1 MiB again and again", 1, &[], reading(Operation::List, 1, MIB)),
    stored("store-open-1", "1 client opens a room of 1 key again and again", 1, CONNECT, reading(Operation::Open, 1, 1)),
    stored("store-open-mib", "1 client opens a room of 1 MiB again and again", 1, CONNECT, reading(Operation::Open, 1, MIB)),
];
