//! The CPU time and the memory of a running process.

use std::fs;

use anyhow::Context as _;
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// Resident memory in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Memory {
    /// All of it.
    pub(super) all: f64,
    /// The part of pages that belong to a file, as compiled code and the images of instances do. Each page counts once for each place
    /// that has it.
    pub(super) shared: f64,
}

/// Reads the memory of a process.
pub(super) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("reading the memory of {pid}"))?;
    let of = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()
    };
    let shared = of("RssFile").context("RssFile")? + of("RssShmem").context("RssShmem")?;
    Ok(Memory { all: of("VmRSS").context("VmRSS")?, shared })
}

/// The CPU time of a process, also of its threads that have ended, in seconds.
pub(super) fn cpu(pid: u32) -> anyhow::Result<f64> {
    let pid = Pid::from_raw(pid.try_into().context("a process has a small number")?);
    let time = clock_getcpuclockid(pid).and_then(|clock| clock.now()).context("reading a process's CPU time")?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}
