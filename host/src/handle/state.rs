//! The state of a server: the running release, and the counts.

use std::time::SystemTime;

use super::Handle;
use crate::error::Error;
use crate::metrics::{Metrics, Totals};
use crate::shard::Trap;
use crate::status::Status;

impl Handle {
    /// The state of the server: the running release, and the counts. In a cluster, that of all nodes is told too.
    ///
    /// # Errors
    /// `Data`: the database cannot be read.
    pub async fn status(&self) -> Result<Status, Error> {
        let controls = &self.inner.controls;
        let mut status = Status::of_app(controls.releases.as_ref().map(|releases| releases.history()), &controls.counters);
        if let Some(database) = &controls.database {
            let closed = database.closed_rooms().await;
            status.hibernating = closed.map_err(|error| Error::Data(error.to_string()))?;
        }
        status.started_unix = controls.started.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        status.clients = controls.roster.len();
        status.admitting = self.is_admitting();
        status.draining = self.is_stopping();
        let shards = controls.sources.numbers().await;
        status.clients_away = shards.iter().map(|(numbers, _)| numbers.away as usize).sum();
        status.totals = Totals::of(&shards);
        status.cluster = self.cluster_status().await;
        Ok(status)
    }

    /// The last 50 failures of the app, the newest first.
    pub fn last_traps(&self) -> Vec<Trap> {
        self.inner.controls.counters.last_traps()
    }

    /// The numbers of the server, for monitoring. Each shard is asked for its own, which takes it some microseconds, and a look at each of its
    /// lines and rooms. One that does not answer within a second is told of by its last answer. Call it within a tokio runtime.
    pub async fn metrics(&self) -> Metrics {
        let controls = &self.inner.controls;
        let state = (self.is_admitting(), self.is_stopping());
        Metrics::gather(&controls.sources, controls.releases.as_deref(), controls.database.as_ref(), state).await
    }

    /// The sums since the start.
    pub async fn totals(&self) -> Totals {
        Totals::gather(&self.inner.controls.sources).await
    }
}
