//! The disk's own sync: how long an append of a page takes until the disk has it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::step::Trouble;

/// The bytes of one append: a page of the database.
const PAGE: usize = 4096;

/// Appends to a file in this folder and syncs it, again and again for some time. Returns the times, in microseconds.
pub(super) fn syncs(folder: &Path, time: Duration) -> Result<Vec<f64>, Trouble> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("sync");
    let measured = append(&path, time).with_context(|| format!("writing {}", path.display()))?;
    fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    Ok(measured)
}

/// The percentiles of some syncs, as JSON.
pub(super) fn summary(mut syncs: Vec<f64>) -> Value {
    syncs.sort_by(f64::total_cmp);
    let at = |share: f64| syncs.get(((syncs.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(0.0);
    json!({ "p50": at(0.5), "p99": at(0.99), "syncs": syncs.len() })
}

fn append(path: &Path, time: Duration) -> std::io::Result<Vec<f64>> {
    let (mut file, begun) = (File::create(path)?, Instant::now());
    let mut times = Vec::new();
    while begun.elapsed() < time {
        let before = Instant::now();
        file.write_all(&[7; PAGE])?;
        file.sync_data()?;
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}
