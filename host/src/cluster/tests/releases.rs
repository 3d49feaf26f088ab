//! The releases that all nodes run.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select_all;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use ws_cluster::release::{Component, Outcome, ReleaseRecord, Taking};

use super::member::settings;
use super::server::Server;
use crate::bus::Placement;
use crate::cluster::{ClusterReleases, Failed, LocalReleases, Node, Start};

const DEADLINE: Duration = Duration::from_secs(60);

/// A server whose components are texts.
struct Local {
    at_hand: Mutex<HashMap<String, Bytes>>,
    /// The text that runs, and the numbers of all releases that were taken.
    runs: watch::Sender<(Bytes, Vec<u64>)>,
    refuses: &'static [u8],
    /// The takeover of this component does not end.
    hangs: &'static [u8],
    /// Whether it forgets the next component that it has compiled.
    forgets: AtomicBool,
}

impl LocalReleases for Local {
    fn has(&self, sha256: &str) -> bool {
        self.at_hand.lock().expect("no test has panicked with it").contains_key(sha256)
    }

    async fn load(&self, record: ReleaseRecord, bytes: Option<Bytes>) -> Result<(), String> {
        if let Some(bytes) = bytes {
            let mut at_hand = self.at_hand.lock().expect("no test has panicked with it");
            if !self.forgets.swap(false, Relaxed) {
                at_hand.insert(record.component.sha256.to_string(), bytes);
            }
        }
        Ok(())
    }

    async fn install(&self, record: ReleaseRecord) -> Result<(u64, u64), String> {
        let bytes = self.at_hand.lock().expect("no test has panicked with it")[&*record.component.sha256].clone();
        if bytes == self.hangs {
            self.runs.send_modify(|(runs, _)| *runs = bytes);
            return std::future::pending().await;
        }
        if bytes == self.refuses {
            return Err("it does not start".into());
        }
        self.runs.send_modify(|(runs, numbers)| {
            *runs = bytes;
            numbers.push(record.number);
        });
        Ok((1, 2))
    }
}

/// A node with its server.
struct Member {
    node: Node,
    local: Arc<Local>,
    releases: ClusterReleases,
    failures: mpsc::Sender<Failed>,
}

fn join(server: &Server) -> Node {
    Node::join(&settings(server), Placement::new(1)).expect("the node joins").0
}

