//! The cluster, as a handle sees it: this node, the others, and the questions to them.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ws_cluster::Life;

use super::Handle;
use super::peers::{Answer, Asked, Part, Request, ask, node_of};
use crate::inventory::RoomInfo;
use crate::status::{ClusterStatus, NodeStatus};
use crate::types::ClientId;

impl Handle {
    /// The number of this node, if it is in a cluster.
    pub(super) fn node(&self) -> Option<u16> {
        Some(self.inner.controls.cluster.as_ref()?.life()?.number)
    }

    /// Whether the server is not in a cluster, or serves rooms as a node: it counts on its lease.
    pub(crate) fn has_lease(&self) -> bool {
        self.inner.controls.cluster.as_ref().is_none_or(|link| link.life().is_some() && link.is_held())
    }

    /// The other node that a client of this id is connected to, if that node lives.
    pub(super) fn node_of(&self, client: ClientId) -> Option<Life> {
        node_of(&**self.inner.controls.cluster.as_ref()?, client)
    }

    /// Asks all other nodes. The requests are on their way when this returns.
    pub(super) fn ask_peers<T: Send + 'static>(
        &self,
        request: &Request,
        read: fn(Answer) -> Option<T>,
    ) -> BoxFuture<'static, Asked<T>> {
        match &self.inner.controls.cluster {
            Some(link) => ask(link, &link.peers(), request, &[], read),
            None => async { Asked::nobody() }.boxed(),
        }
    }

    /// Asks the other node that a client of this id is connected to.
    pub(super) fn ask_node_of<T: Send + 'static>(
        &self,
        client: ClientId,
        request: &Request,
        read: fn(Answer) -> Option<T>,
    ) -> BoxFuture<'static, Asked<T>> {
        match (&self.inner.controls.cluster, self.node_of(client)) {
            (Some(link), Some(node)) => ask(link, &[node], request, &[], read),
            _ => async { Asked::nobody() }.boxed(),
        }
    }

    /// The part of a list that the durable rooms of the cluster make, as if none was open. `None` without a cluster.
    pub(super) fn durable_rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Option<Part<RoomInfo>> {
        let mut names = self.inner.controls.cluster.as_ref()?.durable_rooms(prefix, after, limit + 1);
        let more = names.len() > limit;
        names.truncate(limit);
        Some(Part { entries: names.iter().map(|name| self.closed(name)).collect(), more })
    }

    /// A durable room of the cluster that no node has open.
    pub(super) fn durable_room(&self, room: &str) -> Option<RoomInfo> {
        let first = self.inner.controls.cluster.as_ref()?.durable_rooms(room, None, 1);
        first.iter().find(|name| ***name == *room).map(|name| self.closed(name))
    }

    /// No node has a room that is closed.
    fn closed(&self, name: &str) -> RoomInfo {
        RoomInfo { node: None, ..self.asleep(name.to_owned()) }
    }

    /// The state of this node, for all nodes. `None` without a life in a cluster.
    pub(super) fn node_status(&self) -> Option<NodeStatus> {
        let link = self.inner.controls.cluster.as_ref()?;
        let Life { number, since } = link.life()?;
        Some(NodeStatus {
            number,
            life: since,
            rooms: self.inner.controls.counters.rooms(),
            clients: self.inner.controls.roster.len(),
            release: self.release(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            admitting: self.is_admitting(),
            draining: self.is_stopping(),
        })
    }

    /// The state of all nodes.
    pub(super) async fn cluster_status(&self) -> Option<ClusterStatus> {
        let link = self.inner.controls.cluster.as_ref()?;
        let elsewhere =
            self.ask_peers(&Request::Status, |answer| if let Answer::Status(status) = answer { Some(status) } else { None });
        let here = self.node_status();
        let (name, node, has_lease) = (link.name(), self.node(), self.has_lease());
        let Asked { answers, mut missing } = elsewhere.await;
        let mut nodes: Vec<_> = answers.into_iter().map(|(_, status)| status).chain(here).collect();
        nodes.sort_unstable_by_key(|status| status.number);
        missing.sort_unstable();
        let (rooms, clients) = nodes.iter().fold((0, 0), |(rooms, clients), node| (rooms + node.rooms, clients + node.clients));
        Some(ClusterStatus { name, node, has_lease, rooms, clients, nodes, missing })
    }
}
