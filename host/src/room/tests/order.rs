//! The order of members whose ids do not grow.

use super::*;
use crate::types::Agreed;

/// A client of a user joins.
fn join(room: &mut Room, number: u64) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let agreed = Agreed { user: Some("ann".into()), ..Agreed::default() }.shared();
    let client = Client { id: id(number), address, request: Request::new("/", "", [] as [(&str, &str); 0]), agreed };
    room.join(Arc::new(Member::new(client, LineId { shard: 0, slot: 0 })), Bytes::new());
}

/// The members as `clients` and as `of_user` list them.
fn listed(room: &Room) -> [Vec<u64>; 2] {
    [room.clients().map(|client| client.id.get()).collect(), room.of_user("ann").map(ClientId::get).collect()]
}

#[test]
fn members_are_listed_in_the_order_in_which_they_joined() {
    let mut room = room(0);
    for number in [3, 5, 1 << 43, 4, 2 << 43, 6] {
        join(&mut room, number);
    }
    let order = vec![3, 5, 1 << 43, 4, 2 << 43, 6];
    assert_eq!(listed(&room), [order.clone(), order]);

    room.leave(id(1 << 43));
    join(&mut room, 1);
    let order = vec![3, 5, 4, 2 << 43, 6, 1];
    assert_eq!(listed(&room), [order.clone(), order]);
}

#[test]
fn members_are_listed_by_their_ids_without_sorting_as_long_as_these_grow() {
    let mut room = room(0);
    join(&mut room, 3);
    join(&mut room, 5);
    assert!(room.state().joined_by_id);
    join(&mut room, 4);
    assert!(!room.state().joined_by_id);
    for number in [3, 4, 5] {
        room.leave(id(number));
    }
    join(&mut room, 2);
    assert!(room.state().joined_by_id, "an empty room begins anew");
    assert_eq!(listed(&room), [[2], [2]]);
}
