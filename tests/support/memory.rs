//! How much memory a host takes.

use std::fs;

use super::host::Host;

/// The host's memory since a moment: how much it has grown by now, and at its highest.
pub struct Memory {
    status: String,
    before: u64,
}

impl Memory {
    /// Looks at the memory now, and has the kernel watch its peak from here.
    pub fn of(host: &Host) -> Self {
        let status = format!("/proc/{}/status", host.pid());
        // proc(5): 5 sets the peak back to what is taken now.
        fs::write(format!("/proc/{}/clear_refs", host.pid()), "5").expect("the kernel forgets the peak");
        Self { before: mebibytes(&status, "VmRSS:"), status }
    }

    /// By how many MiB it has grown.
    pub fn grown(&self) -> u64 {
        mebibytes(&self.status, "VmRSS:").saturating_sub(self.before)
    }

    /// By how many MiB it had grown at most.
    pub fn peaked(&self) -> u64 {
        mebibytes(&self.status, "VmHWM:").saturating_sub(self.before)
    }

    /// Asserts that it has grown by no more than so many MiB at any time. Bounds leave some 20 MiB for what allocators keep
    /// and kernels count late. When memory comes back is the allocator's choice (jemalloc gives it up after ten seconds), so
    /// that is shown and not asserted.
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
