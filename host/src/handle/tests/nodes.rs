//! Nodes of a cluster in one process, with shards and a network that the test plays.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use ws_cluster::Life;

use super::controls;
use crate::handle::Handle;
use crate::handle::peers::{Answering, Link};
use crate::inventory::{ClientInfo, RoomInfo, RoomState};
use crate::room::{LineId, Member};
use crate::shard::{Address, Command, Delivery, Question, Roster};
use crate::types::{Agreed, Client, ClientId, Request};

/// A network between nodes, which answer at once or never.
#[derive(Default)]
pub(crate) struct Network {
    nodes: Mutex<BTreeMap<u16, Option<Answering>>>,
    /// The requests so far: the number of the node that was asked, and the line of JSON.
    requests: Mutex<Vec<(u16, String)>>,
    /// The names of durable rooms, in order.
    durable: Mutex<Vec<Arc<str>>>,
}

impl Network {
    /// A node of this number is in the cluster, and never answers.
    pub(crate) fn has_silent(&self, number: u16) {
        self.nodes.lock().expect("no test fails in it").insert(number, None);
    }

    /// The cluster has these durable rooms, in order.
    pub(crate) fn has_durable(&self, rooms: &[&str]) {
        *self.durable.lock().expect("no test fails in it") = rooms.iter().copied().map(Arc::from).collect();
    }

    /// The numbers of the nodes that were asked since the last call, in order.
    pub(super) fn asked(&self) -> Vec<u16> {
        self.requests.lock().expect("no test fails in it").drain(..).map(|(number, _)| number).collect()
    }
}

/// The way of one node into the network.
pub(crate) struct Wire {
    network: Arc<Network>,
    number: u16,
    pub(crate) is_held: AtomicBool,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the wire of node {}", self.number)
    }
}

fn life(number: u16) -> Life {
    Life { since: 100 + u64::from(number), number }
}

impl Link for Wire {
    fn name(&self) -> String {
        "test".into()
    }

    fn life(&self) -> Option<Life> {
        Some(life(self.number))
    }

    fn is_held(&self) -> bool {
        self.is_held.load(Relaxed)
    }

    fn peers(&self) -> Vec<Life> {
        let nodes = self.network.nodes.lock().expect("no test fails in it");
        nodes.keys().filter(|number| **number != self.number).map(|number| life(*number)).collect()
    }

    fn ask(&self, to: Life, request: Bytes, _: Duration) -> BoxFuture<'static, Option<Bytes>> {
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        self.network.requests.lock().expect("no test fails in it").push((to.number, line));
        let answering = self.network.nodes.lock().expect("no test fails in it").get(&to.number).cloned().flatten();
        answering.map_or_else(|| ready(None).boxed(), |answering| answering(request).map(Some).boxed())
    }

    fn has_room(&self, room: &str) -> BoxFuture<'static, Option<bool>> {
        ready(Some(self.durable_rooms(room, None, 1).iter().any(|name| **name == *room))).boxed()
    }

    fn durable_rooms(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Arc<str>> {
        let rooms = self.network.durable.lock().expect("no test fails in it");
        let is_wanted = |room: &&Arc<str>| room.starts_with(prefix) && after.is_none_or(|after| ***room > *after);
        rooms.iter().filter(is_wanted).take(limit).cloned().collect()
    }

    fn serve(&self, answering: Answering) {
        self.network.nodes.lock().expect("no test fails in it").insert(self.number, Some(answering));
    }
}

/// A client of a node: a count, its room, and its user. Its id has the number of the node too.
pub(super) type Connected = (u64, &'static str, Option<&'static str>);

/// The id of a client of a node.
pub(super) fn id(node: u16, count: u64) -> ClientId {
    ((u64::from(node) << 43) + count).into()
}

/// A node, and what its shard was given to deliver.
pub(crate) struct TestNode {
    pub(crate) handle: Handle,
    pub(crate) wire: Arc<Wire>,
    pub(super) delivered: mpsc::UnboundedReceiver<String>,
}

