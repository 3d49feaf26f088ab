//! The memory of a host.

use std::fs;

use super::host::Host;

/// The growth of the host's memory since a moment: the current one, and the highest.
pub struct Memory {
    status: String,
    before: u64,
}

impl Memory {
    /// Reads the memory now, and has the kernel track its peak from here.
    pub fn of(host: &Host) -> Self {
        let status = format!("/proc/{}/status", host.pid());
        // 5 resets the peak to the current value; see proc(5).
        fs::write(format!("/proc/{}/clear_refs", host.pid()), "5").expect("the kernel forgets the peak");
        Self { before: mebibytes(&status, "VmRSS:"), status }
    }

    /// Its growth in MiB.
    pub fn grown(&self) -> u64 {
        mebibytes(&self.status, "VmRSS:").saturating_sub(self.before)
    }

    /// Its highest growth in MiB.
    pub fn peaked(&self) -> u64 {
        mebibytes(&self.status, "VmHWM:").saturating_sub(self.before)
    }

    /// Asserts that it has never grown by more than `mib`. Bounds leave some 20 MiB for memory that allocators keep and kernels
    /// count late. The allocator decides when memory is returned (jemalloc takes ten seconds), so that is shown and not asserted.
    pub fn stayed_within(&self, peak: u64) {
        let (peaked, grown) = (self.peaked(), self.grown());
        println!("memory: {} MiB before, at most {peaked} MiB more, now {grown} MiB more", self.before);
        assert!(peaked <= peak, "the host's memory grew by {peaked} MiB at most, not by more than {peak}");
    }
}

fn mebibytes(status: &str, field: &str) -> u64 {
    let text = fs::read_to_string(status).expect("the host runs");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("the kernel counts the memory");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number of KiB");
    kibibytes >> 10
}
