//! The outputs of a room's turns, for the edge of each receiver.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use ws_cluster::{Life, Output};

use super::given::{self, All, Given, Other, Part};
use super::members::Members;
use crate::protocol::read_message;
use crate::requests::{Answering, HostAnswer, Receiver};
use crate::room::{Effect, Reply, ReplyPart, Target, Turn, UpgradeId};
use crate::types::{ClientId, CloseInfo};

/// The bit that tells plain HTTP requests from members, where an edge reports the bytes that wait for each.
pub const OF_REQUEST: u64 = 1 << 63;

/// Requests of edges that wait for an answer, by the ids that the room knows.
#[derive(Debug, Default)]
pub struct Waiting {
    last: u64,
    upgrades: HashMap<UpgradeId, (Life, u64)>,
    plain: HashMap<u64, Plain>,
}

/// A plain HTTP request.
#[derive(Debug)]
struct Plain {
    edge: Life,
    /// The number by which the edge knows it.
    number: u64,
    /// Counts the chunks that have not arrived at the edge, and the bytes that wait there.
    way: Answering,
    /// The other end of that way, which stays open.
    _receiver: Receiver,
    /// The bytes that wait at the edge, as it has reported them.
    reported: usize,
    /// Whether the app has been told of backpressure, and waits until the client has read everything.
    owes_drain: bool,
}

impl Plain {
    /// The bytes that wait at the edge.
    fn report(&mut self, bytes: usize) {
        self.way.stage(bytes);
        self.way.unstage(std::mem::replace(&mut self.reported, bytes));
    }

    /// Whether the client has read everything, and the app waits for that.
    fn take_drained(&mut self) -> bool {
        self.way.waiting() == 0 && std::mem::take(&mut self.owes_drain)
    }
}

impl Waiting {
    /// An upgrade request that this edge knows by this number.
    pub fn add_upgrade(&mut self, edge: Life, number: u64) -> UpgradeId {
        self.last += 1;
        self.upgrades.insert(UpgradeId(self.last), (edge, number));
        UpgradeId(self.last)
    }

    /// A plain HTTP request that this edge knows by this number.
    pub fn add_plain(&mut self, edge: Life, number: u64) -> u64 {
        self.last += 1;
        let (way, receiver) = crate::requests::way();
        let plain = Plain { edge, number, way, _receiver: receiver, reported: 0, owes_drain: false };
        self.plain.insert(self.last, plain);
        self.last
    }

    /// The way of the answer to a plain HTTP request.
    pub fn way(&self, id: u64) -> Option<Answering> {
        self.plain.get(&id).map(|plain| plain.way.clone())
    }

    /// The id of the plain request that this edge knows by this number.
    pub fn find(&self, edge: Life, number: u64) -> Option<u64> {
        self.plain.iter().find(|(_, plain)| (plain.edge, plain.number) == (edge, number)).map(|(id, _)| *id)
    }

    /// Outputs have arrived at an edge. Returns the plain requests whose clients have read everything, where the app waits for that.
    pub fn arrived(&mut self, edge: Life, outputs: &[Output]) -> Vec<u64> {
        let mut drained = Vec::new();
        if self.plain.is_empty() {
            return drained;
        }
        for Output { payload, .. } in outputs {
            let Ok(Given::Other(Other::Respond(number, Part::Chunk(chunk)))) = Given::decode(payload.clone()) else { continue };
            drained.extend(self.change(edge, number, |plain| plain.way.unstage(chunk.len())));
        }
        drained
    }

    /// An edge reports the bytes that wait there: none for the requests that it leaves out. Returns the same.
    pub fn report(&mut self, edge: Life, waiting: &[(u64, u64)]) -> Vec<u64> {
        let mut drained = Vec::new();
        for (id, plain) in self.plain.iter_mut().filter(|(_, plain)| plain.edge == edge) {
            let bytes = waiting.iter().find(|(it, _)| *it == OF_REQUEST | plain.number).map_or(0, |(_, bytes)| *bytes);
            plain.report(usize::try_from(bytes).unwrap_or(usize::MAX));
            drained.extend(plain.take_drained().then_some(*id));
        }
        drained
    }

    /// The client of the request that this edge knows by this number has read all that waited. Returns the request if the app waits for that.
    pub fn has_read(&mut self, edge: Life, number: u64) -> Option<u64> {
        self.change(edge, number, |plain| plain.report(0))
    }

    /// Changes what waits for the client of a plain request. Returns the request if that has read everything, and the app waits for that.
    fn change(&mut self, edge: Life, number: u64, change: impl FnOnce(&mut Plain)) -> Option<u64> {
        let id = self.find(edge, number)?;
        let plain = self.plain.get_mut(&id)?;
        change(plain);
        plain.take_drained().then_some(id)
    }

    /// Forgets the requests of edges whose lives are over. Returns the ids of the plain ones.
    pub fn forget_edges(&mut self, is_gone: impl Fn(Life) -> bool) -> Vec<u64> {
        self.upgrades.retain(|_, (edge, _)| !is_gone(*edge));
        self.plain.extract_if(|_, plain| is_gone(plain.edge)).map(|(id, _)| id).collect()
    }

