//! The clients of a server, for threads other than the shards'.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;

use crate::inventory::UserInfo;
use crate::room::{LineId, Member};
use crate::types::{Client, ClientId};

/// The most clients that are read at once. The lock holds up clients that come and go.
const AT_ONCE: usize = 1000;

/// The clients of all shards by id. It is locked when a client comes or goes and when a `Handle` asks, never for a message.
#[derive(Debug, Default)]
pub struct Roster {
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    by_id: BTreeMap<ClientId, Arc<Member>>,
    /// Those of each user. Most clients have none, and are not here.
    by_user: BTreeMap<ByteString, BTreeSet<ClientId>>,
}

impl Roster {
    /// Adds a client that has connected.
    pub fn insert(&self, member: Arc<Member>) {
        let id = member.client.id;
        let mut clients = self.lock();
        if let Some(user) = user_of(&member) {
            clients.by_user.entry(user).or_default().insert(id);
        }
        clients.by_id.insert(id, member);
    }

    /// Takes a client out.
    pub fn remove(&self, id: ClientId) {
        let mut clients = self.lock();
        let Some(member) = clients.by_id.remove(&id) else { return };
        if let Some(user) = user_of(&member)
            && let Some(ids) = clients.by_user.get_mut(&user)
        {
            ids.remove(&id);
            if ids.is_empty() {
                clients.by_user.remove(&user);
            }
        }
    }

    /// The line of a client that has one.
    pub fn line(&self, id: ClientId) -> Option<LineId> {
        self.lock().by_id.get(&id)?.line()
    }

    /// All clients, in the order in which they came. They are read in pieces: one that leaves meanwhile may be missing.
    pub fn clients(&self) -> Vec<Client> {
        let mut clients: Vec<Client> = Vec::new();
        loop {
            let page = self.page(None, clients.last().map(|client| client.id), AT_ONCE);
            let is_last = page.len() < AT_ONCE;
            clients.extend(page.iter().map(|member| member.client.clone()));
            if is_last {
                return clients;
            }
        }
    }

    /// At most this many of all clients, or of those of a user, from behind a place on, in the order of their ids.
    pub fn page(&self, user: Option<&str>, after: Option<ClientId>, limit: usize) -> Vec<Arc<Member>> {
        let from = (after.map_or(Unbounded, Excluded), Unbounded);
        let clients = self.lock();
        match user {
            None => clients.by_id.range(from).take(limit).map(|(_, member)| Arc::clone(member)).collect(),
            Some(user) => {
                let ids = clients.by_user.get(user).into_iter().flat_map(|ids| ids.range(from)).take(limit);
                ids.filter_map(|id| clients.by_id.get(id).cloned()).collect()
            }
        }
    }

    /// The clients of a user that have lines, in the order of their ids.
    pub fn lines_of(&self, user: &str) -> Vec<(ClientId, LineId)> {
        let clients = self.lock();
        let ids = clients.by_user.get(user).into_iter().flatten();
        ids.filter_map(|id| Some((*id, clients.by_id.get(id)?.line()?))).collect()
    }

    /// The number of clients of a user.
    pub fn count_of(&self, user: &str) -> usize {
        self.lock().by_user.get(user).map_or(0, BTreeSet::len)
    }

    /// At most this many users, from behind a place on, in the order of their names.
    pub fn users(&self, after: Option<&str>, limit: usize) -> Vec<UserInfo> {
        let from = (after.map_or(Unbounded, Excluded), Unbounded);
        let clients = self.lock();
        let users = clients.by_user.range::<str, _>(from).take(limit);
        users.map(|(name, ids)| UserInfo { name: name.to_string(), clients: ids.len() }).collect()
    }

    /// The number of clients.
    pub fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    fn lock(&self) -> MutexGuard<'_, Clients> {
        // Nothing panics between the two changes of a client.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn user_of(member: &Member) -> Option<ByteString> {
    member.client.agreed.as_ref()?.user.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Agreed, Request};

    /// A roster with clients 1 to `count`, of which every third belongs to user `ann` and the one behind it to `ben`.
    fn roster(count: u64) -> Roster {
        let roster = Roster::default();
        for id in 1..=count {
            let user = match id % 3 {
                0 => Some("ann".into()),
                1 => Some("ben".into()),
                _ => None,
            };
            let client = Client {
                id: id.into(),
                address: ([127, 0, 0, 1], 1).into(),
                request: Request::new("/", "", [] as [(&str, &str); 0]),
                agreed: Agreed { user, ..Agreed::default() }.shared(),
            };
            roster.insert(Arc::new(Member::new(client, LineId { shard: 0, slot: id as u32 })));
        }
        roster
    }

    fn ids(page: &[Arc<Member>]) -> Vec<u64> {
        page.iter().map(|member| member.client.id.get()).collect()
    }

    #[test]
    fn clients_come_in_pages_by_id() {
        let roster = roster(5);
        assert_eq!(ids(&roster.page(None, None, 2)), [1, 2]);
        assert_eq!(ids(&roster.page(None, Some(2.into()), 2)), [3, 4]);
        roster.remove(5.into());
        assert!(roster.page(None, Some(4.into()), 2).is_empty());
    }

    #[test]
    fn all_clients_are_read_in_pieces() {
        let clients = roster(2500).clients();
        assert!(clients.iter().map(|client| client.id.get()).eq(1..=2500));
    }

    #[test]
    fn the_clients_of_a_user_come_in_pages_and_a_user_without_clients_is_forgotten() {
        let roster = roster(7);
        assert_eq!(ids(&roster.page(Some("ben"), Some(1.into()), 1)), [4]);
        assert_eq!(roster.lines_of("ann").iter().map(|(id, _)| id.get()).collect::<Vec<_>>(), [3, 6]);
        let names =
            |after, limit| roster.users(after, limit).into_iter().map(|user| (user.name, user.clients)).collect::<Vec<_>>();
        assert_eq!(names(None, 1), [("ann".to_owned(), 2)]);
        assert_eq!(names(Some("ann"), 9), [("ben".to_owned(), 3)]);
        [3, 6].into_iter().for_each(|id| roster.remove(id.into()));
        assert_eq!((names(None, 9), roster.count_of("ann")), (vec![("ben".to_owned(), 3)], 0));
    }
}
