//! Messages of the server's owner to clients of this node, past the owners of their rooms.
//!
//! Their order with the outputs of a room is not promised: these come from another node.

use super::edge_room::EdgeRoom;
use super::part::Part;
use crate::shard::command::Delivery;
use crate::shard::reach::Reach;
use crate::types::ClientId;

impl Part {
    /// Brings something to clients of a room at its edge here. Returns how many it reaches, or `None` without such an edge.
    pub fn bring(&self, room: &str, clients: impl Iterator<Item = ClientId>, what: &Delivery) -> Option<usize> {
        let edge = self.edge_room(room)?;
        Some(bring(&edge, clients, what))
    }

    /// Brings something to all clients of the cluster's rooms on this shard. Returns how many it reaches.
    pub fn bring_to_all(&self, what: &Delivery) -> usize {
        let all = |edge: &EdgeRoom| edge.task().lines.after(None, usize::MAX).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        self.edge_rooms().iter().map(|edge| bring(edge, all(edge).into_iter(), what)).sum()
    }
}

fn bring(edge: &EdgeRoom, clients: impl Iterator<Item = ClientId>, what: &Delivery) -> usize {
    let is_open = |id: &u64| edge.reach(*id).as_ref().is_some_and(Reach::is_open);
    let clients: Vec<u64> = clients.map(ClientId::get).filter(is_open).collect();
    match what {
        Delivery::Message(message) => edge.send(&clients, message.as_text().is_some(), message.as_bytes()),
        Delivery::Close(info) => clients.iter().for_each(|id| edge.close(*id, info)),
    }
    edge.note_due();
    clients.len()
}
