//! The memory that this process may use.

use std::path::Path;

/// The bound where the system does not tell.
const UNKNOWN_BYTES: usize = 4 << 30;

/// The machine's memory, or the limit of the control group (cgroups v2 or v1) if that is lower, in bytes.
pub fn available() -> usize {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| total(&text));
    let group = read("/proc/self/cgroup").map(|text| group(&text)).unwrap_or_default();
    // Each group above limits it too. Of version 1, a container sees its own group as the root.
    let groups = Path::new(&group).ancestors().map(|group| format!("/sys/fs/cgroup{}/memory.max", group.display()));
    let others = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].map(str::to_owned);
    let limits = groups.chain(others).filter_map(|path| read(&path)?.trim().parse().ok());
    limits.chain(machine).min().unwrap_or(UNKNOWN_BYTES)
}

/// The total of `/proc/meminfo`.
fn total(text: &str) -> Option<usize> {
    let kibibytes = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    kibibytes.trim().strip_suffix("kB")?.trim_end().parse::<usize>().ok()?.checked_mul(1024)
}

/// The path of the group of cgroups v2 in `/proc/self/cgroup`.
fn group(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("0::")).filter(|path| *path != "/").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_understood() {
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(available() > 1 << 20);
    }

    #[test]
    fn the_group_is_understood() {
        assert_eq!(group("12:memory:/old\n0::/system.slice/ws-host.service\n"), "/system.slice/ws-host.service");
        assert_eq!(group("0::/\n"), "");
        assert_eq!(group(""), "");
    }
}
