//! A model predicts what each client receives, and clients compare.
//!
//! Clients send scripts to an actor, a component or a native app, and end their connections in every manner. The actor records each
//! event for the oldest member of its room. The model plays the records again, and knows then which messages each client must have
//! received, in which order, the result of each call, and the close code.
//!
//! `MODEL_RUNS=2000 cargo test --workspace --test integration model::` takes about an hour. A failed run names its seed:
//! `MODEL_SEED=7` begins there. A seed fixes the scripts, and not their order in time.

#[path = "model/client.rs"]
mod client;
#[path = "model/generator.rs"]
mod generator;
#[path = "model/native.rs"]
mod native;
#[path = "model/oracle.rs"]
mod oracle;
#[path = "guests/actor/src/script.rs"]
mod script;

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::tungstenite::Message;
use ws_host::Server;
use ws_host::config::{Instances, Limits};

use crate::support::{Embedded, Swappable};
use client::{Manner, Seen, Stage, Told};
use generator::{Generator, Mishap};
use oracle::{HARD_BYTES, Oracle, SOFT_BYTES};

const ROOMS: u64 = 3;
/// Clients of a room, without its recorder.
const CLIENTS: u64 = 24;
/// Clients of a room that are connected at once, beside those that stay or read late.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_client_of_a_component_receives_what_the_model_predicts_across_swaps_and_traps() {
    let (soft, hard) = (SOFT_BYTES.to_string(), HARD_BYTES.to_string());
    for seed in seeds() {
        let limits = ["--outbox-soft", &soft, "--outbox-hard", &hard];
        let host = Swappable::run("actor", &[&["--instances", "per-room", "--shards", "2"], &limits[..]].concat());
        let address = host.host.address.clone();
        // Swaps end with the run, also when it fails.
        let going_on = Arc::new(());
        let swaps = tokio::task::spawn_blocking({
            let going_on = Arc::downgrade(&going_on);
            move || {
                while going_on.upgrade().is_some() {
                    host.swap("actor");
                }
                host
            }
        });
        run(seed, &address).await;
        drop(going_on);
        swaps.await.unwrap_or_else(|error| panic!("seed {seed}: a swap fails: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_client_of_a_native_app_receives_what_the_model_predicts() {
    for seed in seeds() {
        let mut limits = Limits::default();
        (limits.outbox_soft_bytes, limits.outbox_hard_bytes) = (SOFT_BYTES, HARD_BYTES);
        let builder = Server::builder().app(|| native::Actor).limits(limits).instances(Instances::PerRoom).shards(2);
        run(seed, &Embedded::start(builder).address.clone()).await;
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first = number("MODEL_SEED", 1);
    first..first + number("MODEL_RUNS", 2)
}

/// One run: all clients of all rooms, and the comparison.
async fn run(seed: u64, address: &str) {
    println!("seed {seed}");
    let url = |room: u64| format!("ws://{address}/room/{room}");
    let mut recorders = Vec::new();
    // The recorders come first, one after the other: their ids are 1 to ROOMS.
    for room in 1..=ROOMS {
        recorders.push(Recorder::start(room, &url(room), address).await);
    }
    let (tell_stage, stage) = watch::channel(Stage::Everybody);
    let (mut passing, mut late, mut staying) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    let mut random = Rng::with_seed(seed);
    let permits = Arc::new(Semaphore::new(AT_ONCE * ROOMS as usize));
    for n in 0..CLIENTS {
        for room in 1..=ROOMS {
            let (manner, mishap) = plan(n);
            let mut generator = Generator { random: random.fork(), ids: (ROOMS + 1, ROOMS * (CLIENTS + 1) + 2) };
            let scripts = move |id| generator.messages(id, mishap);
            let client = client::play((url(room), address.to_owned()), manner, scripts, stage.clone());
            let permits = Arc::clone(&permits);
            match manner {
                Manner::Stays => staying.spawn(async move { (room, client.await) }),
                Manner::ReadsLate => late.spawn(async move { (room, client.await) }),
                _ => passing.spawn(async move {
                    let _permit = permits.acquire_owned().await.expect("the semaphore stays open");
                    (room, client.await)
                }),
            };
        }
    }
    let whole = async {
        let mut seen: Vec<(u64, Seen)> = passing.join_all().await;
        tell_stage.send(Stage::LateReaders).expect("clients listen");
        seen.extend(late.join_all().await);
        for recorder in &mut recorders {
            recorder.waits_for(|_, timers| timers == 0).await;
        }
        tell_stage.send(Stage::Farewell).expect("clients listen");
        seen.extend(staying.join_all().await);
        for recorder in &mut recorders {
            recorder.waits_for(|left, timers| left == CLIENTS as usize && timers == 0).await;
        }
        for recorder in recorders {
            let (room, oracle) = recorder.ends().await;
            seen.iter().filter(|(of, _)| *of == room).for_each(|(_, seen)| oracle.check(seen));
        }
    };
    // With this timeout a message that never comes fails the test and does not hang it.
    tokio::time::timeout(Duration::from_secs(120), whole).await.unwrap_or_else(|_| panic!("seed {seed} ends"));
}

/// The manner of a room's client with this number, and what goes wrong with it.
fn plan(n: u64) -> (Manner, Option<Mishap>) {
    let manner = match n % 8 {
        0 => Manner::Stays,
        1 => Manner::ReadsLate,
        4 => Manner::HalfCloses,
        5 => Manner::HalfClosesSilently,
        6 => Manner::Resets,
        _ => Manner::Leaves,
    };
    match n {
        // Six failures within ten seconds would open the room's circuit.
        3 | 9 => (manner, Some(Mishap::Fails)),
        17 => (manner, Some(Mishap::Floods)),
        _ => (manner, None),
    }
}

/// The oldest member of a room: it receives the records.
struct Recorder {
    room: u64,
    /// How many clients have left, and how many timers are still to come.
    progress: watch::Receiver<(usize, usize)>,
    stop: watch::Sender<bool>,
    reading: JoinHandle<Oracle>,
}

impl Recorder {
    async fn start(room: u64, url: &str, address: &str) -> Self {
        let (socket, _) = client::connect(url, address).await;
        let (stop, mut stopped) = watch::channel(false);
        let (tell, progress) = watch::channel((0, 0));
        let (mut sink, mut source) = socket.split();
        let welcome = source.next().await.expect("a welcome comes").expect("a welcome comes").into_text().expect("it is text");
        assert_eq!(welcome, format!("you are {room}").as_str());
        let reading = tokio::spawn(async move {
            let (mut oracle, mut received) = (Oracle::default(), vec![Told::of(&welcome)]);
            loop {
                tokio::select! {
                    message = source.next() => match message {
                        Some(Ok(Message::Text(text))) if text.starts_with('#') => {
                            oracle.read(&text);
                            tell.send_replace((oracle.left(), oracle.timers()));
                        }
                        Some(Ok(Message::Text(text))) => received.push(Told::of(&text)),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        other => panic!("the recorder of room {room} stays, not {other:?}"),
                    },
                    _ = stopped.changed() => break,
                }
            }
            sink.close().await.expect("the recorder leaves");
            oracle.check_member(room, &received);
            oracle
        });
        Self { room, progress, stop, reading }
    }

    /// Waits until this holds of the numbers of clients that have left and of timers to come.
    async fn waits_for(&mut self, holds: impl Fn(usize, usize) -> bool) {
        if self.progress.wait_for(|(left, timers)| holds(*left, *timers)).await.is_err() {
            panic!("the recorder of room {} has failed", self.room);
        }
    }

    async fn ends(self) -> (u64, Oracle) {
        self.stop.send(true).expect("the recorder listens");
        let oracle = self.reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        (self.room, oracle)
    }
}
