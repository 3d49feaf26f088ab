//! The keeper of a server's releases: it swaps, watches over probations, and goes back.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::job::{Job, Loaded, What};
use super::{GuestHost, History, ReleaseInfo, Running, Source, SwapNumbers, SwapReport};
use crate::cluster::Failed;
use crate::error::Error;
use crate::guest::{Bytecode, Origin, Program};
use crate::shard::{Change, Handover, Order, Probation, Refusal, RoomSwap};
use crate::trace::{Kind, Span};

/// Keeps the releases, on a thread of its own: a change of the release takes longer than its caller may wait, and a probation longer
/// than the caller's runtime may run.
#[derive(Debug)]
pub(super) struct Keeper {
    host: GuestHost,
    /// Never held across an await, so that `history` answers while a swap waits for a room.
    state: Mutex<State>,
    /// Where a cluster hears of failed probations.
    failures: OnceLock<mpsc::Sender<Failed>>,
}

#[derive(Debug, Clone)]
struct Release {
    program: Program,
    info: ReleaseInfo,
    /// Its probation, until that has passed.
    probation: Option<Arc<Probation>>,
}

#[derive(Debug)]
struct State {
    current: Release,
    /// The releases before it, the last one at the end.
    before: Vec<Release>,
    swaps: u64,
    went_back: bool,
    /// Changes that were refused.
    refused: u64,
    /// Releases that have failed their probation.
    failed: u64,
    /// The last components that were compiled ahead and do not run yet, the newest one in front.
    loaded: VecDeque<Release>,
}

/// How many releases before the running one a server keeps: its probation can fail, and then that of the release before.
const KEPT: usize = 2;
/// How many components a server keeps that are compiled ahead: in a cluster, one waits for its turn while somebody swaps to the next one.
const AHEAD: usize = 2;

impl Keeper {
    /// A keeper of this first release. It does nothing before it starts.
    pub(super) fn new(host: GuestHost, file: &Path, program: Program) -> Self {
        let state = State {
            current: Release::new(file, program),
            before: Vec::new(),
            swaps: 0,
            went_back: false,
            refused: 0,
            failed: 0,
            loaded: VecDeque::new(),
        };
        Self { host, state: Mutex::new(state), failures: OnceLock::new() }
    }

    /// Tells of failed probations by this channel.
    pub(super) fn tell(&self, failures: mpsc::Sender<Failed>) {
        // A server joins one cluster at most.
        let _ = self.failures.set(failures);
    }

    /// Starts the thread, which ends when nobody can give it jobs any more. One job waits at most: the next caller waits to hand its
    /// own over.
    pub(super) fn start(self: Arc<Self>) -> Result<mpsc::Sender<Job>, Error> {
        let failed = |source| Error::System { what: "start the thread that swaps components", source };
        let (jobs, inbox) = mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        std::thread::Builder::new().name("releases".into()).spawn(move || runtime.block_on(self.run(inbox))).map_err(failed)?;
        Ok(jobs)
    }