/// A node that owns these rooms, each with this number of members in the whole cluster, and has these clients. Call it within a runtime.
pub(crate) fn node(network: &Arc<Network>, number: u16, owned: &[(&'static str, usize)], clients: &[Connected]) -> TestNode {
    let wire = Arc::new(Wire { network: Arc::clone(network), number, is_held: AtomicBool::new(true) });
    let roster = Arc::<Roster>::default();
    for (count, room, user) in clients {
        let client = Client {
            id: id(number, *count),
            address: ([127, 0, 0, 1], 1).into(),
            request: Request::new(room, "", [] as [(&str, &str); 0]),
            agreed: Agreed { user: user.map(Into::into), ..Agreed::default() }.shared(),
        };
        roster.insert(Arc::new(Member::new(client, LineId { shard: 0, slot: *count as u32 })));
    }
    let (controls, mut inbox) = controls(roster, 64, Some(Arc::clone(&wire) as Arc<dyn Link>));
    controls.counters.set_takes_events(true);
    owned.iter().for_each(|_| controls.counters.add_room());
    let (delivers, delivered) = mpsc::unbounded_channel();
    let shard = Shard { number, owned: owned.to_vec(), clients: clients.to_vec(), delivers };
    tokio::spawn(async move {
        while let Some(command) = inbox.recv().await {
            shard.obey(command);
        }
    });
    TestNode { handle: Handle::new(controls), wire, delivered }
}

/// The shard of a node.
struct Shard {
    number: u16,
    owned: Vec<(&'static str, usize)>,
    clients: Vec<Connected>,
    delivers: mpsc::UnboundedSender<String>,
}

impl Shard {
    fn obey(&self, command: Command) {
        match command {
            Command::Ask(question) => self.answer(question),
            Command::Deliver(envelope) => {
                envelope.tally.note_taken();
                let (to, clients) = match envelope.to {
                    Address::All => ("all".to_owned(), Some(self.clients.len())),
                    Address::Clients(clients) => (format!("{} of its clients", clients.len()), Some(clients.len())),
                    Address::Room(room) => (room.to_string(), self.members(&room)),
                    Address::Topic(room, topic) => (format!("{topic} in {room}"), self.members(&room)),
                };
                let Some(clients) = clients else { return };
                envelope.tally.note_found();
                envelope.tally.add(clients);
                let what = match envelope.what {
                    Delivery::Message(message) => format!("{message:?}"),
                    Delivery::Close(info) => format!("{} {}", info.code, info.reason),
                };
                self.delivers.send(format!("{to}: {what}")).expect("the test has not ended");
            }
            command => panic!("no test has a shard do this: {command:?}"),
        }
    }

    fn answer(&self, question: Question) {
        match question {
            Question::Rooms(page, answer) => {
                let is_wanted =
                    |name: &str| page.after.as_deref().is_none_or(|after| name > after) && name.starts_with(&page.prefix);
                let mut rooms: Vec<_> = self.owned.iter().filter(|room| is_wanted(room.0)).map(room).collect();
                rooms.truncate(page.limit);
                drop(answer.send(rooms));
            }
            Question::Room(name, answer) => drop(answer.send(self.owned.iter().find(|owned| *owned.0 == *name).map(room))),
            Question::Clients(clients, answer) => {
                let found = clients.iter().filter_map(|(id, _)| self.clients().find(|client| client.id == id.get()));
                drop(answer.send(found.collect()));
            }
            Question::ClientsOf(room, after, limit, answer) => {
                let clients =
                    self.clients().filter(|client| *client.room == *room && after.is_none_or(|after| client.id > after.get()));
                let clients: Vec<_> = clients.take(limit).collect();
                let is_here = !clients.is_empty() || self.members(&room).is_some();
                drop(answer.send(is_here.then_some(clients)));
            }
            Question::Topics(client, room, answer) if self.members(&room).is_some() => {
                drop(answer.send(vec![format!("a topic of {client}")]));
            }
            Question::Topics(..) => {}
        }
    }

    fn members(&self, room: &str) -> Option<usize> {
        Some(self.owned.iter().find(|owned| owned.0 == room)?.1)
    }

    fn clients(&self) -> impl Iterator<Item = ClientInfo> {
        self.clients.iter().map(|(count, room, user)| ClientInfo {
            id: id(self.number, *count).get(),
            user: user.map(str::to_owned),
            room: (*room).to_owned(),
            node: None,
            address: ([127, 0, 0, 1], 1).into(),
            path: (*room).to_owned(),
            subprotocol: None,
            connected_unix: 0,
            is_away: false,
            buffered_amount: 0,
            topics: None,
        })
    }
}

fn room((name, clients): &(&'static str, usize)) -> RoomInfo {
    let (name, clients) = ((*name).to_owned(), *clients);
    RoomInfo { name, state: RoomState::Open, clients, node: None, shard: 0, waiting: 0, waiting_events: 0 }
}
