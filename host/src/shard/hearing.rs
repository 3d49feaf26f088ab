//! The task of a shard's part in a cluster.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::cluster::Part;
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
}
