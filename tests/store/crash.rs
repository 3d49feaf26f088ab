//! Each answered entry is there after a crash, once and whole.
//!
//! `CRASH_RUNS=200 cargo test --workspace --test integration store::crash::` crashes 200 times.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{data, entries, host, join};
use crate::support::{Client, Host, Swappable};

/// How many clients add entries at once.
const CLIENTS: u64 = 4;

/// The answered entries, each as `number text`.
#[derive(Default)]
struct Answers {
    entries: Mutex<Vec<String>>,
    another: Notify,
}

impl Answers {
    fn len(&self) -> usize {
        self.entries.lock().expect("no test panics with it").len()
    }

    async fn wait_for(&self, count: usize) {
        while self.len() < count {
            self.another.notified().await;
        }
    }
}

/// A sequence that looks random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit).expect("a small number")
    }
}

/// Adds one entry after the other, and notes each that is answered, until the connection ends.
async fn add(mut client: Client, name: String, answers: Arc<Answers>) {
    for number in 0.. {
        client.tries(&format!("add {name}/{number}")).await;
        match client.frame().await {
            Some(Ok(Message::Text(answer))) => {
                answers.entries.lock().expect("no test panics with it").push(answer.to_string());
                answers.another.notify_one();
            }
            _ => return,
        }
    }
}

/// Checks what the store has after a crash.
async fn check(host: &Host, answers: &Answers) {
    let mut client = join(host, "/a").await;
    let found = entries(&mut client).await;
    let numbers: Vec<_> = (1..=found.len()).map(|number| format!("{number} ")).collect();
    assert!(numbers.iter().zip(&found).all(|(number, entry)| entry.starts_with(number)), "no entry is missing in between");
    assert_eq!(client.asks("count").await, found.len().to_string(), "both writes of each turn are there");
    let texts: BTreeSet<_> = found.iter().filter_map(|entry| entry.split_once(' ')).map(|(_, text)| text).collect();
    assert_eq!(texts.len(), found.len(), "no entry is doubled");
    assert!(!texts.iter().any(|text| text.starts_with("trapped")), "a handler that fails writes nothing");
    let found: BTreeSet<_> = found.iter().collect();
    let answered = answers.entries.lock().expect("no test panics with it");
    let lost: Vec<_> = answered.iter().filter(|entry| !found.contains(entry)).collect();
    assert!(lost.is_empty(), "these were answered, and are lost: {lost:?}");
}

/// Runs, and crashes while clients add entries. In some runs a handler fails shortly before that, in others the release is swapped.
async fn crash(run: u64, arguments: &[&str], answers: &Arc<Answers>) {
    let host = Swappable::run("keeper", arguments);
    let mut random = Random((run + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let client = (join(&host.host, "/a").await, format!("{run}/{client}"));
        clients.push(tokio::spawn(add(client.0, client.1, Arc::clone(answers))));
    }
    let before = answers.len();
    answers.wait_for(before + random.below(40)).await;
    let host = match run % 3 {
        1 => {
            let mut failing = join(&host.host, "/a").await;
            failing.tries(&format!("trap trapped/{run}")).await;
            host
        }
        2 => {
            let swapping = tokio::task::spawn_blocking(move || {
                host.swap("keeper");
                host
            });
            swapping.await.expect("the swap succeeds")
        }
        _ => host,
    };
    let before = answers.len();
    answers.wait_for(before + random.below(40)).await;
    host.host.signal("KILL");
    for client in clients {
        client.await.expect("the client notes its answers");
    }
}

#[tokio::test]
async fn every_answered_entry_is_there_after_a_kill_once_and_whole() {
    let runs = std::env::var("CRASH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut arguments = data(folder.path()).to_vec();
    arguments.extend(["--instances", "per-room", "--restarts", "1000/10s"]);
    let answers = Arc::new(Answers::default());
    for run in 0..runs {
        crash(run, &arguments, &answers).await;
        check(&host(&arguments), &answers).await;
    }
    assert!(answers.len() as u64 > runs, "{} entries", answers.len());
}
