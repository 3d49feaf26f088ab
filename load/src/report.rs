//! The results of a run, as text and as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::options::{Mode, Options};
use super::pool::Pool;
use super::tally::Tally;

/// The cost of the measured time.
#[derive(Debug)]
pub struct Measured {
    /// Its length.
    pub time: Duration,
    /// CPU time of the load generator.
    pub own_cpu: Duration,
    /// The server's, if its process is known.
    pub server_cpu: Option<Duration>,
    /// Its resident memory at the end, in bytes.
    pub server_memory: Option<u64>,
}

/// The results of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    url: String,
    mode: &'static str,
    connections: Connections,
    /// Payload bytes of a message.
    size: usize,
    binary: bool,
    compression: bool,
    /// The whole run: sent messages, expected answers or deliveries, received ones, and received messages that belong to no sent
    /// one.
    sent: u64,
    expected: u64,
    received: u64,
    stray: u64,
    /// The measured time, and the messages received in it. All following figures are about that time.
    seconds: f64,
    messages: u64,
    messages_per_second: f64,
    latency_us: Latency,
    /// CPU time per received message.
    client_cpu_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    /// The reasons why connections failed or were lost, with their counts.
    reasons: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize)]
struct Connections {
    wanted: usize,
    opened: usize,
    failed: usize,
    lost: usize,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    p99_9: f64,
    max: f64,
    mean: f64,
}

/// The server's resident memory during the opening of connections, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Before the first connection.
    pub before: u64,
    /// With all connections.
    pub opened: u64,
    /// A number of connections and the memory with them: the base of the memory per connection.
    pub base: (u64, usize),
}

#[derive(Debug, Serialize)]
struct Server {
    /// CPU time per received message, and its share of one core.
    cpu_us: f64,
    cpu_share: f64,
    /// Resident memory in bytes: before the first connection, with all of them, at the end.
    memory_before: u64,
    memory_opened: u64,
    memory_after: u64,
    /// The memory per connection. For idle connections it is the growth from the first tenth, after the warm-up, until the end. That
    /// excludes memory that a server takes once, and memory that only connecting takes.
    memory_per_connection: f64,
}

impl Report {
    /// Computes the report from the counts.
    pub fn new(
        options: &Options,
        pool: &Pool,
        tally: &Tally,
        measured: &Measured,
        opened: usize,
        growth: Option<Growth>,
    ) -> Self {
        let seconds = measured.time.as_secs_f64();
        let server = measured.server_cpu.zip(growth).map(|(cpu, growth)| {
            let memory_after = measured.server_memory.unwrap_or(growth.opened);
            let settled = if options.mode == Mode::Idle { memory_after } else { growth.opened };
            Server {
                cpu_us: per(cpu, tally.measured),
                cpu_share: cpu.as_secs_f64() / seconds,
                memory_before: growth.before,
                memory_opened: growth.opened,
                memory_after,
                memory_per_connection: settled.saturating_sub(growth.base.0) as f64
                    / opened.saturating_sub(growth.base.1).max(1) as f64,
            }
        });
        Self {
            url: options.url.clone(),
            mode: options.mode.name(),
            connections: Connections { wanted: options.connections, opened, failed: pool.failed, lost: pool.lost },
            size: options.size,
            binary: options.binary,
            compression: options.compression,
            sent: tally.sent,
            expected: tally.expected,
            received: tally.received,
            stray: tally.stray,
            seconds,
            messages: tally.measured,
            messages_per_second: tally.measured as f64 / seconds,
            latency_us: Latency::of(tally),
            client_cpu_us: per(measured.own_cpu, tally.measured),
            server,
            reasons: pool.reasons.clone(),
        }
    }

    /// The report as text.
    pub fn in_words(&self) -> String {
        let Connections { wanted, opened, failed, lost } = self.connections;
        let mut words = String::new();
        let mut line = |name: &str, text: String| words += &format!("{name:<12}{text}\n");
        let opened =
            if self.mode == Mode::Connect.name() { format!("{wanted} at a time") } else { format!("{opened} of {wanted}") };
        line("connections", format!("{opened}, {failed} failed, {lost} lost"));
        if self.mode != Mode::Idle.name() {
            let missing = self.expected - self.received;
            line("messages", format!("{} sent, {} received, {missing} missing, {} stray", self.sent, self.received, self.stray));
            line("measured", format!("{} in {:.1} s: {:.0} a second", self.messages, self.seconds, self.messages_per_second));
            let Latency { p50, p90, p99, p99_9, max, .. } = self.latency_us;
            line("latency", format!("p50 {p50:.0} µs, p90 {p90:.0}, p99 {p99:.0}, p99.9 {p99_9:.0}, max {max:.0}"));
            line("CPU", format!("{:.2} µs a message here{}", self.client_cpu_us, self.server_cpu()));
        }
        if let Some(server) = &self.server {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            line(
                "memory",
                format!(
                    "the server's: {:.1} MiB before, {:.1} with the connections ({:.0} B each), {:.1} after",
                    mib(server.memory_before),
                    mib(server.memory_opened),
                    server.memory_per_connection,
                    mib(server.memory_after)
                ),
            );
        }
        for (why, count) in &self.reasons {
            line("trouble", format!("{count} times: {why}"));
        }
        words
    }

    fn server_cpu(&self) -> String {
        let Some(server) = &self.server else { return String::new() };
        format!(", {:.2} µs at the server, {:.0} % of a core", server.cpu_us, server.cpu_share * 100.0)
    }
}

impl Latency {
    fn of(tally: &Tally) -> Self {
        let us = |nanos: u64| nanos as f64 / 1000.0;
        let at = |quantile| us(tally.latency.value_at_quantile(quantile));
        let (max, mean) = (us(tally.latency.max()), tally.latency.mean() / 1000.0);
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p99_9: at(0.999), max, mean }
    }
}

/// Microseconds per message.
fn per(cpu: Duration, messages: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / messages.max(1) as f64
}
