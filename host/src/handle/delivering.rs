//! The owner's messages to clients, and their disconnection.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::Handle;
use super::peers::{Answer, Asked, Content, MAX_PAYLOAD_BYTES, Request, ask};
use crate::error::Error;
use crate::inventory::{Reached, Receivers};
use crate::protocol::{MAX_REASON, may_send};
use crate::room::LineId;
use crate::shard::{Address, Command, Delivery, Envelope, Tallied, Tally};
use crate::types::{ClientId, CloseInfo, Message};

/// Something that is on its way to clients.
pub(super) struct Given {
    /// The number of clients of this node, unless none can be here.
    here: Option<oneshot::Receiver<Tallied>>,
    /// Those of other nodes.
    elsewhere: BoxFuture<'static, Asked<Tallied>>,
}

impl Handle {
    /// Sends a message to these clients, and tells for how many it is queued. It is on its way when this returns; the future only waits for the
    /// number, until no handler of their rooms runs.
    ///
    /// In a cluster it reaches the clients of all nodes. A message to a room or a topic is in order with those of the room itself, others need not be.
    ///
    /// # Errors
    /// `NoSuchClient`, `NoSuchUser`, `NoSuchRoom`, `MessageTooBig`, `Busy`, `RoomFull`, `NoAnswer` or `Stopped`.
    pub fn deliver(&self, to: Receivers, message: Message) -> impl Future<Output = Result<Reached, Error>> + Send + use<> {
        let given = self.checked(message).and_then(|message| self.give(&to, &Delivery::Message(message)));
        self.clone().count(to, given)
    }

    /// Closes these clients with this code and reason, and tells how many. Messages that they were sent before arrive first. A client whose room
    /// is busy with a handler does not wait for it, unless such messages do.
    ///
    /// # Errors
    /// `CloseCode`, `CloseReason`, and as `deliver`.
    pub fn close(&self, who: Receivers, code: u16, reason: &str) -> impl Future<Output = Result<Reached, Error>> + Send + use<> {
        let given = checked_close(code, reason).and_then(|info| self.give(&who, &Delivery::Close(info)));
        self.clone().count(who, given)
    }

    /// Hands something over to the shards of its receivers, and sends it to the other nodes that may have some.
    pub(super) fn give(&self, to: &Receivers, what: &Delivery) -> Result<Given, Error> {
        let Some(link) = &self.inner.controls.cluster else {
            return Ok(Given { here: Some(self.hand_over(to, what)?), elsewhere: async { Asked::nobody() }.boxed() });
        };
        let nodes = match to {
            Receivers::Client(id) if self.inner.controls.roster.line(*id).is_some() => Vec::new(),
            Receivers::Client(id) => vec![self.node_of(*id).ok_or(Error::NoSuchClient(*id))?],
            _ => link.peers(),
        };
        let (content, payload) = Content::of(what);
        if !nodes.is_empty() && payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Error::MessageTooBig { size: payload.len(), limit: MAX_PAYLOAD_BYTES });
        }
        let here = match self.hand_over(to, what) {
            Err(Error::NoSuchClient(_) | Error::NoSuchUser(_)) => None,
            handed_over => Some(handed_over?),
        };
        let to = match to {
            Receivers::Room(room) => Receivers::Room(self.normal(room).to_string()),
            Receivers::Topic { room, topic } => Receivers::Topic { room: self.normal(room).to_string(), topic: topic.clone() },
            to => to.clone(),
        };
        let read = |answer| if let Answer::Delivered(tallied) = answer { Some(tallied) } else { None };
        let elsewhere = ask(link, &nodes, &Request::Deliver { to, what: content }, &payload, read);
        Ok(Given { here, elsewhere })
    }

    /// Hands something over to the shards of its receivers: to all of them, or to none.
    pub(super) fn hand_over(&self, to: &Receivers, what: &Delivery) -> Result<oneshot::Receiver<Tallied>, Error> {
        let (tally, tallied) = Tally::new();
        let envelope = |to| Command::Deliver(Envelope { to, what: what.clone(), tally: tally.clone() });
        let commands: Vec<_> = match to {
            Receivers::All => (0..self.inner.controls.shards.len()).map(|shard| (shard, envelope(Address::All))).collect(),
            Receivers::Client(id) => {
                let line = self.inner.controls.roster.line(*id).ok_or(Error::NoSuchClient(*id))?;
                vec![(line.shard as usize, envelope(Address::Clients(vec![(*id, line)])))]
            }
            Receivers::User(user) => {
                let lines = self.inner.controls.roster.lines_of(user);
                if lines.is_empty() {
                    return Err(Error::NoSuchUser(user.clone()));
                }
                by_shard(lines).into_iter().map(|(shard, lines)| (shard, envelope(Address::Clients(lines)))).collect()
            }
            Receivers::Room(room) => {
                let room = self.normal(room);
                self.shards_of(&room).map(|shard| (shard, envelope(Address::Room(Arc::clone(&room))))).collect()
            }
            Receivers::Topic { room, topic } => {
                let room = self.normal(room);
                let topic = Arc::<str>::from(topic.as_str());
                let address = || Address::Topic(Arc::clone(&room), Arc::clone(&topic));
                self.shards_of(&room).map(|shard| (shard, envelope(address()))).collect()
            }
        };
        self.commands(commands)?;
        Ok(tallied)
    }

    /// Waits for the number of clients that something has reached.
    async fn count(self, to: Receivers, given: Result<Given, Error>) -> Result<Reached, Error> {
        let Given { here, elsewhere } = given?;
        let mut sum = Tallied::default();
        if let Some(here) = here {
            sum = here.await.ok().filter(|tallied| tallied.is_taken).ok_or(Error::Stopped)?;
        }
        let Asked { answers, missing } = elsewhere.await;
        answers.iter().for_each(|(_, tallied)| sum.add(tallied));
        match to {
            _ if sum.is_full && sum.clients == 0 => Err(Error::RoomFull),
            _ if sum.is_found => Ok(Reached { clients: sum.clients, missing }),
            // They have left meanwhile.
            Receivers::Client(id) if missing.is_empty() => Err(Error::NoSuchClient(id)),
            Receivers::Client(_) => Err(Error::NoAnswer(missing)),
            Receivers::User(user) if missing.is_empty() => Err(Error::NoSuchUser(user)),
            // Nobody is in a room that is asleep.
            Receivers::Room(room) | Receivers::Topic { room, .. } if missing.is_empty() => {
                self.room(&room).await.map(|_| Reached::default())
            }
            _ => Ok(Reached { clients: 0, missing }),
        }
    }
}

/// Groups the lines of clients by their shards, in the same order.
pub(super) fn by_shard(lines: impl IntoIterator<Item = (ClientId, LineId)>) -> Vec<(usize, Vec<(ClientId, LineId)>)> {
    let mut shards: Vec<(usize, Vec<_>)> = Vec::new();
    for (id, line) in lines {
        let shard = line.shard as usize;
        match shards.iter_mut().find(|(other, _)| *other == shard) {
            Some((_, lines)) => lines.push((id, line)),
            None => shards.push((shard, vec![(id, line)])),
        }
    }
    shards
}

fn checked_close(code: u16, reason: &str) -> Result<CloseInfo, Error> {
    if !may_send(code) {
        return Err(Error::CloseCode(code));
    }
    if reason.len() > MAX_REASON {
        return Err(Error::CloseReason(reason.len()));
    }
    Ok(CloseInfo::owner(code, reason))
}
