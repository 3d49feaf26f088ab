//! The state that a world comes to when its troubles are over.

use super::world::World;

impl World {
    /// After a time without trouble, rooms with clients have one owner each, which has all of them, and nothing waits.
    pub(super) fn check_rest(&mut self) {
        for room in 0..self.setting.writes_after.len() {
            let clients = self.oracle.clients.iter().filter(|(_, client)| client.room == room && client.is_here);
            let clients: Vec<u64> = clients.map(|(id, _)| *id).collect();
            let nodes = self.machines.iter().filter_map(|machine| machine.node.as_ref());
            let places: Vec<_> = nodes.filter_map(|node| node.rooms.get(&room)).collect();
            let owners: Vec<_> = places.iter().filter_map(|place| place.serving.as_ref()).collect();
            if clients.is_empty() || self.oracle.broken.contains(&room) {
                continue;
            }
            let edges: Vec<_> = clients.iter().map(|id| (id, self.oracle.clients[id].edge)).collect();
            assert_eq!(
                owners.len(),
                1,
                "room {room} has one owner for {edges:?}, of {} nodes",
                self.machines.iter().filter(|machine| machine.node.is_some()).count()
            );
            let members: Vec<_> = owners[0].owner.members().map(|member| member.id).collect();
            assert_eq!(members, clients, "the owner of room {room} has its members");
            assert_eq!(self.nats.epoch(room), Some(owners[0].owner.epoch()), "the records name the owner of room {room}");
            for edge in places.iter().filter_map(|place| place.edge.as_ref()) {
                assert!(edge.is_at_rest(), "room {room}: {edge:?}");
            }
        }
        self.oracle.check_all_counted();
    }
}
