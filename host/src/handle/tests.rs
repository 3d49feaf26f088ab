//! Tests of a handle whose shards are played by the test.

mod cluster;
pub(crate) mod nodes;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::peers::Link;
use super::{Controls, Handle};
use crate::bus::{Bus, Names, Placement};
use crate::config::{Config, Limits};
use crate::error::Error;
use crate::fetch::Outlet;
use crate::front::{self, Notice};
use crate::live::Live;
use crate::metrics::Sources;
use crate::shard::{Command, Roster};

fn live() -> Live {
    let (config, limits, admitting) = (Config::default(), Limits::default(), Arc::default());
    let outlet = Outlet::new(&config.outgoing, &limits).expect("the defaults are valid");
    Live::new(&config, &limits, (true, None), outlet, admitting).expect("the defaults are valid")
}

/// The controls of a server with one shard and this roster, and the shard's queue of commands.
fn controls(roster: Arc<Roster>, queue: usize, cluster: Option<Arc<dyn Link>>) -> (Controls, mpsc::Receiver<Command>) {
    let (commands, inbox) = mpsc::channel(queue);
    let controls = Controls {
        shards: vec![commands],
        roster,
        counters: Arc::default(),
        started: SystemTime::UNIX_EPOCH,
        admitting: Arc::new(AtomicBool::new(true)),
        notice: Notice::default(),
        log_tail: None,
        releases: None,
        database: None,
        bus: Bus::new(Names::Paths, Placement::new(1), 1).0,
        reins: front::reins(None).0,
        data: None,
        live: live(),
        drain: Mutex::default(),
        max_message_bytes: 32 << 20,
        sources: Sources::of_nothing(),
        cluster,
    };
    (controls, inbox)
}

/// A handle of a server with one shard, which takes no command out of its queue of one.
fn handle() -> (Handle, mpsc::Receiver<Command>) {
    let (controls, inbox) = controls(Arc::default(), 1, None);
    (Handle::new(Controls { max_message_bytes: 4, ..controls }), inbox)
}

#[test]
fn a_message_to_a_shard_whose_queue_is_full_is_refused_as_busy() {
    let (handle, _inbox) = handle();
    assert!(handle.broadcast("one").is_ok());
    assert!(matches!(handle.broadcast("two"), Err(Error::Busy(1))));
}

#[test]
fn a_message_to_a_shard_that_has_ended_is_refused_as_stopped() {
    let (handle, inbox) = handle();
    drop(inbox);
    assert!(matches!(handle.broadcast("one"), Err(Error::Stopped)));
}

#[test]
fn a_message_above_the_limit_is_refused() {
    let (handle, _inbox) = handle();
    assert!(matches!(handle.broadcast("large"), Err(Error::MessageTooBig { size: 5, limit: 4 })));
}
