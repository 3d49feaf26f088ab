//! Lists of the rooms, clients and users of a server, in pages.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::delivering::by_shard;
use super::{Controls, Handle};
use crate::error::Error;
use crate::inventory::{ClientInfo, Page, RoomInfo, RoomState, UserInfo};
use crate::room::Member;
use crate::shard::{Command, Question, RoomPage};
use crate::types::ClientId;

/// The most entries of a page.
pub(super) const MAX_PAGE: usize = 1000;
/// How long the room of a client may take to tell its topics: a handler may run there.
const TOPICS_WAIT: Duration = Duration::from_secs(1);

impl Handle {
    /// A page of the rooms whose names have this beginning, by name: those behind `after`, and at most `limit` of them (1 to 1,000). With a data
    /// folder, rooms that are asleep there are among them.
    ///
    /// # Errors
    /// `Busy`, `Stopped`, or `Data`: the database cannot be read.
    pub async fn rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page<RoomInfo, String>, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let page = RoomPage { after: after.map(str::to_owned), prefix: prefix.to_owned(), limit: limit + 1 };
        let mut rooms = BTreeMap::new();
        // The database first: a room that opens meanwhile is in both.
        if let Some(database) = &self.inner.controls.database {
            let bus = Arc::clone(&self.inner.controls.bus);
            let is_room = move |name: &str| bus.normal(name).is_some_and(|normal| normal == name);
            let names = database.room_names(page.prefix.clone(), page.after.clone(), limit + 1, is_room).await;
            for name in names.map_err(|error| Error::Data(error.to_string()))? {
                rooms.insert(name.clone(), self.asleep(name));
            }
        }
        for shard in self.ask_all(|answer| Question::Rooms(page.clone(), answer))? {
            // A room that is being opened, closed and opened again counts as open.
            for room in shard.await.map_err(|_| Error::Stopped)? {
                rooms.insert(room.name.clone(), room);
            }
        }
        Ok(Page::cut(rooms.into_values().take(limit + 1).collect(), limit, |room: &RoomInfo| room.name.clone()))
    }

    /// The room of this name, which need not be in normal form.
    ///
    /// # Errors
    /// `NoSuchRoom`, `Busy`, `Stopped`, or `Data`: the database cannot be read.
    pub async fn room(&self, name: &str) -> Result<RoomInfo, Error> {
        let (room, shards) = self.place(name);
        let mut found = Vec::new();
        for shard in shards {
            found.push(self.ask(shard, |answer| Question::Room(Arc::clone(&room), answer))?);
        }
        for shard in found {
            if let Some(room) = shard.await.map_err(|_| Error::Stopped)? {
                return Ok(room);
            }
        }
        if self.is_kept(&room).await? { Ok(self.asleep((*room).to_owned())) } else { Err(Error::NoSuchRoom(name.to_owned())) }
    }

    /// A page of the clients of a room, by id. A room that is asleep has none.
    ///
    /// # Errors
    /// As `room`.
    pub async fn clients_of_room(
        &self,
        name: &str,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Page<ClientInfo, ClientId>, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let (room, shards) = self.place(name);
        let mut asked = Vec::new();
        for shard in shards {
            asked.push(self.ask(shard, |answer| Question::ClientsOf(Arc::clone(&room), after, limit + 1, answer))?);
        }
        for shard in asked {
            if let Some(clients) = shard.await.map_err(|_| Error::Stopped)? {
                return Ok(Page::cut(clients, limit, |client| client.id.into()));
            }
        }
        self.room(name).await.map(|_| Page { entries: Vec::new(), next: None })
    }

    /// A page of all clients, or of those of a user, by id. A client that leaves meanwhile is left out.
    ///
    /// # Errors
    /// `Busy` or `Stopped`.
    pub async fn list_clients(
        &self,
        user: Option<&str>,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Page<ClientInfo, ClientId>, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let members = self.inner.controls.roster.page(user, after, limit + 1);
        let Page { entries, next } = Page::cut(members, limit, |member| member.client.id);
        Ok(Page { entries: self.described(&entries).await?, next })
    }

    /// A client.
    ///
    /// # Errors
    /// `NoSuchClient`, `Busy` or `Stopped`.
    pub async fn client(&self, id: ClientId) -> Result<ClientInfo, Error> {
        let line = self.inner.controls.roster.line(id).ok_or(Error::NoSuchClient(id))?;
        let shard = line.shard as usize;
        let found = self.ask(shard, |answer| Question::Clients(vec![(id, line)], answer))?;
        let mut client = found.await.map_err(|_| Error::Stopped)?.pop().ok_or(Error::NoSuchClient(id))?;
        let topics = self.ask(shard, |answer| Question::Topics(id, line, answer))?;
        // Without an answer in time, or of a client that leaves, they are unknown.
        client.topics = timeout(TOPICS_WAIT, topics).await.ok().and_then(Result::ok);
        Ok(client)
    }

    /// A page of the users that have clients, by name.
    pub fn users(&self, after: Option<&str>, limit: usize) -> Page<UserInfo, String> {
        let limit = limit.clamp(1, MAX_PAGE);
        Page::cut(self.inner.controls.roster.users(after, limit + 1), limit, |user| user.name.clone())
    }

    /// A user.
    ///
    /// # Errors
    /// `NoSuchUser`: none of its clients is connected.
    pub fn user(&self, name: &str) -> Result<UserInfo, Error> {
        let clients = self.inner.controls.roster.count_of(name);
        if clients == 0 {
            return Err(Error::NoSuchUser(name.to_owned()));
        }
        Ok(UserInfo { name: name.to_owned(), clients })
    }

    async fn described(&self, members: &[Arc<Member>]) -> Result<Vec<ClientInfo>, Error> {
        let lines = members.iter().filter_map(|member| Some((member.client.id, member.line()?)));
        let mut asked = Vec::new();
        for (shard, lines) in by_shard(lines) {
            asked.push(self.ask(shard, |answer| Question::Clients(lines, answer))?);
        }
        let mut clients = Vec::new();
        for shard in asked {
            clients.extend(shard.await.map_err(|_| Error::Stopped)?);
        }
        clients.sort_unstable_by_key(|client| client.id);
        Ok(clients)
    }

    /// A room's name in the form by which it is known, and the shards that may have it.
    pub(super) fn place(&self, room: &str) -> (Arc<str>, Range<usize>) {
        let Controls { bus, shards, .. } = &self.inner.controls;
        let name: Arc<str> = bus.normal(room).unwrap_or(room.into()).into();
        let shards = bus.shard_of(&name).map_or(0..shards.len(), |shard| shard..shard + 1);
        (name, shards)
    }

    fn asleep(&self, name: String) -> RoomInfo {
        let shard = self.inner.controls.bus.shard_of(&name).unwrap_or(0);
        RoomInfo { name, state: RoomState::Asleep, clients: 0, shard, waiting: 0, waiting_events: 0 }
    }

    fn ask<T>(&self, shard: usize, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Result<oneshot::Receiver<T>, Error> {
        let (answer, answered) = oneshot::channel();
        self.commands(vec![(shard, Command::Ask(question(answer)))])?;
        Ok(answered)
    }

    fn ask_all<T>(&self, question: impl Fn(oneshot::Sender<T>) -> Question) -> Result<Vec<oneshot::Receiver<T>>, Error> {
        (0..self.inner.controls.shards.len()).map(|shard| self.ask(shard, &question)).collect()
    }
}
