//! Some crates and words may appear in some modules of the host, or in some crates, only.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

/// Words that crates without I/O must not use: they take bytes and the time, and neither spawn nor wait.
const WAITING: [&str; 5] = ["tokio", "async", "await", "spawn", "thread"];
/// The folders of these crates.
const PURE: [&str; 2] = ["protocol", "cluster"];

/// The part of the project that a file belongs to.
enum Module<'a> {
    /// A crate without I/O.
    Pure(&'a str),
    /// A module of the host.
    OfHost(&'a str),
}

impl Module<'_> {
    fn is_one_of(&self, names: &[&str]) -> bool {
        matches!(self, Self::OfHost(name) if names.contains(name))
    }
}

/// Finds names that the code's module must not use. Tests are exempt.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let without_io = PURE.into_iter().find(|name| source.below(&format!("{name}/src")).is_some());
        let module = match (without_io, source.below("host/src")) {
            (Some(name), _) => Module::Pure(name),
            (None, Some(file)) => Module::OfHost(file.split('/').next().unwrap_or_default().trim_end_matches(".rs")),
            (None, None) => continue,
        };
        for (start, word) in words(&source.production) {
            if let Some(rule) = broken_rule(&module, word, &source.production[start + word.len()..]) {
                findings.push(Finding::new(&source.path, line_of(&source.production, start), format!("`{word}`: {rule}")));
            }
        }
    }
    findings
}

fn broken_rule(module: &Module<'_>, word: &str, behind: &str) -> Option<&'static str> {
    if word.starts_with("wasmtime") && !module.is_one_of(&["guest"]) {
        return Some("only guest/ knows wasmtime");
    }
    if word == "tungstenite" && behind.starts_with("::") && !matches!(module, Module::Pure("protocol")) {
        return Some("only protocol/ knows tungstenite");
    }
    if (word == "rustls" || word == "tokio_rustls") && !module.is_one_of(&["cluster", "fetch", "front", "shard", "trace"]) {
        return Some("only cluster/, fetch/, front/, shard/ and trace/ know rustls");
    }
    if word == "async_nats" && !module.is_one_of(&["cluster"]) {
        return Some("only cluster/ knows NATS");
    }
    let is_pure = matches!(module, Module::Pure(_));
    if is_pure && matches!(word, "now" | "elapsed") && behind.starts_with("()") {
        return Some("this crate reads no clock");
    }
    if is_pure && WAITING.contains(&word) {
        return Some("this crate neither spawns nor awaits");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn only_guest_names_wasmtime() {
        let text = "// wasmtime\nuse wasmtime_wasi::WasiCtx;";
        assert_eq!(found("host/src/guest/imports.rs", text), [""; 0]);
        assert_eq!(
            found("host/src/shard/room.rs", text),
            ["host/src/shard/room.rs:2: `wasmtime_wasi`: only guest/ knows wasmtime"]
        );
    }

    #[test]
    fn only_protocol_names_tungstenite() {
        let text = "use tungstenite::Message;";
        assert_eq!(found("protocol/src/frame.rs", text), [""; 0]);
        assert_eq!(
            found("host/src/front/upgrade.rs", text),
            ["host/src/front/upgrade.rs:1: `tungstenite`: only protocol/ knows tungstenite"]
        );
        assert_eq!(found("host/src/server.rs", text), ["host/src/server.rs:1: `tungstenite`: only protocol/ knows tungstenite"]);
        assert_eq!(found("host/src/shard/tests/mod.rs", text), [""; 0]);
    }

    #[test]
    fn only_front_and_shard_name_rustls() {
        let text = "use tokio_rustls::rustls::ServerConfig;";
        assert_eq!(found("host/src/front/tls.rs", text), [""; 0]);
        assert_eq!(found("host/src/shard/socket.rs", text), [""; 0]);
        assert_eq!(
            found("host/src/server.rs", "use rustls::Error;"),
            ["host/src/server.rs:1: `rustls`: only cluster/, fetch/, front/, shard/ and trace/ know rustls"]
        );
    }

    #[test]
    fn only_the_module_cluster_names_the_crate_of_nats() {
        let text = "async fn f() { async_nats::connect(URL).await }";
        assert_eq!(found("host/src/cluster/node.rs", text), [""; 0]);
        assert_eq!(found("host/src/shard/mod.rs", text), ["host/src/shard/mod.rs:1: `async_nats`: only cluster/ knows NATS"]);
        assert!(
            found("cluster/src/lease.rs", text)
                .contains(&"cluster/src/lease.rs:1: `async_nats`: only cluster/ knows NATS".to_owned())
        );
    }

    #[test]
    fn crates_without_io_read_no_clock() {
        let what = ["protocol/src/closing.rs:1: `now`: this crate reads no clock"];
        assert_eq!(found("protocol/src/closing.rs", "fn f(now: Instant) { g(now, Instant::now()) }"), what);
        assert_eq!(found("cluster/src/lease.rs", "fn f(now: Instant) { g(now, Instant::now()) }").len(), 1);
        assert_eq!(found("host/src/shard/clock.rs", "fn f() { Instant::now() }"), [""; 0]);
    }

    #[test]
    fn crates_without_io_neither_spawn_nor_await() {
        assert_eq!(
            found("protocol/src/lib.rs", "async fn f() { g().await }"),
            [
                "protocol/src/lib.rs:1: `async`: this crate neither spawns nor awaits",
                "protocol/src/lib.rs:1: `await`: this crate neither spawns nor awaits",
            ]
        );
        assert_eq!(found("host/src/shard/mod.rs", "async fn f() { g().await }"), [""; 0]);
    }
}