fn component(text: &'static [u8]) -> (Component, Bytes) {
    let bytes = Bytes::from_static(text);
    (Component { sha256: sha256(text).into(), name: "app.wasm".into() }, bytes)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Member {
    async fn start(server: &Server, text: &'static [u8], deploys: bool) -> Self {
        Self::start_refusing(server, text, deploys, b"nothing").await
    }

    async fn start_refusing(server: &Server, text: &'static [u8], deploys: bool, refuses: &'static [u8]) -> Self {
        let node = join(server);
        let bytes = Bytes::from_static(text);
        let start = ClusterReleases::check_at_start(&node, "app.wasm", &bytes, deploys).expect("the node may start");
        let runs = start.instead.as_ref().map_or(bytes, |(_, instead)| instead.clone());
        Self::with(node, start, runs, refuses)
    }

    fn with(node: Node, start: Start, runs: Bytes, refuses: &'static [u8]) -> Self {
        let at_hand = Mutex::new(HashMap::from([(sha256(&runs), runs.clone())]));
        let local = Arc::new(Local {
            at_hand,
            runs: watch::Sender::new((runs, Vec::new())),
            refuses,
            hangs: b"endless",
            forgets: AtomicBool::default(),
        });
        let (failures, failed) = mpsc::channel(1);
        let releases = ClusterReleases::run(&node, start, Arc::clone(&local), failed);
        Self { node, local, releases, failures }
    }

    /// Waits until this text runs.
    async fn runs(&self, text: &'static [u8]) {
        let mut runs = self.local.runs.subscribe();
        let waits = runs.wait_for(|(runs, _)| runs == text);
        drop(timeout(DEADLINE, waits).await.expect("it runs").expect("the server lives"));
    }

    /// Waits until this node has taken the release of this number.
    async fn reaches(&self, number: u64) {
        self.releases.reach(number).await;
    }

    async fn swap(&self, text: &'static [u8]) -> Outcome {
        let (component, bytes) = component(text);
        self.local.at_hand.lock().expect("no test has panicked with it").insert(component.sha256.to_string(), bytes.clone());
        timeout(DEADLINE, self.releases.swap(component, bytes, true)).await.expect("it is answered").expect("NATS is there")
    }

    async fn leave(self) {
        self.node.leave(DEADLINE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_at_one_node_takes_all_to_the_component() {
    let server = Server::start();
    let members = [
        Member::start(&server, b"a", false).await,
        Member::start(&server, b"a", false).await,
        Member::start(&server, b"a", false).await,
    ];
    let Outcome::Done { number: 2, reports, missing } = members[1].swap(b"b").await else { panic!("it is taken") };
    assert!(missing.is_empty());
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report.taking == Taking::Taken { rooms: 1, clients: 2 }));
    for member in &members {
        member.runs(b"b").await;
        assert_eq!(member.releases.number(), 2);
    }
    let Ok(Outcome::Done { number: 3, .. }) = members[2].releases.rollback(true).await else { panic!("it goes back") };
    for member in members {
        member.runs(b"a").await;
        member.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_one_node_refuses_runs_nowhere() {
    let server = Server::start();
    let first = Member::start(&server, b"a", false).await;
    let second = Member::start_refusing(&server, b"a", false, b"b").await;
    let Outcome::CalledOff { reason, by } = first.swap(b"b").await else { panic!("it is called off") };
    assert_eq!((&*reason, Some(by)), ("it does not start", second.node.life()));
    first.runs(b"a").await;
    first.reaches(3).await;
    second.reaches(3).await;
    assert!(second.local.runs.borrow().1.is_empty(), "it has run nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_fails_at_one_node_is_called_off_at_all() {
    let server = Server::start();
    let (first, second) = (Member::start(&server, b"a", false).await, Member::start(&server, b"a", false).await);
    assert!(matches!(first.swap(b"b").await, Outcome::Done { .. }));
    let failed = Failed { sha256: sha256(b"b"), runs: sha256(b"a"), reason: "three traps".into() };
    second.local.runs.send_modify(|(runs, _)| *runs = Bytes::from_static(b"a"));
    second.failures.send(failed).await.expect("the node lives");
    first.runs(b"a").await;
    second.reaches(3).await;
    assert_eq!(second.local.runs.borrow().1, [2], "it is back already");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_component_is_an_error_or_the_next_release() {
    let server = Server::start();
    let first = Member::start(&server, b"a", false).await;
    let node = join(&server);
    let error =
        ClusterReleases::check_at_start(&node, "b.wasm", &Bytes::from_static(b"b"), false).expect_err("it differs").to_string();
    assert!(error.contains("b.wasm (3e23e8160039) is not release 1 of the cluster, app.wasm (ca978112ca1b)"), "{error}");
    node.leave(DEADLINE).await;
    let second = Member::start(&server, b"b", true).await;
    first.runs(b"b").await;
    second.runs(b"b").await;
    // The old image does not take the cluster back.
    let third = Member::start(&server, b"a", true).await;
    third.runs(b"b").await;
    third.reaches(2).await;
    assert_eq!(first.releases.releases().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_go_on_after_nats_was_away() {
    let mut server = Server::start();
    let (first, second) = (Member::start(&server, b"a", false).await, Member::start(&server, b"a", false).await);
    server.restart();
    assert!(matches!(first.swap(b"b").await, Outcome::Done { .. }));
    second.runs(b"b").await;
    assert!(matches!(second.swap(b"c").await, Outcome::Done { .. }));
    first.runs(b"c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_the_server_has_forgotten_when_its_turn_comes_is_fetched_again() {
    let server = Server::start();
    let (first, second) = (Member::start(&server, b"a", false).await, Member::start(&server, b"a", false).await);
    second.local.forgets.store(true, Relaxed);
    assert!(matches!(first.swap(b"b").await, Outcome::Done { number: 2, .. }));
    second.runs(b"b").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_too_many_is_told_why_it_is_refused() {
    let server = Server::start();
    let member = Member::start(&server, b"a", false).await;
    // It takes over here without an end, and all other wishes wait for it.
    let mut waiting = pin!(member.swap(b"endless"));
    tokio::select! {
        () = member.runs(b"endless") => {}
        _ = &mut waiting => panic!("it does not end"),
    }
    let more = (0..16).map(|_| member.releases.rollback(true));
    let first = select_all(more.map(Box::pin));
    tokio::select! {
        (outcome, ..) = first => {
            let refused = outcome.expect_err("16 wait already").to_string();
            assert!(refused.contains("16 swaps and rollbacks wait at this node already"), "{refused}");
        }
        _ = waiting => panic!("it does not end"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_serves_on_beside_a_release_whose_record_it_cannot_read() {
    let server = Server::start();
    let member = Member::start(&server, b"a", false).await;
    member.reaches(1).await;
    let stored = member.node.jetstream().publish("c.release", "\u{9} of a later version".into()).await.expect("NATS is there");
    let sequence = stored.await.expect("it is stored").sequence;
    let node = join(&server);
    let error = ClusterReleases::check_at_start(&node, "a.wasm", &Bytes::from_static(b"a"), true).expect_err("it is later");
    assert!(error.to_string().contains(&format!("the record {sequence} of the cluster's releases is of a later version")));
    assert!(member.node.is_held() && member.releases.number() == 1);
}
