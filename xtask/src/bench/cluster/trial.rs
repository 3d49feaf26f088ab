//! One system under one workload, once.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::fleet::Spent;
use super::kit::Kit;
use super::system::System;
use crate::bench::table::median;

/// The time in which clients that have just come become members of their rooms.
const SETTLING: Duration = Duration::from_secs(1);
/// A message of 20 B.
pub(super) const TEXT: &str = "twenty bytes of text";

/// A system, and the extent of its measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) kit: &'a Kit<'a>,
    pub(super) system: System,
    /// The time of a measurement.
    pub(super) time: Duration,
    /// The clients of a crowd, or the rooms.
    pub(super) many: usize,
}

/// Waits until all clients that have connected are members of their rooms.
pub(super) fn settle() {
    thread::sleep(SETTLING);
}

/// The cost of each message, and the times of their answers in microseconds.
pub(super) fn figures(spent: Spent, messages: usize, times: &[f64]) -> Value {
    let each = |sum: f64| sum / messages.max(1) as f64;
    json!({
        "messages": messages,
        "nodes_us": each(spent.nodes) * 1e6,
        "owner_us": each(spent.owner) * 1e6,
        "broker_us": each(spent.broker) * 1e6,
        "nats_messages": each(spent.traffic.messages()),
        "nats_bytes": each(spent.traffic.bytes()),
        "p50_ms": quantile(times, 0.5) / 1e3,
        "p99_ms": quantile(times, 0.99) / 1e3,
    })
}

/// The mean of these figures; 0 without any.
pub(super) fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len().max(1) as f64
}

/// The median of these figures; 0 without any.
pub(super) fn middle(figures: &[f64]) -> f64 {
    median(figures.to_vec()).unwrap_or(0.0)
}

fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_figures() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.99), 3.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
