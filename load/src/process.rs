//! The CPU time and memory of processes, from Linux's /proc.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time that a process and its children have used, and their memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// CPU time in user mode and in the kernel.
    pub cpu: Duration,
    /// Resident memory, in bytes. Pages that processes share count for each of them.
    pub memory: u64,
}

/// The CPU time of this process.
pub fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// The CPU time and memory of a process and its children, or `None` without such a process or without /proc.
pub fn spent(pid: u32) -> Option<Spent> {
    let mut sum = Spent { cpu: cpu(pid)?, memory: memory(pid).unwrap_or(0) };
    for child in children(pid) {
        // The process may have ended since.
        let more = spent(child).unwrap_or_default();
        sum = Spent { cpu: sum.cpu + more.cpu, memory: sum.memory + more.memory };
    }
    Some(sum)
}

/// The time of running threads is exact to the nanosecond. The time that includes ended threads is exact to the tick of 10 ms. The
/// larger of the two is nearer to the truth.
fn cpu(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let on_cpu = |thread: fs::DirEntry| -> Option<u64> {
        fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    let precise = Duration::from_nanos(threads.filter_map(on_cpu).sum());
    Some(precise.max(ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))
}

/// User and system time from proc_pid_stat(5): fields 14 and 15. Field 2, the name in parentheses, may contain blanks.
fn ticks(stat: &str) -> Option<Duration> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let sum: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_secs_f64(sum as f64 / rustix::param::clock_ticks_per_second() as f64))
}

fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of_thread = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    threads
        .flat_map(|thread| of_thread(thread).split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 5 1000 10 18446744073709551615";
        assert_eq!(ticks(stat), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_process_that_is_not_there_has_spent_nothing() {
        assert!(spent(u32::MAX).is_none());
    }
}
