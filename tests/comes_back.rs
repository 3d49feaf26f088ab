//! Clients on a network whose lines break, while the app is swapped and fails: each message arrives once and in order, both ways.
//!
//! `COMES_BACK=100,120 cargo test --workspace --test integration comes_back::` has 100 clients talk for two minutes. A failed run names its
//! seed: `COMES_BACK_SEED=7` begins with it. A seed fixes the faults, and not their time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use ws_host_client::{Address, Event, Options, Sender, Socket, Status};

use crate::support::unsteady::Unsteady;
use crate::support::{Client, Host, Swappable};

/// The pause between two faults for each client: it has a second of peace, more or less.
const PEACE: Duration = Duration::from_secs(1);
/// How many messages of a client may be on their way.
const AHEAD: u32 = 3;
/// How long the last messages may take. In it, a client notices a line that is dead.
const SETTLING: Duration = Duration::from_secs(60);

/// The state of the run, which all clients know.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// All join.
    Joining,
    /// Everybody talks.
    Talking,
    /// Nobody says more. Each tells how much it has said.
    Quiet,
    /// Everybody waits until it has heard this number of messages of each.
    Settling(Vec<u32>),
}

/// One client, with the numbers of messages that it has said, and heard of each.
struct Talker {
    name: usize,
    socket: Socket,
    sender: Sender,
    said: u32,
    heard: Vec<u32>,
}

impl Talker {
    /// A client that is in the room.
    async fn join(name: usize, of: usize, url: &str) -> Self {
        let options = Options::new().delays(Duration::from_millis(20), Duration::from_millis(200));
        let options = options.heartbeat(Duration::from_secs(1)).connect_timeout(Duration::from_secs(2));
        let mut socket = options.connect(Address::new(url).expect("it is a URL"));
        loop {
            match socket.next().await.expect("it has not ended") {
                Event::Status(Status::Online { .. }) => break,
                Event::Status(_) => {}
                other => panic!("client {name} comes online, not {other:?}"),
            }
        }
        let sender = socket.sender();
        Self { name, socket, sender, said: 0, heard: vec![0; of] }
    }

    async fn speak(&mut self) {
        self.said += 1;
        self.sender.send(format!("all {} {}", self.name, self.said)).await.expect("it has not ended");
    }

    /// Takes the next event. The next message of each client is the one behind its last.
    fn note(&mut self, event: Event) {
        let name = self.name;
        let message = match event {
            Event::Message(message) => message,
            Event::Status(_) => return,
            other => panic!("the session of client {name} goes on, not {other:?}"),
        };
        let text = message.as_text().expect("texts alone are sent");
        // The answer to a command, and the news of members, are not counted.
        let Some((from, number)) =
            text.split_once(' ').and_then(|(from, number)| Some((from.parse::<usize>().ok()?, number.parse().ok()?)))
        else {
            return;
        };
        let expected = self.heard[from] + 1;
        assert_eq!(expected, number, "client {name} hears the messages of client {from} once, and in order");
        self.heard[from] = number;
    }

    /// Talks until the run is quiet, and returns when it has heard all of everybody.
    async fn talk(mut self, mut stage: watch::Receiver<Stage>, total: oneshot::Sender<u32>) {
        let mut total = Some(total);
        let mut now = stage.wait_for(|stage| *stage != Stage::Joining).await.expect("the run goes on").clone();
        while now != Stage::Settling(self.heard.clone()) {
            if now == Stage::Talking && self.said < self.heard[self.name] + AHEAD {
                self.speak().await;
                continue;
            }
            tokio::select! {
                event = self.socket.next() => self.note(event.expect("it has not ended")),
                changed = stage.wait_for(|stage| *stage != now) => {
                    let next = changed.expect("the run goes on").clone();
                    if let Some(total) = total.take() {
                        total.send(self.said).expect("the run goes on");
                    }
                    now = next;
                }
            }
        }
        self.socket.close().await;
    }
}

/// A client that comes, has the app fail on its message, and goes.
async fn fails_on_its_own_message(host: &Host) {
    let mut client = Client::connect(host).await;
    client.says("panic here").await;
    assert_eq!(client.is_closed().await.0, 1011);
}

/// The number of clients, and the time for which they talk.
fn size() -> (usize, Duration) {
    let given = std::env::var("COMES_BACK").unwrap_or_else(|_| "12,4".into());
    let (clients, seconds) = given.split_once(',').expect("COMES_BACK has two numbers: clients,seconds");
    let number = |text: &str| text.trim().parse().expect("COMES_BACK has two numbers: clients,seconds");
    (number(clients) as usize, Duration::from_secs(number(seconds)))
}

fn seed() -> u64 {
    std::env::var("COMES_BACK_SEED").map_or_else(|_| fastrand::u64(..1 << 32), |text| text.parse().expect("a seed is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_arrives_once_and_in_order_whatever_happens_to_the_lines() {
    let ((clients, time), seed) = (size(), seed());
    println!("seed {seed}");
    // The app fails again and again, on messages of the talkers' own address.
    let host = Swappable::run(
        "probe",
        &["--instances", "per-room", "--shards", "2", "--restarts", "1000/1s", "--probation-traps", "1000"],
    );
    let network = Unsteady::before(host.host.port(), seed).await;
    let (stage, stages) = watch::channel(Stage::Joining);
    let mut talkers = JoinSet::new();
    let mut totals = Vec::new();
    for name in 0..clients {
        let talker = Talker::join(name, clients, &network.url("/")).await;
        let (sender, total) = oneshot::channel();
        totals.push(total);
        talkers.spawn(talker.talk(stages.clone(), sender));
    }
    stage.send_replace(Stage::Talking);
    let going_on = Arc::new(());
    let troubles = tokio::task::spawn_blocking({
        let (going_on, runtime) = (Arc::downgrade(&going_on), tokio::runtime::Handle::current());
        move || {
            while going_on.upgrade().is_some() {
                host.swap("probe");
                runtime.block_on(fails_on_its_own_message(&host.host));
                host.swap("probe");
            }
            host
        }
    });
    let pause = PEACE / u32::try_from(clients).expect("clients are few");
    let faults = usize::try_from(time.as_nanos() / pause.as_nanos()).expect("faults are few");
    network.storm(faults, pause, seed).await;
    drop(going_on);
    let _host = troubles.await.expect("swaps succeed");
    stage.send_replace(Stage::Quiet);
    timeout(SETTLING, async {
        let all = try_join_all(totals).await.expect("each talker goes on");
        assert!(all.iter().all(|said| *said > 0), "everybody has said something: {all:?}");
        println!("{} messages of {clients} clients, {faults} faults", all.iter().sum::<u32>());
        stage.send_replace(Stage::Settling(all));
        while let Some(ended) = talkers.join_next().await {
            ended.expect("a talker heard all");
        }
    })
    .await
    .expect("everybody hears everything");
}
