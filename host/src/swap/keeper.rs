//! The keeper of a server's releases: it swaps, watches over probations, and goes back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use tokio::sync::{mpsc, oneshot};

use super::{GuestHost, History, ReleaseInfo, Running, Source, SwapNumbers, SwapReport};
use crate::error::Error;
use crate::guest::Program;
use crate::shard::{Change, Handover, Order, Probation, Refusal, RoomSwap};
use crate::trace::{Kind, Span};

/// Keeps the releases, on a thread of its own: a change of the release takes longer than its caller may wait, and a probation longer
/// than the caller's runtime may run.
#[derive(Debug)]
pub(super) struct Keeper {
    host: GuestHost,
    /// Never held across an await, so that `history` answers while a swap waits for a room.
    state: Mutex<State>,
}

/// A change of the release that somebody wants.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) what: What,
    pub(super) handover: Handover,
    /// Takes the result. The change does not depend on who waits for it.
    pub(super) answer: oneshot::Sender<Result<SwapReport, Error>>,
}

/// The kinds of change.
#[derive(Debug)]
pub(super) enum What {
    /// To this component.
    Swap(Source),
    /// To the previous release.
    Rollback,
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
}

/// How many releases before the running one a server keeps: its probation can fail, and then that of the release before.
const KEPT: usize = 2;

impl Keeper {
    /// A keeper of this first release. It does nothing before it starts.
    pub(super) fn new(host: GuestHost, file: &Path, program: Program) -> Self {
        let state =
            State { current: Release::new(file, program), before: Vec::new(), swaps: 0, went_back: false, refused: 0, failed: 0 };
        Self { host, state: Mutex::new(state) }
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
                    Some(job) => drop(job.answer.send(self.note(self.change(job.what, job.handover).await))),
                    None => return,
                },
                () = self.probation_ends() => self.judge().await,
            }
        }
    }

    async fn change(&self, what: What, handover: Handover) -> Result<SwapReport, Error> {
        let name = if matches!(what, What::Swap(_)) { "swap" } else { "rollback" };
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
        };
        self.install(next, back, handover, begun).await
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
        state.before.push(from);
        if state.before.len() > KEPT {
            state.before.remove(0);
        }
        state.swaps += 1;
        state.went_back = back;
        Ok(SwapReport { from: from_info, to, load_us: micros(ready - begun), swap_us: micros(ready.elapsed()), rooms })
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
                self.go_back(&probation).await;
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

    /// The running release has failed its probation: every room goes back to the release before.
    async fn go_back(&self, probation: &Arc<Probation>) {
        let Some(previous) = self.state().before.pop() else { return };
        let file = previous.info.file.clone();
        let failed = self.state().current.info.file.clone();
        // Often both come from one path.
        let before = if failed == file { String::new() } else { format!(", {},", file.display()) };
        tracing::error!(
            "{} failed too often in its first {:?}: every room goes back to the release before{before} and the state at the swap",
            failed.display(),
            self.host.limits.probation,
        );
        let span = self.host.tracer.as_ref().map(|tracer| tracer.begin("go back", Kind::Internal));
        self.revert(probation).await;
        drop(span);
        let mut state = self.state();
        state.current = previous.again();
        state.swaps += 1;
        state.failed += 1;
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

impl Source {
    /// Its file, or its name.
    fn path(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::Bytes(name, _) => Path::new(name),
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
