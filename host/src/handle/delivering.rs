//! The owner's messages to clients, and their disconnection.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Handle;
use crate::error::Error;
use crate::inventory::Receivers;
use crate::protocol::{MAX_REASON, may_send};
use crate::room::LineId;
use crate::shard::{Address, Command, Delivery, Envelope, Tallied, Tally};
use crate::types::{ClientId, CloseInfo, Message};

impl Handle {
    /// Sends a message to these clients, and tells for how many it is queued. It is on its way when this returns; the future only waits for the
    /// number, until no handler of their rooms runs.
    ///
    /// # Errors
    /// `NoSuchClient`, `NoSuchUser`, `NoSuchRoom`, `MessageTooBig`, `Busy`, `RoomFull` or `Stopped`.
    pub fn deliver(&self, to: Receivers, message: Message) -> impl Future<Output = Result<usize, Error>> + Send + use<> {
        let queued = self.checked(message).and_then(|message| self.hand_over(&to, &Delivery::Message(message)));
        self.clone().count(to, queued)
    }

    /// Closes these clients with this code and reason, and tells how many. Messages that they were sent before arrive first. A client whose room
    /// is busy with a handler does not wait for it, unless such messages do.
    ///
    /// # Errors
    /// `CloseCode`, `CloseReason`, and as `deliver`.
    pub fn close(&self, who: Receivers, code: u16, reason: &str) -> impl Future<Output = Result<usize, Error>> + Send + use<> {
        let closed = checked_close(code, reason).and_then(|info| self.hand_over(&who, &Delivery::Close(info)));
        self.clone().count(who, closed)
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
                let (room, shards) = self.place(room);
                shards.map(|shard| (shard, envelope(Address::Room(Arc::clone(&room))))).collect()
            }
            Receivers::Topic { room, topic } => {
                let (room, shards) = self.place(room);
                let topic = Arc::<str>::from(topic.as_str());
                shards.map(|shard| (shard, envelope(Address::Topic(Arc::clone(&room), Arc::clone(&topic))))).collect()
            }
        };
        self.commands(commands)?;
        Ok(tallied)
    }

    /// Waits for the number of clients that something has reached.
    async fn count(self, to: Receivers, handed_over: Result<oneshot::Receiver<Tallied>, Error>) -> Result<usize, Error> {
        let tallied = handed_over?.await.map_err(|_| Error::Stopped)?;
        match to {
            _ if !tallied.is_taken => Err(Error::Stopped),
            _ if tallied.is_full && tallied.clients == 0 => Err(Error::RoomFull),
            _ if tallied.is_found => Ok(tallied.clients),
            // They have left meanwhile.
            Receivers::Client(id) => Err(Error::NoSuchClient(id)),
            Receivers::User(user) => Err(Error::NoSuchUser(user)),
            // Nobody is in a room that is asleep.
            Receivers::Room(room) | Receivers::Topic { room, .. } => self.room(&room).await.map(|_| 0),
            Receivers::All => Ok(0),
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
