//! Events from outside, for the rooms of a server.

use std::sync::Arc;

use super::Handle;
use super::peers::{Answer, Request};
use crate::bus::Presence;
use crate::config::ClusterError;
use crate::error::Error;
use crate::types::Message;

impl Handle {
    /// Sends an event to a room: its app gets it as `App::on_event`, from [`Source::Api`](crate::app::rooms::Source::Api) with this name. A room
    /// that is asleep opens for it. With `create`, the room begins to exist with it, as with a first client. Events of one caller arrive in
    /// the order in which they were accepted.
    ///
    /// An event is not stored: it is lost with the process, and with an instance that fails on it.
    ///
    /// # Errors
    /// `NoSuchRoom`, `NoEvents`, `MessageTooBig`, `EventsFull`, `TooManyRooms`, `Stopped`, `Data`: the database cannot be read, or `Cluster`: NATS
    /// does not answer.
    pub async fn send_event(&self, room: &str, from: &str, message: impl Into<Message>, create: bool) -> Result<(), Error> {
        let message = self.checked(message.into())?;
        let bus = &self.inner.controls.bus;
        if bus.is_nameless() {
            return Err(Error::NoEvents("each client has a room of its own, which takes no events"));
        }
        let no_room = || Error::NoSuchRoom(room.to_owned());
        let name: Arc<str> = bus.normal(room).ok_or_else(no_room)?.into();
        if !self.inner.controls.counters.takes_events() {
            return Err(Error::NoEvents("the application takes no events: it has no handler on-event"));
        }
        let presence = bus.presence(&name);
        let is_open = matches!(presence, Some(Presence::Open | Presence::Expected)) || self.is_elsewhere(&name).await;
        if presence.is_none() && !is_open && !create && !self.exists(&name).await? {
            return Err(no_room());
        }
        if !is_open && bus.is_full() {
            return Err(Error::TooManyRooms(room.to_owned()));
        }
        // Rooms that end take no more of them.
        if self.is_stopping() {
            return Err(Error::Stopped);
        }
        bus.bring(from.into(), &name, message).map_err(|_| Error::EventsFull)
    }

    /// Whether another node that answers has this room open.
    async fn is_elsewhere(&self, room: &str) -> bool {
        let request = Request::Room { room: room.to_owned() };
        let asked = self.ask_peers(&request, |answer| if let Answer::Room(room) = answer { Some(room.is_some()) } else { None });
        asked.await.answers.into_iter().any(|(_, is_there)| is_there)
    }

    /// Whether anything is kept of a room that is not open at a node that answers.
    async fn exists(&self, room: &str) -> Result<bool, Error> {
        let Some(link) = &self.inner.controls.cluster else { return self.is_kept(room).await };
        let unknown = || ClusterError("NATS does not answer, and only it knows whether the room exists: try again".into());
        link.has_room(room).await.ok_or_else(|| Error::Cluster(unknown()))
    }

    /// Whether the database has anything of a room.
    pub(super) async fn is_kept(&self, room: &str) -> Result<bool, Error> {
        let Some(database) = &self.inner.controls.database else { return Ok(false) };
        database.has_room(room).await.map_err(|error| Error::Data(error.to_string()))
    }
}
