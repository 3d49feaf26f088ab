//! The members of an owned room, with the edges that have their connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use ws_cluster::{Life, Output};

use super::given::{All, Given};
use crate::protocol;
use crate::room::Member;

/// The members by their ids, and the bytes that wait for each.
#[derive(Debug, Default)]
pub struct Members {
    by_id: BTreeMap<u64, Home>,
    edges: BTreeMap<Life, AtEdge>,
}

#[derive(Debug)]
struct Home {
    edge: Life,
    member: Arc<Member>,
}

/// The members of one edge.
#[derive(Debug, Default)]
struct AtEdge {
    members: BTreeMap<u64, Arc<Member>>,
    /// The bytes that wait for members there, as it has reported them.
    reported: BTreeMap<u64, usize>,
}

impl AtEdge {
    /// The bytes that wait for a member. Returns the member if that drains it.
    fn report(&mut self, id: u64, bytes: usize) -> Option<Arc<Member>> {
        let member = self.members.get(&id)?;
        member.add_waiting(bytes);
        let before = match bytes {
            0 => self.reported.remove(&id),
            _ => self.reported.insert(id, bytes),
        };
        member.sub_waiting(before.unwrap_or(0));
        member.take_drained().then(|| Arc::clone(member))
    }
}

impl Members {
    /// Adds a member of this edge.
    pub fn insert(&mut self, edge: Life, member: Arc<Member>) {
        let id = member.client.id.get();
        self.edges.entry(edge).or_default().members.insert(id, Arc::clone(&member));
        self.by_id.insert(id, Home { edge, member });
    }

    /// Removes a member.
    pub fn remove(&mut self, id: u64) {
        let Some(home) = self.by_id.remove(&id) else { return };
        if let Some(at) = self.edges.get_mut(&home.edge) {
            at.members.remove(&id);
            at.reported.remove(&id);
            if at.members.is_empty() {
                self.edges.remove(&home.edge);
            }
        }
    }

    /// A member.
    pub fn get(&self, id: u64) -> Option<&Arc<Member>> {
        self.by_id.get(&id).map(|home| &home.member)
    }

    /// The edge of a member.
    pub fn edge_of(&self, id: u64) -> Option<Life> {
        self.by_id.get(&id).map(|home| home.edge)
    }

    /// The edges that have members.
    pub fn edges(&self) -> impl Iterator<Item = Life> {
        self.edges.keys().copied()
    }

    /// Outputs have arrived at an edge: their bytes wait for the owner no longer. Returns the members that this drains.
    pub fn arrived(&self, edge: Life, outputs: &[Output]) -> Vec<Arc<Member>> {
        let mut drained = Vec::new();
        let mut uncount = |member: &Arc<Member>, bytes: usize| {
            member.sub_waiting(bytes);
            if member.take_drained() {
                drained.push(Arc::clone(member));
            }
        };
        for Output { to, payload } in outputs {
            match Given::decode(payload.clone()) {
                Ok(Given::Message { payload, .. }) => {
                    let bytes = protocol::message_len(payload.len());
                    to.iter().filter_map(|id| self.get(*id)).for_each(|member| uncount(member, bytes));
                }
                Ok(Given::ToAll { to: All { joined_by, except }, payload, .. }) => {
                    let bytes = protocol::message_len(payload.len());
                    let members = self.edges.get(&edge).into_iter().flat_map(|at| &at.members);
                    let receivers = members.filter(|(id, it)| it.join_number() <= joined_by && except.binary_search(id).is_err());
                    receivers.for_each(|(_, member)| uncount(member, bytes));
                }
                _ => {}
            }
        }
        drained
    }

    /// An edge reports the bytes that wait for members there: none for those that it leaves out. Returns the members that this drains.
    pub fn report(&mut self, edge: Life, waiting: &[(u64, u64)]) -> Vec<Arc<Member>> {
        let Some(at) = self.edges.get_mut(&edge) else { return Vec::new() };
        let left_out: Vec<_> =
            at.reported.keys().filter(|id| !waiting.iter().any(|(it, _)| it == *id)).map(|id| (*id, 0)).collect();
        let now = waiting.iter().map(|(id, bytes)| (*id, usize::try_from(*bytes).unwrap_or(usize::MAX)));
        now.chain(left_out).filter_map(|(id, bytes)| at.report(id, bytes)).collect()
    }

    /// A member has read all that waited for it. Whether this drains it.
    pub fn has_read(&mut self, id: u64) -> bool {
        let at = self.edge_of(id).and_then(|edge| self.edges.get_mut(&edge));
        at.is_some_and(|at| at.report(id, 0).is_some())
    }
}
