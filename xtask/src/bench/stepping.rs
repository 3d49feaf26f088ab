//! Counts the instructions of a thread of another process by having the kernel stop it after each one.
//!
//! This takes a few microseconds per instruction, and is exact on every machine. Most virtual machines lack the processor's
//! counters. Valgrind does not support a guest's stacks: the host crashed under it with a segmentation fault in one run of five.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, anyhow};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Follows a thread to the end of its process.
#[derive(Debug)]
pub(super) struct Stepping {
    steps: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Stepping {
    /// Begins to follow the thread of this name, and stops the threads named in `still`.
    pub(super) fn begin(process: u32, name: &str, still: &[&str]) -> anyhow::Result<Self> {
        let followed = find(process, name)?;
        let still = still.iter().map(|name| find(process, name)).collect::<anyhow::Result<Vec<_>>>()?;
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let (tell, told) = channel();
        // Only the thread that has seized another may step it.
        let thread = thread::spawn(move || follow(followed, &still, &counted, &tell));
        told.recv().context("stepping")?.context("stepping through another process's thread")?;
        Ok(Self { steps, thread })
    }

    /// The number of instructions that it has run so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    /// Waits until the process has ended. The caller must end it.
    pub(super) fn ended(self) {
        // The thread cannot panic.
        let _ = self.thread.join();
    }
}

fn find(process: u32, name: &str) -> anyhow::Result<Pid> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).context("looking for threads")?;
    for task in tasks.flatten() {
        let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if comm.trim() == name {
            let id = task.file_name().to_string_lossy().parse().context("a thread has a number")?;
            return Ok(Pid::from_raw(id));
        }
    }
    Err(anyhow!("process {process} has no thread {name}"))
}

fn follow(followed: Pid, still: &[Pid], steps: &AtomicU64, tell: &Sender<nix::Result<()>>) {
    let stopped = share_a_core(followed).and_then(|()| still.iter().chain([&followed]).try_for_each(|thread| stop(*thread)));
    let is_stopped = stopped.is_ok();
    let _ = tell.send(stopped);
    if !is_stopped {
        return;
    }
    // An error also means that the process has ended.
    while ptrace::step(followed, None).is_ok() && matches!(next(followed), Ok(WaitStatus::Stopped(..))) {
        steps.fetch_add(1, Relaxed);
    }
}

/// Pins both threads to one core. Two cores would wake each other for each instruction, which takes thirty times as long.
fn share_a_core(followed: Pid) -> nix::Result<()> {
    let ours = Pid::from_raw(0);
    let allowed = sched_getaffinity(ours)?;
    let mut one = CpuSet::new();
    if let Some(core) = (0..CpuSet::count()).find(|core| allowed.is_set(*core) == Ok(true)) {
        one.set(core)?;
    }
    sched_setaffinity(ours, &one)?;
    sched_setaffinity(followed, &one)
}

fn stop(thread: Pid) -> nix::Result<()> {
    ptrace::seize(thread, Options::empty())?;
    ptrace::interrupt(thread)?;
    next(thread).map(drop)
}

fn next(thread: Pid) -> nix::Result<WaitStatus> {
    waitpid(thread, Some(WaitPidFlag::__WALL))
}
