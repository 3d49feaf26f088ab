//! The disk's own sync: how long the write of a page takes until the disk has it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::step::Trouble;

/// The bytes of one write: a page of the database.
const PAGE: u64 = 4096;
/// The pages of a file that is written again and again.
const PAGES: u64 = 1024;

/// The times of some syncs, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    /// Of pages that a file has already, as in a log that starts over.
    again: Vec<f64>,
    /// Of pages that make a file longer.
    longer: Vec<f64>,
}

impl Syncs {
    /// Writes and syncs pages in this folder, for this time of each kind.
    pub(super) fn measure(&mut self, folder: &Path, time: Duration) -> Result<(), Trouble> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join("sync");
        self.write(&path, time).with_context(|| format!("writing {}", path.display()))?;
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        Ok(())
    }

    fn write(&mut self, path: &Path, time: Duration) -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(&[0; (PAGE * PAGES) as usize])?;
        file.sync_all()?;
        for (times, pages) in [(&mut self.again, 0..PAGES), (&mut self.longer, PAGES..u64::MAX)] {
            let begun = Instant::now();
            for page in pages.cycle().take_while(|_| begun.elapsed() < time) {
                let before = Instant::now();
                file.write_all_at(&[7; PAGE as usize], page * PAGE)?;
                file.sync_data()?;
                times.push(before.elapsed().as_secs_f64() * 1e6);
            }
        }
        Ok(())
    }

    /// Their percentiles, as JSON.
    pub(super) fn summary(mut self) -> Value {
        let of = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times.get(((times.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(0.0);
            (at(0.5), at(0.99))
        };
        let (again, longer) = (of(&mut self.again), of(&mut self.longer));
        json!({ "p50": again.0, "p99": again.1, "longer_p50": longer.0, "longer_p99": longer.1, "syncs": self.again.len() })
    }
}
