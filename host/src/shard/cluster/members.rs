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
    /// The members of each edge.
    edges: BTreeMap<Life, BTreeMap<u64, Arc<Member>>>,
}

#[derive(Debug)]
struct Home {
    edge: Life,
    member: Arc<Member>,
    /// The bytes that wait at the edge, as it has reported them.
    reported: usize,
}

impl Members {
    /// Adds a member of this edge.
    pub fn insert(&mut self, edge: Life, member: Arc<Member>) {
        let id = member.client.id.get();
        self.edges.entry(edge).or_default().insert(id, Arc::clone(&member));
        self.by_id.insert(id, Home { edge, member, reported: 0 });
    }

    /// Removes a member.
    pub fn remove(&mut self, id: u64) {
        let Some(home) = self.by_id.remove(&id) else { return };
        if let Some(others) = self.edges.get_mut(&home.edge) {
            others.remove(&id);
            if others.is_empty() {
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
                    let members = self.edges.get(&edge).into_iter().flatten();
                    let receivers = members.filter(|(id, it)| it.join_number() <= joined_by && except.binary_search(id).is_err());
                    receivers.for_each(|(_, member)| uncount(member, bytes));
                }
                _ => {}
            }
        }
        drained
    }

    /// An edge reports the bytes that wait for members there. Returns the members that this drains.
    pub fn report(&mut self, waiting: Vec<(u64, u64)>) -> Vec<Arc<Member>> {
        let mut drained = Vec::new();
        for (id, bytes) in waiting {
            let Some(home) = self.by_id.get_mut(&id) else { continue };
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            home.member.add_waiting(bytes);
            home.member.sub_waiting(std::mem::replace(&mut home.reported, bytes));
            if home.member.take_drained() {
                drained.push(Arc::clone(&home.member));
            }
        }
        drained
    }
}
