//! The way from one node of a cluster to the others.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ws_cluster::Life;

use crate::types::ClientId;

/// The ids of a node's clients are its number times 2^43 plus a count.
const COUNT_BITS: u32 = 43;

/// Answers a request of another node. A message is handed over when the call returns, so messages of one node arrive in their order.
pub(crate) type Answering = Arc<dyn Fn(Bytes) -> BoxFuture<'static, Bytes> + Send + Sync>;

/// The way to the other nodes. Requests and answers may be lost.
pub(crate) trait Link: Debug + Send + Sync {
    /// The cluster's name.
    fn name(&self) -> String;

    /// The present life of this node.
    fn life(&self) -> Option<Life>;

    /// Whether this node counts on its lease now.
    fn is_held(&self) -> bool;

    /// The lives of the other nodes.
    fn peers(&self) -> Vec<Life>;

    /// Asks another node. The request is on its way when this returns, also if the future is dropped. `None`: no answer has come within this time.
    fn ask(&self, to: Life, request: Bytes, within: Duration) -> BoxFuture<'static, Option<Bytes>>;

    /// Whether a room of this name in normal form exists: a node has it open, or its records have something of it. `None`: that cannot be read now.
    fn has_room(&self, room: &str) -> BoxFuture<'static, Option<bool>>;

    /// The first durable rooms whose names begin with `prefix`, behind `after`, in order.
    fn durable_rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Arc<str>>;

    /// Answers the requests of other nodes from now on.
    fn serve(&self, answering: Answering);
}

/// The other node that a client of this id is connected to, if that node lives.
pub(crate) fn node_of(link: &dyn Link, client: ClientId) -> Option<Life> {
    link.peers().into_iter().find(|life| u64::from(life.number) == client.get() >> COUNT_BITS)
}
