//! Rooms on several nodes, in all sorts of trouble. Each seed is another world, and plays the same way each time.
//!
//! The test command plays two thousand seeds. A million:
//!
//!     CLUSTER_SEEDS=1000000 cargo test --release -p ws-cluster simulation
//!
//! `CLUSTER_SEED=17` plays one of them, and `CLUSTER_SEEDS=2000..5000` those from one seed up to another.

mod app;
mod clock;
mod nats;
mod node;
mod oracle;
mod rest;
mod serving;
mod trouble;
mod world;

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fastrand::Rng;

use crate::{Limits, Timing};
use node::Setting;
use oracle::Seen;
use world::World;

const SECOND: u64 = 1_000_000;

/// Plays a seed to its end.
fn play(seed: u64) -> Seen {
    let mut rng = Rng::with_seed(seed);
    let writes_after = (0..2).map(|_| if rng.bool() { Some(rng.u64(0..40)) } else { None }).collect();
    let small = Limits { inputs: 24, batches: 16, held_turns: 12, record_bytes: 40, window: 8, ..Limits::default() };
    let limits = if rng.bool() { small } else { Limits::default() };
    let clocks_are_good = rng.u32(0..4) > 0;
    let is_restored = rng.u32(0..10) == 0;
    let setting = Setting { timing: Timing::default(), limits, writes_after };
    let machines = rng.usize(2..5);
    let length = rng.u64(4..10) * SECOND;
    let mut world = World::new(rng, setting, machines, clocks_are_good);
    world.run(length / 2);
    world.snapshot = world.nats.clone();
    world.run(length / 2);
    if is_restored {
        world.restore();
        world.run(5 * SECOND);
    }
    world.heal();
    world.run(12 * SECOND);
    world.check_rest();
    world.oracle.seen
}

fn seeds() -> Range<u64> {
    let variable = |name| std::env::var(name).ok();
    match (variable("CLUSTER_SEED").and_then(|seed| seed.parse::<u64>().ok()), variable("CLUSTER_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(seeds)) => range(&seeds).expect("CLUSTER_SEEDS is a number, or two with `..` between them"),
        (None, None) => 0..2000,
    }
}

/// The seeds of `5000`, or of `2000..5000`.
fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..").unwrap_or(("0", text));
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// Plays seeds on all cores. Panics with the first one that fails.
fn play_all(seeds: Range<u64>) -> Seen {
    let (next, seen) = (AtomicU64::new(seeds.start), Mutex::new(Seen::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= seeds.end {
                return;
            }
            match catch_unwind(|| play(seed)) {
                Ok(more) => seen.lock().expect("no other panics").add(&more),
                Err(panic) => {
                    next.store(seeds.end, Relaxed);
                    let text = panic.downcast_ref::<String>().cloned();
                    panic!("CLUSTER_SEED={seed}: {}", text.unwrap_or_default());
                }
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    seen.into_inner().expect("no thread has failed")
}

#[test]
fn each_room_has_one_owner_and_each_message_counts_once_in_any_trouble() {
    let seeds = seeds();
    let worlds = seeds.end - seeds.start;
    let seen = play_all(seeds);
    println!("{worlds} worlds: {seen:?}");
    // Otherwise the invariants would hold for want of trouble.
    let in_a_hundred = [
        ("messages", 10_000),
        ("answers", 10_000),
        ("takeovers", 30),
        ("recoveries", 20),
        ("survivors", 50),
        ("burials", 200),
        ("handovers", 10),
        ("dropped", 50),
        ("refused commits", 30),
        ("restored", 5),
        ("cuts", 10),
        ("pauses", 1000),
        ("drained", 10),
        ("releases taken for a room", 4),
    ];
    for (what, times) in in_a_hundred.into_iter().filter(|_| worlds >= 1000) {
        assert!(seen.times(what) as u64 >= times * worlds / 100, "{what}: {} times in {worlds} worlds", seen.times(what));
    }
}
