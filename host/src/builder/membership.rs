//! The server's place in a cluster.

use std::sync::Arc;

use super::Compiled;
use crate::bus::Placement;
use crate::cluster::state::{ChainJournal, Knows};
use crate::cluster::{ClusterReleases, LeavesOnDrop, NewsInbox, Node, Start};
use crate::config::{Config, Instances, Limits};
use crate::data::store_place;
use crate::error::Error;
use crate::guest::Program;
use crate::room::StoreError;
use crate::shard::StorePlace;
use crate::store::Database;

/// The node, and the news for each shard. All are missing without a cluster.
#[derive(Debug, Default)]
pub(super) struct Membership {
    pub(super) node: Option<Node>,
    pub(super) news: Vec<NewsInbox>,
    /// A server that is not built leaves the cluster.
    pub(super) leaves: Option<LeavesOnDrop>,
}

impl Membership {
    /// Joins the cluster, if the server is to be a node of one. Blocks.
    pub(super) fn begin(config: &Config, placement: &Placement) -> Result<Self, Error> {
        let Some(settings) = &config.cluster else { return Ok(Self::default()) };
        let (node, news) = Node::join(settings, placement.clone()).map_err(Error::Cluster)?;
        let leaves = Some(node.leaves_on_drop());
        Ok(Self { node: Some(node), news, leaves })
    }

    /// Compares the component with the cluster's release. The server may have to start with that one, which is compiled then. Blocks.
    pub(super) fn check(
        &self,
        component: Compiled,
        config: &Config,
        limits: &Limits,
    ) -> Result<(Compiled, Option<Start>), Error> {
        let (Some(node), Some(settings)) = (&self.node, &config.cluster) else { return Ok((component, None)) };
        let Compiled { engine, program, bytes, .. } = &component;
        let start = ClusterReleases::check_at_start(node, program.name(), bytes, settings.swaps).map_err(Error::Cluster)?;
        let Some((name, bytes)) = start.instead.clone() else { return Ok((component, Some(start))) };
        let program = Program::from_bytes(engine, &name, &bytes, limits, &config.grants)?;
        Ok((Compiled { file: name.into(), program, ..component }, Some(start)))
    }

    /// The node of shards that have rooms of the cluster. The room of one client stays where its client is.
    pub(super) fn of_rooms(&self, instances: Instances) -> Option<Node> {
        self.node.clone().filter(|_| instances != Instances::PerClient)
    }

    /// Where the stores of rooms are.
    pub(super) fn stores(&self, config: &Config, limits: &Limits, database: Option<Database>) -> StorePlace {
        match self.of_rooms(config.instances) {
            Some(node) => StorePlace::Cluster(Arc::new(ChainJournal::new(limits.store_of_room(true), knows(node)))),
            None => store_place(config.instances, limits, database),
        }
    }
}

/// Whether a room exists anywhere in the cluster, for rooms that send to it.
fn knows(node: Node) -> Knows {
    Arc::new(move |room| {
        let exists = node.has_room(room);
        Box::pin(async move { exists.await.ok_or(StoreError::Unavailable) })
    })
}
