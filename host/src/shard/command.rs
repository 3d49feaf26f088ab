//! Commands of other threads to a shard.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::new_connection::NewConnection;
use super::question::Question;
use super::resume::{Claim, Departure};
use super::tally::Tally;
use crate::app::upgrade::UpgradeRequest;
use crate::requests::{Answering, IncomingRequest};
use crate::room::{Decision, LineId};
use crate::trace::Trace;
use crate::types::{ClientId, CloseInfo, Message};

/// Something that another thread asks of a shard. It takes effect between two inputs of a room.
#[derive(Debug)]
pub enum Command {
    /// A client asks to be let into the room of this name, perhaps with a session.
    Upgrade(Arc<str>, Box<UpgradeRequest>, Option<Claim>, Trace, oneshot::Sender<Decision>),
    /// A client asks for the answer of the room of this name to a plain HTTP request.
    Request(Arc<str>, Box<IncomingRequest>, Trace, Answering),
    /// A client that the room of this name has let in does not come.
    Withdraw(Arc<str>),
    /// A client has connected, to the room of this name.
    Join(Arc<str>, NewConnection),
    /// A client with a session has come to another node of the cluster: its session ends here. The answer comes when its room does not have it any
    /// more, and none comes if the session is not that client's.
    Depart(Box<Departure>, oneshot::Sender<()>),
    /// Rooms of the shard that are closed have durable timers, the next of which are due at these times, in microseconds since 1970.
    SetAlarms(Vec<Alarm>),
    /// The owner has something for clients.
    Deliver(Envelope),
    /// Somebody asks about rooms and clients.
    Ask(Question),
    /// The server ends: every client is closed like this. The shard ends when all are gone and the rooms are idle, at the latest at
    /// this time.
    Drain(Instant, CloseInfo),
}

/// A closed room, and when its next durable timer is due, in microseconds since 1970.
pub type Alarm = (Arc<str>, u64);

/// Something for clients of a shard, with their address.
#[derive(Debug)]
pub struct Envelope {
    /// The clients.
    pub to: Address,
    /// The content.
    pub what: Delivery,
    /// Counts the clients that it reaches.
    pub tally: Tally,
}

/// The clients that an envelope is for.
#[derive(Debug)]
pub enum Address {
    /// These clients, at the ends of these lines.
    Clients(Vec<(ClientId, LineId)>),
    /// The members of the room of this name.
    Room(Arc<str>),
    /// The subscribers of a topic in the room of this name.
    Topic(Arc<str>, Arc<str>),
    /// Every client of the shard.
    All,
}

/// The content of an envelope.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A message.
    Message(Message),
    /// Close the connection with this code and reason.
    Close(CloseInfo),
}
