//! The events of a node's releases, and the actions that follow.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep};
use ws_cluster::Answer;
use ws_cluster::release::{Action, Ledger, Outcome, ReleaseRecord, Report, Rollout, Why, Wish};

use super::components::{Components, Unfetched};
use super::local::{Failed, LocalReleases};
use super::stream::{Entry, ReleaseStream};
use super::view::View;
use super::watch::{News, watch};
use crate::cluster::clock;
use crate::cluster::node::Node;
use crate::cluster::settings::ClusterError;
use crate::log::printable;

/// A node goes on without those before it after so long without progress.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the rules look at the clock and at the lives of nodes.
const TICK: Duration = Duration::from_millis(250);
/// The time between two attempts to fetch a component.
const PACE: Duration = Duration::from_secs(1);
/// How often a component is looked for that NATS does not have.
const ATTEMPTS: u32 = 15;
/// Wishes that wait. More are refused.
const WAITING: usize = 16;

/// Where the answer to a wish goes.
type Waiter = oneshot::Sender<Result<Outcome, ClusterError>>;

/// Something that has happened.
#[derive(Debug)]
pub(super) enum Happened {
    Loaded(u64, Result<(), ByteString>),
    Installed(ReleaseRecord, Result<(u64, u64), ByteString>),
    Answered(Answer<ReleaseRecord>),
    ReportLost,
    Looked(Option<Ledger>),
    Wanted(Wish, Waiter),
}

/// A node's part in the releases of its cluster.
pub(super) struct Task<L> {
    node: Node,
    stream: ReleaseStream,
    components: Components,
    rollout: Rollout,
    local: Arc<L>,
    /// Where the results of actions come back.
    happened: mpsc::Sender<Happened>,
    view: View,
    /// Wishes, the first of which the rules have.
    wishes: VecDeque<(Wish, Waiter)>,
}

impl<L: LocalReleases> Task<L> {
    pub(super) fn new(
        node: Node,
        (ledger, running): (Ledger, ByteString),
        local: Arc<L>,
        happened: mpsc::Sender<Happened>,
        view: View,
    ) -> Self {
        let (stream, components) = (ReleaseStream::of(&node), Components::of(node.core()));
        let rollout = Rollout::new(clock::now(), ledger, running, PATIENCE);
        let task = Self { node, stream, components, rollout, local, happened, view, wishes: VecDeque::new() };
        task.show();
        task
    }

