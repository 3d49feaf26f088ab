//! The families of the process, under the names that Prometheus' own libraries give them.

use std::time::Duration;

use super::text::Text;

/// The numbers of the process, as far as the system tells them.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessNumbers {
    started_unix: u64,
    cpu: Duration,
    resident_bytes: Option<u64>,
    open_files: Option<u64>,
    max_files: Option<u64>,
}

impl ProcessNumbers {
    /// Asks the system.
    pub(super) fn read(started_unix: u64) -> Self {
        use rustix::process::{Resource, getrlimit};
        use rustix::time::{ClockId, clock_gettime};

        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let status = std::fs::read_to_string("/proc/self/status").ok();
        Self {
            started_unix,
            cpu: Duration::try_from(cpu).unwrap_or_default(),
            resident_bytes: status.as_deref().and_then(resident),
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            max_files: getrlimit(Resource::Nofile).current,
        }
    }

    pub(super) fn write(&self, text: &mut Text) {
        text.gauge("process_start_time_seconds", "When the server began, in seconds since 1970.").value(self.started_unix);
        text.counter("process_cpu_seconds_total", "Processor time of the process, of user and system together.")
            .value(self.cpu.as_secs_f64());
        if let Some(bytes) = self.resident_bytes {
            text.gauge("process_resident_memory_bytes", "Memory of the process that is resident.").value(bytes);
        }
        if let Some(files) = self.open_files {
            text.gauge("process_open_fds", "File descriptors that are open.").value(files);
        }
        if let Some(files) = self.max_files {
            text.gauge("process_max_fds", "File descriptors that the process may have.").value(files);
        }
    }
}

/// `VmRSS` of `/proc/self/status`, in bytes.
fn resident(status: &str) -> Option<u64> {
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kibibytes.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read_in_kibibytes() {
        assert_eq!(resident("Name:\tws-host\nVmRSS:\t   12 kB\nThreads:\t9\n"), Some(12 << 10));
        assert_eq!(resident("Name:\tws-host\n"), None);
    }
}
