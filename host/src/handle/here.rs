//! The rooms, clients and users of this process.

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
use crate::shard::{Command, Departure, Question, RoomPage};
use crate::types::ClientId;

/// How long the room of a client may take to tell its topics: a handler may run there.
pub(super) const TOPICS_WAIT: Duration = Duration::from_secs(1);

impl Handle {
    /// As `rooms`.
    pub(super) async fn rooms_here(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RoomInfo, String>, Error> {
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
        let rooms = rooms.into_values().take(limit + 1).map(|room| RoomInfo { node: self.node(), ..room });
        Ok(Page::cut(rooms.collect(), limit, |room: &RoomInfo| room.name.clone()))
    }

    /// The room of this name in normal form, if it is open or asleep.
    pub(super) async fn room_here(&self, room: &Arc<str>) -> Result<Option<RoomInfo>, Error> {
        let mut found = Vec::new();
        for shard in self.shards_of(room) {
            found.push(self.ask(shard, |answer| Question::Room(Arc::clone(room), answer))?);
        }
        for shard in found {
            if let Some(room) = shard.await.map_err(|_| Error::Stopped)? {
                return Ok(Some(RoomInfo { node: self.node(), ..room }));
            }
        }
        Ok(if self.is_kept(room).await? { Some(self.asleep(room.to_string())) } else { None })
    }

    /// A page of the clients of a room. `None` if it is not open.
    pub(super) async fn clients_of_room_here(
        &self,
        room: &Arc<str>,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Option<Page<ClientInfo, ClientId>>, Error> {
        let mut asked = Vec::new();
        for shard in self.shards_of(room) {
            asked.push(self.ask(shard, |answer| Question::ClientsOf(Arc::clone(room), after, limit + 1, answer))?);
        }
        for shard in asked {
            if let Some(clients) = shard.await.map_err(|_| Error::Stopped)? {
                let clients = clients.into_iter().map(|client| self.of_this_node(client)).collect();
                return Ok(Some(Page::cut(clients, limit, |client| client.id.into())));
            }
        }
        Ok(None)
    }

    /// As `list_clients`.
    pub(super) async fn clients_here(
        &self,
        user: Option<&str>,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Page<ClientInfo, ClientId>, Error> {
        let members = self.inner.controls.roster.page(user, after, limit + 1);
        let page = Page::cut(members, limit, |member| member.client.id);
        Ok(Page { entries: self.described(&page.entries).await?, next: page.next, missing: Vec::new() })
    }

    /// A client, without its topics.
    pub(super) async fn client_here(&self, id: ClientId) -> Result<Option<ClientInfo>, Error> {
        let Some(line) = self.inner.controls.roster.line(id) else { return Ok(None) };
        let found = self.ask(line.shard as usize, |answer| Question::Clients(vec![(id, line)], answer))?;
        let client = found.await.map_err(|_| Error::Stopped)?.pop();
        Ok(client.map(|client| self.of_this_node(client)))
    }

    /// The topics of a client. `None` if its room is not here, and no topics if it does not answer in time.
    pub(super) async fn topics_here(&self, room: &str, client: ClientId) -> Result<Option<Option<Vec<String>>>, Error> {
        // Rooms of single clients have one name each on their shard alone.
        let shards = match self.inner.controls.roster.line(client) {
            Some(line) if self.inner.controls.bus.is_nameless() => line.shard as usize..line.shard as usize + 1,
            _ => self.shards_of(room),
        };
        let room: Arc<str> = room.into();
        for shard in shards {
            let topics = self.ask(shard, |answer| Question::Topics(client, Arc::clone(&room), answer))?;
            match timeout(TOPICS_WAIT, topics).await {
                Ok(Ok(topics)) => return Ok(Some(Some(topics))),
                Err(_) => return Ok(Some(None)),
                // The shard does not have the room.
                Ok(Err(_)) => {}
            }
        }
        Ok(None)
    }

    /// Ends the session of a client that has come to another node. Returns false if this process has no such session, or if its token is another one.
    pub(super) async fn end_session_here(&self, departure: Departure) -> Result<bool, Error> {
        let Some((shard, _)) = departure.place().filter(|(shard, _)| *shard < self.inner.controls.shards.len()) else {
            return Ok(false);
        };
        let (gone, has_gone) = oneshot::channel();
        self.commands(vec![(shard, Command::Depart(Box::new(departure), gone))])?;
        Ok(has_gone.await.is_ok())
    }

    /// As `users`.
    pub(super) fn users_here(&self, after: Option<&str>, limit: usize) -> Page<UserInfo, String> {
        Page::cut(self.inner.controls.roster.users(after, limit + 1), limit, |user| user.name.clone())
    }

    async fn described(&self, members: &[Arc<Member>]) -> Result<Vec<ClientInfo>, Error> {
        let lines = members.iter().filter_map(|member| Some((member.client.id, member.line()?)));
        let mut asked = Vec::new();
        for (shard, lines) in by_shard(lines) {
            asked.push(self.ask(shard, |answer| Question::Clients(lines, answer))?);
        }
        let mut clients = Vec::new();
        for shard in asked {
            clients.extend(shard.await.map_err(|_| Error::Stopped)?.into_iter().map(|client| self.of_this_node(client)));
        }
        clients.sort_unstable_by_key(|client| client.id);
        Ok(clients)
    }

    fn of_this_node(&self, client: ClientInfo) -> ClientInfo {
        ClientInfo { node: self.node(), ..client }
    }

    /// A room's name in the form by which it is known.
    pub(super) fn normal(&self, room: &str) -> Arc<str> {
        self.inner.controls.bus.normal(room).unwrap_or(room.into()).into()
    }

    /// The shards that may have the room of this name, which is in normal form.
    pub(super) fn shards_of(&self, room: &str) -> Range<usize> {
        let Controls { bus, shards, .. } = &self.inner.controls;
        bus.shard_of(room).map_or(0..shards.len(), |shard| shard..shard + 1)
    }

    pub(super) fn asleep(&self, name: String) -> RoomInfo {
        let shard = self.inner.controls.bus.shard_of(&name).unwrap_or(0);
        RoomInfo { name, node: self.node(), state: RoomState::Asleep, clients: 0, shard, waiting: 0, waiting_events: 0 }
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
