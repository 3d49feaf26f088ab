//! The answers of a shard to questions about its rooms and clients.

use std::ops::Bound;
use std::rc::Rc;

use super::orders::RoomOrder;
use super::question::{Question, RoomPage};
use super::reach::Reach;
use super::room_task::RoomTask;
use super::rooms::Rooms;
use crate::app::Launch;
use crate::inventory::{ClientInfo, RoomInfo, RoomState};
use crate::room::LineId;
use crate::types::ClientId;

impl<L: Launch> Rooms<L> {
    /// Answers a question. The one that has asked may be gone by now.
    pub(super) fn answer(&self, question: Question) {
        match question {
            Question::Rooms(page, answer) => drop(answer.send(self.page(&page))),
            Question::Room(name, answer) => drop(answer.send(self.info(&name))),
            Question::Clients(clients, answer) => drop(answer.send(self.clients(&clients))),
            Question::ClientsOf(room, after, limit, answer) => {
                drop(answer.send(self.line_room(&room).map(|task| self.clients_of(&task, after, limit))));
            }
            Question::Topics(client, room, answer) => {
                if let Some(entry) = self.entry(&room) {
                    entry.give(RoomOrder::Topics(client, answer));
                }
            }
        }
    }

    fn page(&self, RoomPage { after, prefix, limit }: &RoomPage) -> Vec<RoomInfo> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after.as_str()),
            _ => Bound::Included(prefix.as_str()),
        };
        let mut left = *limit;
        let mut rooms: Vec<_> = self
            .by_name()
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(name, _)| name.starts_with(prefix.as_str()))
            .take(*limit)
            .map(|(_, entry)| self.open_room(&entry.task))
            .collect();
        let asleep = self.incoming().asleep_from(from, |name| {
            let is_wanted = left > 0 && name.starts_with(prefix.as_str());
            left = left.saturating_sub(1);
            is_wanted
        });
        rooms.extend(asleep.iter().map(|name| self.asleep_room(name)));
        rooms.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        rooms.truncate(*limit);
        rooms
    }

    fn info(&self, name: &str) -> Option<RoomInfo> {
        let open = self.get(name).map(|task| self.open_room(&task));
        open.or_else(|| self.incoming().is_asleep(name).then(|| self.asleep_room(name)))
    }

    fn open_room(&self, task: &RoomTask) -> RoomInfo {
        RoomInfo {
            name: task.name().to_owned(),
            state: RoomState::Open,
            clients: task.population(),
            node: None,
            shard: self.shard().index(),
            waiting: task.mailbox.len(),
            waiting_events: task.events.len(),
        }
    }

    fn asleep_room(&self, name: &str) -> RoomInfo {
        RoomInfo {
            name: name.to_owned(),
            state: RoomState::Asleep,
            clients: 0,
            node: None,
            shard: self.shard().index(),
            waiting: 0,
            waiting_events: 0,
        }
    }

    fn clients(&self, clients: &[(ClientId, LineId)]) -> Vec<ClientInfo> {
        clients.iter().filter_map(|(id, line)| self.shard().reach(*id, *line)).map(|reach| client(&reach)).collect()
    }

    fn clients_of(&self, task: &Rc<RoomTask>, after: Option<ClientId>, limit: usize) -> Vec<ClientInfo> {
        let shard = self.shard();
        let page = task.lines.after(after, limit);
        let clients = page.into_iter().filter_map(|(id, slot)| shard.reach(id, shard.line_id(slot)));
        clients.map(|reach| client(&reach)).collect()
    }
}

fn client(reach: &Reach) -> ClientInfo {
    let member = reach.member();
    let client = &member.client;
    ClientInfo {
        id: client.id.get(),
        user: client.user().map(str::to_owned),
        room: reach.room().name().to_owned(),
        node: None,
        address: client.address,
        path: client.request.path().to_owned(),
        subprotocol: client.subprotocol().map(str::to_owned),
        connected_unix: member.connected_unix(),
        is_away: matches!(reach, Reach::Away(_)),
        buffered_amount: member.waiting_bytes(),
        topics: None,
    }
}
