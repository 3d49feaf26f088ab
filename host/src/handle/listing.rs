//! Lists of the rooms, clients and users of a server, in pages. In a cluster they are those of all nodes.

use tokio::time::timeout;

use super::Handle;
use super::here::TOPICS_WAIT;
use super::peers::{Answer, Asked, Part, Request, merged};
use crate::error::Error;
use crate::inventory::{ClientInfo, Page, RoomInfo, RoomState, UserInfo};
use crate::types::ClientId;

/// The most entries of a page.
const MAX_PAGE: usize = 1000;

impl Handle {
    /// A page of the rooms whose names have this beginning, by name: those behind `after`, and at most `limit` of them (1 to 1,000). With a data
    /// folder, rooms that are asleep there are among them; in a cluster, those that have ever written.
    ///
    /// # Errors
    /// `Busy`, `Stopped`, or `Data`: the database cannot be read.
    pub async fn rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page<RoomInfo, String>, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let request = Request::Rooms { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit };
        let elsewhere = self.ask_peers(&request, |answer| if let Answer::Rooms(part) = answer { Some(part) } else { None });
        let here = self.rooms_here(prefix, after, limit).await?;
        // A room that moves may be told of by two nodes.
        let join = |one: &mut RoomInfo, other: RoomInfo| {
            if one.state == RoomState::Asleep {
                *one = other;
            }
        };
        let mut elsewhere = elsewhere.await;
        elsewhere.answers.extend(self.node().zip(self.durable_rooms(prefix, after, limit)));
        Ok(whole(here, elsewhere, limit, |room| room.name.clone(), join))
    }

    /// The room of this name, which need not be in normal form.
    ///
    /// # Errors
    /// `NoSuchRoom`, `NoAnswer`, `Busy`, `Stopped`, or `Data`: the database cannot be read.
    pub async fn room(&self, name: &str) -> Result<RoomInfo, Error> {
        let room = self.normal(name);
        let here = self.room_here(&room).await?;
        if let Some(room) = here.as_ref().filter(|room| room.state == RoomState::Open) {
            return Ok(room.clone());
        }
        let request = Request::Room { room: room.to_string() };
        let Asked { answers, missing } =
            self.ask_peers(&request, |answer| if let Answer::Room(room) = answer { Some(room) } else { None }).await;
        let found = answers.into_iter().filter_map(|(_, room)| room);
        match found.chain(here).min_by_key(|room| room.state == RoomState::Asleep) {
            Some(room) => Ok(room),
            None if missing.is_empty() => self.durable_room(&room).ok_or_else(|| Error::NoSuchRoom(name.to_owned())),
            None => Err(Error::NoAnswer(missing)),
        }
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
        let room = self.normal(name);
        let request = Request::ClientsOf { room: room.to_string(), after: after.map(ClientId::get), limit };
        let elsewhere = self.ask_peers(&request, |answer| if let Answer::Clients(part) = answer { Some(part) } else { None });
        let here = self.clients_of_room_here(&room, after, limit).await?;
        let Asked { answers, missing } = elsewhere.await;
        let found = answers.into_iter().filter_map(|(node, part)| Some((node, part?))).collect::<Vec<_>>();
        if here.is_none() && found.is_empty() {
            self.room(name).await?;
        }
        let here = here.unwrap_or_default();
        Ok(whole(here, Asked { answers: found, missing }, limit, client_id, |_, _| {}))
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
        let request = Request::Clients { user: user.map(str::to_owned), after: after.map(ClientId::get), limit };
        let elsewhere = self.ask_peers(&request, |answer| if let Answer::Clients(part) = answer { part } else { None });
        let here = self.clients_here(user, after, limit).await?;
        Ok(whole(here, elsewhere.await, limit, client_id, |_, _| {}))
    }

    /// A client.
    ///
    /// # Errors
    /// `NoSuchClient`, `NoAnswer`, `Busy` or `Stopped`.
    pub async fn client(&self, id: ClientId) -> Result<ClientInfo, Error> {
        if let Some(client) = self.client_and_topics(id).await? {
            return Ok(client);
        }
        let request = Request::Client { id: id.get() };
        let read = |answer| if let Answer::Client(client) = answer { Some(client) } else { None };
        let Asked { answers, missing } = self.ask_node_of(id, &request, read).await;
        match answers.into_iter().find_map(|(_, client)| client) {
            Some(client) => Ok(client),
            None if missing.is_empty() => Err(Error::NoSuchClient(id)),
            None => Err(Error::NoAnswer(missing)),
        }
    }

    /// A client that is connected to this node.
    pub(super) async fn client_and_topics(&self, id: ClientId) -> Result<Option<ClientInfo>, Error> {
        let Some(mut client) = self.client_here(id).await? else { return Ok(None) };
        // Without an answer in time, or of a client that leaves, they are unknown.
        client.topics = match self.topics_here(&client.room, id).await? {
            Some(topics) => topics,
            None => self.topics_elsewhere(&client).await,
        };
        Ok(Some(client))
    }

    /// The topics of a client of this node, whose room another node owns.
    async fn topics_elsewhere(&self, client: &ClientInfo) -> Option<Vec<String>> {
        let request = Request::Topics { room: client.room.clone(), client: client.id };
        let asked = self.ask_peers(&request, |answer| if let Answer::Topics(topics) = answer { Some(topics) } else { None });
        // The caller may be another node, which does not wait longer for a third one.
        let asked = timeout(TOPICS_WAIT, asked).await.ok()?;
        asked.answers.into_iter().find_map(|(_, topics)| topics)
    }

    /// A page of the users that have clients, by name.
    pub async fn users(&self, after: Option<&str>, limit: usize) -> Page<UserInfo, String> {
        let limit = limit.clamp(1, MAX_PAGE);
        let request = Request::Users { after: after.map(str::to_owned), limit };
        let elsewhere = self.ask_peers(&request, |answer| if let Answer::Users(part) = answer { Some(part) } else { None });
        let here = self.users_here(after, limit);
        whole(here, elsewhere.await, limit, |user| user.name.clone(), |one, other| one.clients += other.clients)
    }

    /// A user.
    ///
    /// # Errors
    /// `NoSuchUser`: none of its clients is connected. `NoAnswer`: perhaps to a node that does not answer.
    pub async fn user(&self, name: &str) -> Result<UserInfo, Error> {
        let request = Request::User { name: name.to_owned() };
        let asked = self.ask_peers(&request, |answer| if let Answer::User(clients) = answer { Some(clients) } else { None });
        let Asked { answers, missing } = asked.await;
        let elsewhere: usize = answers.into_iter().map(|(_, clients)| clients).sum();
        match self.inner.controls.roster.count_of(name) + elsewhere {
            0 if missing.is_empty() => Err(Error::NoSuchUser(name.to_owned())),
            0 => Err(Error::NoAnswer(missing)),
            clients => Ok(UserInfo { name: name.to_owned(), clients }),
        }
    }
}

fn client_id(client: &ClientInfo) -> u64 {
    client.id
}

impl<T, K> From<Page<T, K>> for Part<T> {
    fn from(page: Page<T, K>) -> Self {
        Self { more: page.next.is_some(), entries: page.entries }
    }
}

/// The page of all nodes.
fn whole<T, K: Ord, Key: From<K>>(
    here: Page<T, Key>,
    elsewhere: Asked<Part<T>>,
    limit: usize,
    key: impl Fn(&T) -> K,
    join: impl Fn(&mut T, T),
) -> Page<T, Key> {
    let Asked { answers, missing } = elsewhere;
    if answers.is_empty() {
        return Page { missing, ..here };
    }
    let parts = answers.into_iter().map(|(_, part)| part).chain([here.into()]);
    let Part { entries, more } = merged(parts.collect(), limit, &key, join);
    let next = entries.last().filter(|_| more).map(|last| key(last).into());
    Page { entries, next, missing }
}
