//! The other nodes by NATS.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ws_cluster::Life;

use super::asking::ask;
use super::link::{Answering, Link, node_of};
use super::message::{Answer, Request};
use crate::cluster::Node;
use crate::shard::{Departure, Peers};
use crate::types::ClientId;

/// The way of this node to the others.
pub(crate) fn by_nats(node: &Node) -> Arc<dyn Link> {
    Arc::new(node.clone())
}

/// The way to the nodes that have the sessions of clients which come here.
pub(crate) fn sessions_by_nats(node: &Node) -> Arc<dyn Peers> {
    Arc::new(node.clone())
}

impl Peers for Node {
    fn has(&self, client: ClientId) -> bool {
        node_of(self, client).is_some()
    }

    fn end_session(&self, client: ClientId, departure: Departure) -> BoxFuture<'static, ()> {
        let Some(node) = node_of(self, client) else { return ready(()).boxed() };
        let read = |answer| if let Answer::SessionEnded(ended) = answer { Some(ended) } else { None };
        ask(&by_nats(self), &[node], &Request::EndSession(departure), &[], read).map(drop).boxed()
    }
}

impl Link for Node {
    fn name(&self) -> String {
        self.name().to_owned()
    }

    fn life(&self) -> Option<Life> {
        self.life()
    }

    fn is_held(&self) -> bool {
        self.is_held()
    }

    fn peers(&self) -> Vec<Life> {
        let own = self.life();
        self.peers().into_iter().filter(|life| Some(*life) != own).collect()
    }

    fn ask(&self, to: Life, request: Bytes, within: Duration) -> BoxFuture<'static, Option<Bytes>> {
        let node = self.clone();
        let mut asked = async move { node.ask(to, request, within).await.ok() }.boxed();
        // The first poll hands the request over to the thread of the node.
        match asked.as_mut().now_or_never() {
            Some(answer) => ready(answer).boxed(),
            None => asked,
        }
    }

    fn has_room(&self, room: &str) -> BoxFuture<'static, Option<bool>> {
        self.has_room(room).boxed()
    }

    fn durable_rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Arc<str>> {
        self.durable_rooms(prefix, after, limit)
    }

    fn serve(&self, answering: Answering) {
        self.serve(move |request| answering(request));
    }
}