    /// Forgets a plain request.
    pub fn forget(&mut self, id: u64) {
        self.plain.remove(&id);
    }

    /// The host's own answer to a plain request.
    pub fn refuse(&mut self, way: &Answering, answer: Option<HostAnswer>) -> Option<(Life, Output)> {
        let id = self.plain.iter().find(|(_, plain)| plain.way.is(way)).map(|(id, _)| *id)?;
        let plain = self.plain.remove(&id)?;
        let part = answer.map_or(Part::Passed, |answer| Part::Refused(answer.into()));
        Some((plain.edge, other(Vec::new(), Other::Respond(plain.number, part))))
    }

    pub(super) fn respond(&mut self, Reply { way, part }: &Reply) -> Option<(Life, Output)> {
        let id = self.plain.iter().find(|(_, plain)| plain.way.is(way)).map(|(id, _)| *id)?;
        let plain = self.plain.get_mut(&id)?;
        let (edge, number) = (plain.edge, plain.number);
        let (part, is_last) = match part {
            ReplyPart::Whole(head, body) => (Part::Whole(head.into(), body.to_vec()), true),
            ReplyPart::Begin(head) => {
                way.begin(head.clone());
                (Part::Begin(head.into()), false)
            }
            // It stays staged until it has arrived.
            ReplyPart::Chunk(chunk, over_soft) => {
                plain.owes_drain |= over_soft;
                (Part::Chunk(chunk.to_vec()), false)
            }
            ReplyPart::End => (Part::End, true),
            ReplyPart::Abort => (Part::Abort, true),
        };
        if is_last {
            self.plain.remove(&id);
        }
        Some((edge, other(Vec::new(), Other::Respond(number, part))))
    }
}

/// Makes outputs of a turn's effects. Returns whether there are others, which the owner's node does itself.
pub fn stage(
    turn: &Turn,
    members: &Members,
    waiting: &mut Waiting,
    leaver: Option<(u64, Life)>,
    outputs: &mut Vec<(Life, Output)>,
) -> bool {
    let edge_of = |id: ClientId| {
        let id = id.get();
        members.edge_of(id).or_else(|| leaver.filter(|(leaver, _)| *leaver == id).map(|(_, edge)| edge))
    };
    let to = |id: &ClientId| vec![id.get()];
    let mut has_others = false;
    for effect in turn.effects() {
        match effect {
            Effect::Send(target, frame) => {
                let (is_text, payload) = read_message(turn.bytes_of(frame));
                send(target, (is_text, payload), members, outputs);
            }
            Effect::Close { id, info, .. } => {
                outputs.extend(edge_of(*id).map(|edge| (edge, other(to(id), Other::close(info)))));
            }
            Effect::Reply(id, _, info) => {
                outputs.extend(edge_of(*id).map(|edge| (edge, other(to(id), Other::reply(info)))));
            }
            Effect::Decide(id, decision) => {
                if let Some((edge, number)) = waiting.upgrades.remove(id) {
                    outputs.push((edge, other(Vec::new(), Other::Decide(number, (&**decision).into()))));
                }
            }
            Effect::Respond(reply) => outputs.extend(waiting.respond(reply)),
            Effect::Fetch(..) | Effect::CancelFetch(_) | Effect::Event(_) => has_others = true,
        }
    }
    has_others
}

fn send(target: &Target, (is_text, payload): (bool, &[u8]), members: &Members, outputs: &mut Vec<(Life, Output)>) {
    let owe = |ids: &[ClientId]| ids.iter().filter_map(|id| members.get(id.get())).for_each(|member| member.owe_drain());
    match target {
        Target::One { id, over_soft, .. } => {
            if *over_soft {
                owe(&[*id]);
            }
            let id = id.get();
            outputs.extend(members.edge_of(id).map(|edge| (edge, some(vec![id], given::to_some(is_text, payload)))));
        }
        Target::Some { receivers, over_soft } => {
            owe(over_soft);
            let mut by_edge: BTreeMap<Life, Vec<u64>> = BTreeMap::new();
            for (id, _) in receivers {
                if let Some(edge) = members.edge_of(id.get()) {
                    by_edge.entry(edge).or_default().push(id.get());
                }
            }
            let payload = given::to_some(is_text, payload);
            outputs.extend(by_edge.into_iter().map(|(edge, to)| (edge, some(to, payload.clone()))));
        }
        Target::Members { except, joined_by, over_soft } => {
            owe(over_soft);
            let all = All { joined_by: *joined_by, except: except.iter().map(|id| id.get()).collect() };
            let payload = given::to_all(&all, is_text, payload);
            outputs.extend(members.edges().map(|edge| (edge, some(Vec::new(), payload.clone()))));
        }
    }
}

/// Closes a client that is no member.
pub fn closing(id: u64, info: &CloseInfo) -> Output {
    other(vec![id], Other::close(info))
}

fn some(to: Vec<u64>, payload: Bytes) -> Output {
    Output { to, payload }
}

fn other(to: Vec<u64>, other: Other) -> Output {
    Output { to, payload: other.encode() }
}
