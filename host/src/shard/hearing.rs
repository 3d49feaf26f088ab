//! The task of a shard's part in a cluster.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use super::cluster::{Owned, Part, Started};
use super::room_circuit::RoomCircuit;
use super::rooms::Rooms;
use crate::app::Launch;
use crate::cluster::NewsInbox;

/// How often the part looks at edges and owners that wait for something: a part of the time after which they send again.
const TICK: Duration = Duration::from_millis(50);
/// After this many ticks it looks for edges that nobody needs.
const TIDY: u32 = 20;
/// The news that are heard before messages go out.
const IN_A_ROW: usize = 256;

impl<L: Launch> Rooms<L> {
    /// Hears the node's news, and has rooms and edges do what is due.
    pub(super) async fn take_part(self: Rc<Self>, part: Rc<Part>, mut news: NewsInbox) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0;
        loop {
            tokio::select! {
                heard = news.recv() => {
                    let Some(heard) = heard else { return };
                    part.hear(heard);
                    for _ in 1..IN_A_ROW {
                        let Ok(more) = news.try_recv() else { break };
                        part.hear(more);
                    }
                }
                () = part.changed() => {}
                _ = ticks.tick() => {
                    part.tick();
                    count += 1;
                    if count % TIDY == 0 {
                        part.tidy();
                        part.take_care();
                    }
                }
            }
            self.flush_part(&part);
        }
    }

    fn flush_part(self: &Rc<Self>, part: &Part) {
        part.flush();
        for owned in part.take_stopped() {
            self.abandon(&owned);
        }
        for (owned, started) in part.take_starting() {
            self.open_owned(owned, started);
        }
    }

    /// Has the loop of a room that this node of a cluster owns begin.
    pub(super) fn open_owned(self: &Rc<Self>, owned: Rc<Owned>, started: Started) {
        let limits = self.shard().limits();
        let circuit = self.shard().circuits().take(owned.name(), self.shard().time());
        let circuit = circuit.unwrap_or_else(|| RoomCircuit::new(limits.max_restarts, limits.restart_window));
        let task = Rc::clone(owned.task());
        self.begin(&task, circuit, oneshot::channel().0, Some((owned, started)));
    }

    /// The owner of a room has stopped: its loop ends where it is, without a word to its app.
    pub(super) fn abandon(&self, owned: &Owned) {
        let is_this = self.get(owned.name()).is_some_and(|task| Rc::ptr_eq(&task, owned.task()));
        owned.task().stop();
        if is_this {
            self.remove(owned.name());
        }
        self.part().iter().for_each(|part| part.ended(owned));
    }
}
