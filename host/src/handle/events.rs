//! Events from outside, for the rooms of a server.

use std::sync::Arc;

use super::Handle;
use super::peers::{Answer, Asked, Request};
use crate::bus::Presence;
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
    /// `NoSuchRoom`, `NoAnswer`, `NoEvents`, `MessageTooBig`, `EventsFull`, `TooManyRooms`, `Stopped`, or `Data`: the database cannot be read.
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
        let is_open = matches!(presence, Some(Presence::Open | Presence::Expected)) || self.is_elsewhere(&name, create).await?;
        if presence.is_none() && !is_open && !create && !self.is_kept(&name).await? {
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

    /// Whether another node has this room. Without an answer of all others, a room that may begin counts as new.
    async fn is_elsewhere(&self, room: &str, may_begin: bool) -> Result<bool, Error> {
        let request = Request::Room { room: room.to_owned() };
        let asked = self.ask_peers(&request, |answer| if let Answer::Room(room) = answer { Some(room.is_some()) } else { None });
        let Asked { answers, missing } = asked.await;
        match answers.into_iter().any(|(_, is_there)| is_there) {
            false if !missing.is_empty() && !may_begin => Err(Error::NoAnswer(missing)),
            is_there => Ok(is_there),
        }
    }

    /// Whether the database has anything of a room.
    pub(super) async fn is_kept(&self, room: &str) -> Result<bool, Error> {
        let Some(database) = &self.inner.controls.database else { return Ok(false) };
        database.has_room(room).await.map_err(|error| Error::Data(error.to_string()))
    }
}
