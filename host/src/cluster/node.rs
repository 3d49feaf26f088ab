//! The node as the shards see it: each of its calls is a question or an order.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ws_cluster::{Envelope, Life, Neighbours, Publication, RoomRecord, Time};

use super::news::NewsInbox;
use super::settings::{ClusterError, ClusterSettings};
use crate::bus::Placement;

/// The node. A clone costs a reference count. No call blocks or waits, but for those that are `async`.
#[derive(Debug, Clone)]
pub struct Node {
    _shared: Arc<()>,
}

/// One of the parts of a room's whole state that is too large for a message.
pub type Piece = Bytes;

impl Node {
    /// Joins the cluster: connects, makes the streams if they are missing, and begins a life. Rooms have their shards by this placement. Blocks, ten
    /// seconds at most.
    ///
    /// # Errors
    /// One line that says what is wrong and what to do.
    pub fn join(_settings: &ClusterSettings, _placement: Placement) -> Result<(Self, Vec<NewsInbox>), ClusterError> {
        unimplemented!()
    }

    /// The time by the clock that goes on while the machine is suspended.
    pub fn now() -> Time {
        unimplemented!()
    }

    /// Whether the node counts on its lease now: its owners may take inputs.
    pub fn is_held(&self) -> bool {
        unimplemented!()
    }

    /// Its present life.
    pub fn life(&self) -> Option<Life> {
        unimplemented!()
    }

    /// All nodes, as this one sees their records.
    pub fn neighbours(&self) -> Arc<Neighbours> {
        unimplemented!()
    }

    /// Finds the room's owner, or claims the room. `Found`, `Won` or `NotFound` follows. While one such request for a room runs, others do
    /// nothing. After `Won` the node takes the room for its own, until `ended`.
    pub fn find(&self, _room: &Arc<str>) {
        unimplemented!()
    }

    /// The shard has no owner of this epoch of the room any more: it was released or stopped, or it has never opened.
    pub fn ended(&self, _room: &Arc<str>, _epoch: u64) {
        unimplemented!()
    }

    /// Publishes a record of an owner. `Answered` follows.
    pub fn publish(&self, _room: &Arc<str>, _epoch: u64, _publication: Publication<RoomRecord>) {
        unimplemented!()
    }

    /// Stores a whole state that is too large for one message. `Stored` follows, with the bytes that stand for it in the record.
    pub fn store(&self, _room: &Arc<str>, _epoch: u64, _state: Bytes) {
        unimplemented!()
    }

    /// Removes the records of the room up to this sequence. They do not count any more. So do earlier whole states.
    pub fn purge(&self, _room: &Arc<str>, _through: u64) {
        unimplemented!()
    }

    /// Sends messages to another node, in one or more messages of NATS. They may be lost.
    pub fn send(&self, _to: Life, _envelopes: Vec<Envelope>) {
        unimplemented!()
    }

    /// NATS has forgotten records that were acknowledged: this life ends.
    pub fn restored(&self) {
        unimplemented!()
    }

    /// Claims no more rooms, since the server shuts down.
    pub fn drain(&self) {
        unimplemented!()
    }

    /// Ends the life in good order, as the last thing of the server. Gives up after this time.
    pub async fn leave(&self, _within: Duration) {
        unimplemented!()
    }

    /// Reserves this many client ids for ever. Returns the first of them.
    ///
    /// # Errors
    /// NATS does not answer.
    pub async fn reserve_ids(&self, _count: u64) -> Result<u64, ClusterError> {
        unimplemented!()
    }
}