    /// Follows the releases until nobody is left who could ask.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Happened>, mut failures: mpsc::Receiver<Failed>) {
        let (news, mut seen) = mpsc::channel(64);
        tokio::spawn(watch(self.stream.clone(), self.view.clone(), news));
        let mut needs = self.node.core().present.needs();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some(happened) = inbox.recv() => self.note(happened),
                Some(news) = seen.recv() => self.see(news),
                Some(failed) = failures.recv() => {
                    let Failed { sha256, runs, reason } = failed;
                    self.rollout.failed(&sha256, runs.into(), reason.into());
                }
                Ok(()) = needs.changed() => self.need(*needs.borrow_and_update()),
                _ = ticks.tick() => {}
            }
            self.act();
            self.show();
        }
    }

    fn show(&self) {
        self.view.show(&self.rollout);
        self.node.core().present.show(self.rollout.tells(), self.rollout.opens());
    }

    /// A room that would open here has a state of this release.
    fn need(&mut self, release: u64) {
        if release > self.rollout.opens() {
            tracing::info!("a room has a state of release {release} of the cluster: the node takes that one before its turn");
            self.rollout.hurry(release);
        }
    }

    fn note(&mut self, happened: Happened) {
        let now = clock::now();
        match happened {
            Happened::Loaded(number, result) => self.rollout.loaded(number, result),
            Happened::Installed(record, result) => {
                log(&record, &result);
                self.rollout.installed(&record, result);
            }
            Happened::Answered(answer) => {
                let is_stored = matches!(answer, Answer::Stored(_));
                self.rollout.answered(now, answer);
                if is_stored {
                    let names = self.rollout.ledger().records().map(|(_, record)| record.component.sha256.clone()).collect();
                    let components = self.components.clone();
                    tokio::spawn(async move { components.clean(&names).await });
                }
            }
            Happened::ReportLost => self.rollout.report_lost(),
            Happened::Looked(ledger) => {
                self.rollout.looked(now, ledger);
                if let Some(release) = self.rollout.unknown() {
                    tracing::warn!(
                        "a room has a state of release {release} of the cluster, which NATS has forgotten: the room opens with the release that runs"
                    );
                }
            }
            Happened::Wanted(wish, answer) if self.wishes.len() < WAITING => {
                self.wishes.push_back((wish, answer));
                self.want_next();
            }
            Happened::Wanted(_, answer) => {
                let many = format!("{WAITING} swaps and rollbacks wait at this node already: ask again when they are done");
                // A caller that gave up needs no answer.
                let _ = answer.send(Err(ClusterError(many)));
            }
        }
    }

    fn want_next(&mut self) {
        if let Some((wish, _)) = self.wishes.front() {
            self.rollout.want(clock::now(), wish.clone());
        }
    }

    fn see(&mut self, news: News) {
        let now = clock::now();
        match news {
            News::Read(known, ledger) => self.rollout.read(now, known, ledger),
            News::Entry(Entry::Record(sequence, record)) => self.rollout.record(now, sequence, record),
            News::Entry(Entry::Report(report)) => self.rollout.report(now, report),
        }
    }

    fn act(&mut self) {
        // A node that leaves takes nothing more: the others go on without it when it has said farewell.
        if self.node.core().is_draining() {
            return self.wishes.clear();
        }
        let (me, alive) = (self.node.life(), self.node.neighbours().alive());
        while let Some(action) = self.rollout.poll(clock::now(), me, &alive) {
            match action {
                Action::Load(record) => self.load(record),
                Action::Install(record) => {
                    // Before a room changes, its records tell that it may have.
                    self.show();
                    self.install(record);
                }
                Action::Look => {
                    let (stream, happened) = (self.stream.clone(), self.happened.clone());
                    tokio::spawn(async move {
                        let ledger = stream.ledger().await.ok();
                        if ledger.is_none() {
                            sleep(PACE).await;
                        }
                        let _ = happened.send(Happened::Looked(ledger)).await;
                    });
                }
                Action::Publish(publication) => {
                    let (stream, happened) = (self.stream.clone(), self.happened.clone());
                    tokio::spawn(async move { happened.send(Happened::Answered(stream.publish(publication).await)).await });
                }
                Action::Report(report) => self.report(report),
                Action::Answer(outcome) => {
                    if let Some((_, answer)) = self.wishes.pop_front() {
                        // A caller that gave up needs no answer.
                        let _ = answer.send(Ok(outcome));
                    }
                    self.want_next();
                }
            }
        }
    }

    fn load(&self, record: ReleaseRecord) {
        let (components, local, happened) = (self.components.clone(), Arc::clone(&self.local), self.happened.clone());
        tokio::spawn(async move {
            let loaded = load(&components, &*local, &record).await;
            let _ = happened.send(Happened::Loaded(record.number, loaded.map_err(ByteString::from))).await;
        });
    }

    fn install(&self, record: ReleaseRecord) {
        let (components, local, happened) = (self.components.clone(), Arc::clone(&self.local), self.happened.clone());
        tokio::spawn(async move {
            // The release may have waited for long, and the server has compiled others meanwhile.
            let installed = match load(&components, &*local, &record).await {
                Ok(()) => local.install(record.clone()).await,
                Err(reason) => Err(reason),
            };
            let _ = happened.send(Happened::Installed(record, installed.map_err(ByteString::from))).await;
        });
    }

    fn report(&self, report: Report) {
        let (stream, happened) = (self.stream.clone(), self.happened.clone());
        tokio::spawn(async move {
            if !stream.report(&report).await {
                sleep(PACE).await;
                let _ = happened.send(Happened::ReportLost).await;
            }
        });
    }
}

/// Has the server compile a record's component, unless it has.
async fn load(components: &Components, local: &impl LocalReleases, record: &ReleaseRecord) -> Result<(), String> {
    let bytes = fetch(components, local, record).await?;
    local.load(record.clone(), bytes).await
}

/// The bytes of a record's component, unless the server has it. NATS may be away meanwhile; a copy of the object store may lag behind.
async fn fetch(
    components: &Components,
    local: &impl LocalReleases,
    record: &ReleaseRecord,
) -> Result<Option<bytes::Bytes>, String> {
    let component = &record.component;
    if local.has(&component.sha256) {
        return Ok(None);
    }
    let mut attempts = 0;
    loop {
        let problem = match components.fetch(component).await {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(Unfetched::Wrong(problem)) => return Err(problem),
            Err(Unfetched::NotNow(problem)) => problem,
        };
        attempts += 1;
        if attempts == ATTEMPTS {
            return Err(format!("the component cannot be fetched from NATS: {problem}"));
        }
        sleep(PACE).await;
    }
}

fn log(record: &ReleaseRecord, result: &Result<(u64, u64), ByteString>) {
    let ReleaseRecord { number, component, why, .. } = record;
    let name = printable(&component.name);
    match (result, why) {
        (Ok(_), Why::Undo(reason)) => {
            tracing::warn!(
                "release {number} of the cluster runs: {name} again, since the one before is called off: {}",
                printable(reason)
            );
        }
        (Ok((rooms, clients)), _) => {
            tracing::info!("release {number} of the cluster runs: {name}, in {rooms} rooms with {clients} clients");
        }
        (Err(reason), _) => {
            tracing::error!("release {number} of the cluster is refused here: {name}: {}", printable(reason));
        }
    }
}
