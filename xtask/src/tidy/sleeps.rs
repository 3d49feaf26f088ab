//! Tests wait for events and never sleep.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

const WHAT: &str = "a test sleeps: wait for the event instead";
const RUST: [&str; 3] = ["sleep", "sleep_until", "sleep_ms"];
const SCRIPTS: [&str; 4] = ["sleep(", "setTimeout(", "setInterval(", "waitForTimeout("];

/// Finds Rust tests that sleep. Guests are exempt, because a test may be about one that sleeps, and so are the SDK's tasks, whose tests
/// let a room's time pass. Benchmarks are exempt, because they pace their load.
pub(super) fn in_rust(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| {
            ["tests/guests", "sdk/rust/src/task", "host/benches", "cli/benches"].iter().all(|dir| source.below(dir).is_none())
        })
        .flat_map(in_source)
        .collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let code = &source.tests;
    let naps = words(code).filter(|(_, word)| RUST.contains(word));
    naps.map(|(start, _)| Finding::new(&source.path, line_of(code, start), WHAT)).collect()
}

/// Finds test scripts that sleep, with the same exemption for guests.
pub(super) fn in_scripts(texts: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| is_test_script(path)) {
        for (index, line) in text.lines().enumerate() {
            if SCRIPTS.iter().any(|nap| line.contains(nap)) {
                findings.push(Finding::new(path, index + 1, WHAT));
            }
        }
    }
    findings
}

fn is_test_script(path: &str) -> bool {
    path.starts_with("tests/")
        && !path.starts_with("tests/guests")
        && [".py", ".mjs", ".js", ".sh"].iter().any(|end| path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_test_that_sleeps_is_found() {
        let text = "use tokio::time::sleep;\nfn f() { asleep() }";
        assert_eq!(in_rust(&[Source::new("host/tests/a.rs", text)]), [Finding::new("host/tests/a.rs", 1, WHAT)]);
        assert_eq!(in_rust(&[Source::new("host/src/a.rs", text)]), []);
        assert_eq!(in_rust(&[Source::new("tests/guests/slow/src/lib.rs", text)]), []);
    }

    #[test]
    fn a_script_that_sleeps_is_found() {
        let lines = "first\nawait asyncio.sleep(1)\n".to_owned();
        let found = in_scripts(&[("tests/a.py".to_owned(), lines.clone()), ("bench/a.py".to_owned(), lines)]);
        assert_eq!(found, [Finding::new("tests/a.py", 2, WHAT)]);
        assert_eq!(in_scripts(&[("tests/guests-python/a.py".to_owned(), "await sleep(1)".to_owned())]), []);
    }
}
