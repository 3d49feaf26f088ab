//! The news that a node tells its shards.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use ws_cluster::{Answer, Envelope, Life, Neighbours, RoomRecord, Standing, Stop};

/// The news for one shard. It takes all of it in order.
pub type NewsInbox = mpsc::Receiver<News>;

/// Something that a shard is told. Only what is for its rooms comes to it.
#[derive(Debug)]
pub enum News {
    /// The node's life has begun. Edges and owners of the shard begin anew.
    Begun(Life, Arc<Neighbours>),
    /// The node's life is over: all clients of the cluster's rooms are closed, and its edges and owners are dropped. A `Begun` follows.
    Over(Stop),
    /// The records of nodes have changed.
    Seen(Arc<Neighbours>),
    /// A message of another node. Messages may be lost, so they are dropped when the shard's inbox is full.
    Received(Envelope),
    /// A living node owns this room since this epoch: the answer to [`Node::find`](super::Node::find).
    Found {
        /// The room.
        room: Arc<str>,
        /// Its owner.
        owner: Life,
        /// Since this record.
        epoch: u64,
    },
    /// This node owns the room now. Its view of nodes has reached `standing.seen`.
    Won {
        /// The room.
        room: Arc<str>,
        /// The room as its records leave it, with whole states that did not fit one message put together.
        standing: Box<Standing>,
    },
    /// Nothing could be read or claimed now, or the room cannot open here (the log has the reason): the edge may ask again.
    NotFound {
        /// The room.
        room: Arc<str>,
    },
    /// The publication of this owner's record is answered.
    Answered {
        /// The room.
        room: Arc<str>,
        /// The owner's epoch.
        epoch: u64,
        /// The answer.
        answer: Answer<RoomRecord>,
    },
    /// NATS is back: the last record of a room that the shard has said to own has this epoch.
    Looked {
        /// The room.
        room: Arc<str>,
        /// The owner's epoch.
        epoch: u64,
        /// That of the last record, if there is one.
        last: Option<u64>,
    },
    /// The pieces of a whole state of this owner are stored: `head` stands for the state in its record.
    Stored {
        /// The room.
        room: Arc<str>,
        /// The owner's epoch.
        epoch: u64,
        /// The state for the record. `None` if they could not be stored.
        head: Option<Bytes>,
    },
}