    async fn run(&self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(Job::Change(what, handover, answer)) => drop(answer.send(self.note(self.change(what, handover).await))),
                    Some(Job::Load(source, answer)) => drop(answer.send(self.load_ahead(source))),
                    None => return,
                },
                () = self.probation_ends() => self.judge().await,
            }
        }
    }

    async fn change(&self, what: What, handover: Handover) -> Result<SwapReport, Error> {
        let name = if matches!(what, What::Swap(_) | What::Take(_)) { "swap" } else { "rollback" };
        let span = self.host.tracer.as_ref().map(|tracer| tracer.begin(name, Kind::Internal));
        let changed = self.change_release(what, handover).await;
        if let Some(mut span) = span {
            note(&mut span, &changed);
        }
        changed
    }

    async fn change_release(&self, what: What, handover: Handover) -> Result<SwapReport, Error> {
        let begun = Instant::now();
        let (next, back) = match what {
            What::Swap(source) => {
                let program = self.load(&source)?;
                (Release::new(source.path(), program), false)
            }
            What::Rollback => (self.state().before.last().cloned().ok_or(Error::NothingToGoBackTo)?.again(), true),
            What::Take(sha256) => (self.taken(&sha256)?, false),
            What::Undo(sha256) => match self.undo(&sha256).await {
                Some(undone) => return Ok(undone),
                None => (self.taken(&sha256)?, true),
            },
        };
        self.install(next, back, handover, begun).await
    }

    /// Blocks while it reads and compiles.
    fn load_ahead(&self, source: Source) -> Result<Loaded, Error> {
        let file = source.path().to_owned();
        let (name, bytes) = match source {
            Source::File(path) => {
                let Bytecode { name, bytes, .. } = Origin::File(path).read()?;
                (name, Bytes::from(bytes))
            }
            Source::Bytes(name, bytes) => (name, bytes),
        };
        let program = self.load(&Source::Bytes(name.clone(), bytes.clone()))?;
        let sha256 = program.sha256().to_owned();
        let mut state = self.state();
        state.loaded.retain(|release| release.info.sha256 != sha256);
        state.loaded.truncate(AHEAD - 1);
        state.loaded.push_front(Release::new(&file, program));
        drop(state);
        Ok(Loaded { name, sha256, bytes })
    }

    /// The release with this hash, if its component is compiled.
    fn at_hand(&self, sha256: &str) -> Option<Release> {
        let state = self.state();
        let kept = state.loaded.iter().chain(state.before.iter().rev()).chain([&state.current]);
        let release = kept.into_iter().find(|release| release.info.sha256 == sha256)?.clone();
        Some(Release { probation: None, ..release.again() })
    }

    /// The release with this hash, which is to run.
    fn taken(&self, sha256: &str) -> Result<Release, Error> {
        let reason = || "the server does not have it any more: other components were compiled meanwhile. Swap again".into();
        self.at_hand(sha256).ok_or_else(|| Error::Invalid { name: format!("the component {sha256}"), reason: reason() })
    }

    /// Whether the component with this hash is compiled.
    pub(super) fn has(&self, sha256: &str) -> bool {
        self.at_hand(sha256).is_some()
    }

    /// Goes back over the last swap, if that began a probation which still runs, and if the release before is that of this hash.
    async fn undo(&self, sha256: &str) -> Option<SwapReport> {
        let (probation, from) = {
            let state = self.state();
            state.before.last().filter(|before| before.info.sha256 == sha256)?;
            (state.current.probation.clone()?, state.current.info.clone())
        };
        let begun = Instant::now();
        self.go_back(&probation, "was called off").await;
        let to = self.state().current.info.clone();
        Some(SwapReport { from, to, load_us: 0, swap_us: micros(begun.elapsed()), rooms: Vec::new(), cluster: None })
    }

    /// Counts a change that was refused.
    fn note(&self, changed: Result<SwapReport, Error>) -> Result<SwapReport, Error> {
        if changed.is_err() {
            self.state().refused += 1;
        }
        changed
    }

    /// The swaps so far.
    pub(super) fn numbers(&self) -> SwapNumbers {
        let state = self.state();
        let release = state.current.info.clone();
        SwapNumbers { release, done: state.swaps - state.failed, refused: state.refused, failed: state.failed }
    }

    /// Blocks while it compiles.
    fn load(&self, source: &Source) -> Result<Program, Error> {
        let GuestHost { engine, limits, grants, .. } = &self.host;
        let load = || match source {
            Source::File(file) => Program::load(engine, file, limits, grants),
            Source::Bytes(name, bytes) => Program::from_bytes(engine, name, bytes, limits, grants),
        };
        // A panic of the compiler must not end the thread. It leaves nothing behind but an unfinished program, which is dropped.
        catch_unwind(AssertUnwindSafe(load)).unwrap_or_else(|_| {
            let file = source.path();
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
            Err(Error::Invalid { name, reason: "the compiler panicked".into() })
        })
    }

    /// The running release.
    pub(super) fn running(&self) -> Running {
        let Release { program, info, .. } = self.state().current.clone();
        Running { file: info.file, engine: self.host.engine.clone(), program }
    }

    /// The running release, and those before it.
    pub(super) fn history(&self) -> History {
        let state = self.state();
        History {
            release: state.current.info.clone(),
            previous: state.before.iter().rev().map(|release| release.info.clone()).collect(),
            swaps: state.swaps,
            went_back: state.went_back,
            cluster: None,
        }
    }

    /// Has a release take over, which was the previous one if `back` is true.
    async fn install(&self, next: Release, back: bool, handover: Handover, begun: Instant) -> Result<SwapReport, Error> {
        let ready = Instant::now();
        let probation = Probation::new(ready + self.host.limits.probation, self.host.limits.probation_traps);
        let change = Change { next: next.program.clone(), handover, probation: Arc::clone(&probation) };
        let rooms = match self.swap_rooms(&change).await {
            Ok(rooms) => rooms,
            Err(error) => {
                self.revert(&probation).await;
                return Err(error);
            }
        };
        let mut state = self.state();
        let from = std::mem::replace(&mut state.current, Release { probation: Some(probation), ..next });
        let (from_info, to) = (from.info.clone(), state.current.info.clone());
        state.loaded.retain(|release| release.info.sha256 != to.sha256);
        state.before.push(from);
        if state.before.len() > KEPT {
            state.before.remove(0);
        }
        state.swaps += 1;
        state.went_back = back;
        Ok(SwapReport {
            from: from_info,
            to,
            load_us: micros(ready - begun),
            swap_us: micros(ready.elapsed()),
            rooms,
            cluster: None,
        })
    }

    /// Gives the order to one shard after the other. On an error, some rooms may have changed.
    async fn swap_rooms(&self, change: &Change<Program>) -> Result<Vec<RoomSwap>, Error> {
        let mut rooms = Vec::new();
        for shard in &self.host.shards {
            let (answer, outcome) = oneshot::channel();
            shard.send(Order::Swap(change.clone(), answer)).await.map_err(|_| Error::Stopped)?;
            let swapped = outcome.await.map_err(|_| Error::Stopped)?;
            rooms.extend(swapped.map_err(|refusal| self.refused(&change.next, refusal))?);
        }
        Ok(rooms)
    }

    fn refused(&self, next: &Program, refusal: Refusal) -> Error {
        let (name, running) = (next.name().to_owned(), self.state().current.program.name().to_owned());
        match refusal {
            Refusal::Start(reason) => Error::Refused { name, running, reason },
            Refusal::Handover(reason) => Error::NoHandover { name, running, reason },
        }
    }

    /// Resolves when the running release has passed or failed its probation, if it is on one.
    async fn probation_ends(&self) {
        match self.on_probation() {
            Some(probation) => drop(tokio::time::timeout_at(probation.until().into(), probation.failed()).await),
            None => std::future::pending().await,
        }
    }

    /// Goes back while the running release has failed its probation, and settles one that has passed.
    async fn judge(&self) {
        while let Some(probation) = self.on_probation() {
            if probation.has_failed() && !self.state().before.is_empty() {
                self.fail(&probation).await;
            } else if probation.has_failed() || probation.until() <= Instant::now() {
                self.state().current.probation = None;
                for shard in &self.host.shards {
                    let _ = shard.send(Order::Settle).await;
                }
            } else {
                return;
            }
        }
    }

    fn on_probation(&self) -> Option<Arc<Probation>> {
        self.state().current.probation.clone()
    }

    /// The running release has failed its probation.
    async fn fail(&self, probation: &Arc<Probation>) {
        let failed = self.state().current.info.clone();
        let how = format!("failed too often in its first {:?}", self.host.limits.probation);
        self.go_back(probation, &how).await;
        let mut state = self.state();
        state.failed += 1;
        let runs = state.current.info.sha256.clone();
        drop(state);
        if let Some(failures) = self.failures.get() {
            let failed = Failed { sha256: failed.sha256.clone(), runs, reason: format!("{failed} {how}") };
            if failures.try_send(failed).is_err() {
                tracing::warn!("the cluster does not hear that this node went back: too many releases fail");
            }
        }
    }

    /// Every room goes back to the release before.
    async fn go_back(&self, probation: &Arc<Probation>, why: &str) {
        let Some(previous) = self.state().before.pop() else { return };
        let file = previous.info.file.clone();
        let failed = self.state().current.info.file.clone();
        // Often both come from one path.
        let before = if failed == file { String::new() } else { format!(", {},", file.display()) };
        tracing::error!(
            "{} {why}: every room goes back to the release before{before} and the state at the swap",
            failed.display(),
        );
        {
            let _span = self.host.tracer.as_ref().map(|tracer| tracer.begin("go back", Kind::Internal));
            self.revert(probation).await;
        }
        let mut state = self.state();
        state.current = previous.again();
        state.swaps += 1;
        state.went_back = true;
        drop(state);
        tracing::info!("every room runs {} again", file.display());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No use can panic between two assignments, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn revert(&self, probation: &Arc<Probation>) {
        for shard in &self.host.shards {
            let (answer, outcome) = oneshot::channel();
            // A shard that has ended has no rooms.
            if shard.send(Order::Revert(Arc::clone(probation), answer)).await.is_ok() {
                let _ = outcome.await;
            }
        }
    }
}

impl Release {
    fn new(file: &Path, program: Program) -> Self {
        let info = ReleaseInfo { file: file.to_owned(), sha256: program.sha256().to_owned(), since_unix: now_unix() };
        Self { program, info, probation: None }
    }

    /// The same release, running from now on.
    fn again(mut self) -> Self {
        self.info.since_unix = now_unix();
        self
    }
}

/// Notes the result of a change on its span.
fn note(span: &mut Span, changed: &Result<SwapReport, Error>) {
    match changed {
        Ok(report) => {
            span.set("ws_host.release.from", report.from.sha256.clone());
            span.set("ws_host.release.to", report.to.sha256.clone());
            span.set("ws_host.rooms", i64::try_from(report.rooms.len()).unwrap_or(i64::MAX));
        }
        Err(error) => span.fail("refused", error.to_string()),
    }
}

fn now_unix() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
