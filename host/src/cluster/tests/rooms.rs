//! Finding, claiming and writing rooms.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ws_cluster::{Act, Answer, Entry, Start};

use super::member::{Finding, Member};
use super::server::Server;
use crate::cluster::purges::{self, Purges};

/// Bytes that differ all along.
fn bytes(length: usize, seed: u64) -> Bytes {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

#[tokio::test]
async fn a_claim_by_two_nodes_at_once_has_one_winner() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let lives = [one.life(), two.life()];
    one.sees(lives).await;
    two.sees(lives).await;
    for n in 0..50 {
        let room: Arc<str> = format!("/room {n}").into();
        let owner = match tokio::join!(one.find(&room), two.find(&room)) {
            (Finding::Won(standing), Finding::Of(owner, epoch)) => (owner == lives[0], epoch == standing.last),
            (Finding::Of(owner, epoch), Finding::Won(standing)) => (owner == lives[1], epoch == standing.last),
            other => panic!("{other:?}"),
        };
        assert_eq!(owner, (true, true), "{room}");
    }
}

#[tokio::test]
async fn a_room_of_a_node_that_is_gone_has_its_state_in_pieces_at_the_next_one() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let (room, state, large) = ("/a".into(), bytes(3_000_000, 1), bytes(700_000, 2));
    let standing = one.wins(&room).await;
    assert_eq!((standing.start, standing.is_durable), (Start::New, false));
    let epoch = standing.last;
    let mut last = epoch;
    // Earlier records and their pieces go with the purge.
    for (number, is_whole) in [(1, true), (2, false), (3, true)] {
        last = one.commits(&room, last, (epoch, number), state.clone(), is_whole).await;
    }
    one.node.purge(&room, last - 1);
    last = one.commits(&room, last, (epoch, 4), "small".into(), false).await;
    one.commits(&room, last, (epoch, 5), large.clone(), false).await;
    let survivor = two.life();
    one.leave().await;
    two.sees([survivor]).await;
    let standing = two.wins(&room).await;
    assert_eq!((standing.start, standing.is_durable), (Start::Recovery, true));
    assert!(standing.data == [state, "small".into(), large], "the state is whole");
    let stream = two.node.jetstream().get_stream("c-rooms").await.expect("the stream is there");
    // A whole record in 12 pieces, a small one, one in 3 pieces, and the claim.
    assert_eq!(stream.cached_info().state.messages, 13 + 1 + 4 + 1);
}

#[tokio::test]
async fn a_room_whose_state_lacks_a_piece_does_not_open() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    let stored = one.commits(&room, epoch, (epoch, 1), bytes(600_000, 1), true).await;
    let stream = one.node.jetstream().get_stream("c-rooms").await.expect("the stream is there");
    stream.delete_message(stored - 1).await.expect("the piece is there");
    let survivor = two.life();
    one.leave().await;
    two.sees([survivor]).await;
    assert!(matches!(two.find(&room).await, Finding::Nothing));
}

#[tokio::test]
async fn pieces_of_a_state_that_another_has_replaced_are_not_missed() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    let first = one.commits(&room, epoch, (epoch, 1), bytes(600_000, 1), true).await;
    one.commits(&room, first, (epoch, 2), bytes(600_000, 2), true).await;
    let stream = one.node.jetstream().get_stream("c-rooms").await.expect("the stream is there");
    stream.delete_message(first - 1).await.expect("the piece is there");
    let survivor = two.life();
    one.leave().await;
    two.sees([survivor]).await;
    assert!(two.wins(&room).await.data == [bytes(600_000, 2)], "the last state is whole");
}

#[tokio::test]
async fn a_chain_with_a_missing_record_does_not_open() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    let first = one.commits(&room, epoch, (epoch, 1), "1".into(), false).await;
    one.commits(&room, first, (epoch, 2), "2".into(), false).await;
    let stream = one.node.jetstream().get_stream("c-rooms").await.expect("the stream is there");
    stream.delete_message(first).await.expect("the record is there");
    let survivor = two.life();
    one.leave().await;
    two.sees([survivor]).await;
    assert!(matches!(two.find(&room).await, Finding::Nothing));
    // It is not claimed again and again.
    let stream = two.node.jetstream().get_stream("c-rooms").await.expect("the stream is there");
    let messages = stream.get_info().await.expect("NATS is there").state.messages;
    assert!(matches!(two.find(&room).await, Finding::Nothing));
    assert_eq!(stream.get_info().await.expect("NATS is there").state.messages, messages);
}

#[tokio::test]
async fn a_long_chain_is_read_whole() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    let mut last = epoch;
    for number in 1..=1500 {
        last = one.commits(&room, last, (epoch, number), number.to_string().into(), false).await;
    }
    let survivor = two.life();
    one.leave().await;
    two.sees([survivor]).await;
    let expected: Vec<_> = (1..=1500).map(|number: u64| Bytes::from(number.to_string())).collect();
    assert_eq!(two.wins(&room).await.data, expected);
}

#[tokio::test]
async fn a_record_behind_another_owners_claim_is_refused_with_that_claim() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room = "/a".into();
    let epoch = one.wins(&room).await.last;
    let entry = Entry { epoch, number: 1, ..Entry::default() };
    let released = one.publish(&room, epoch, epoch, Act::Release { entry: entry.clone(), is_empty: false }).await;
    assert!(matches!(released, Answer::Stored(_)));
    let taken = two.wins(&room).await;
    assert_eq!(taken.start, Start::Handover);
    let refused = one.publish(&room, epoch, epoch, Act::Commit { entry, whole: false }).await;
    let Answer::Refused { last: Some((sequence, record)) } = refused else { panic!("{refused:?}") };
    assert_eq!((sequence, record.owner), (taken.last, two.life()));
    assert!(matches!(record.act, Act::Claim { .. }));
}

#[tokio::test]
async fn a_node_that_drains_claims_no_room() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    one.node.drain();
    assert!(matches!(one.find(&"/a".into()).await, Finding::Nothing));
}

#[tokio::test]
async fn a_room_that_was_released_without_members_or_state_leaves_nothing() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    let rooms: [Arc<str>; 2] = ["/released".into(), "/claimed again".into()];
    let mut releases = Vec::new();
    for room in &rooms {
        let epoch = one.wins(room).await.last;
        let entry = Entry { epoch, number: 1, ..Entry::default() };
        let Answer::Stored(sequence) = one.publish(room, epoch, epoch, Act::Release { entry, is_empty: true }).await else {
            panic!("it is refused");
        };
        one.node.ended(room, epoch);
        releases.push(sequence);
    }
    one.wins(&rooms[1]).await;
    let (purges, released) = Purges::after(Duration::ZERO);
    rooms.iter().zip(releases).for_each(|(room, sequence)| purges.push(Arc::clone(room), sequence));
    drop(purges);
    purges::run(released, one.node.core().chains()).await;
    let left = one.node.core().chains();
    assert_eq!(left.last(&rooms[0]).await, Ok(None));
    assert!(matches!(left.last(&rooms[1]).await, Ok(Some(_))));
}

#[tokio::test]
async fn a_room_waits_for_the_release_of_its_state() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let room: Arc<str> = "/a".into();
    one.node.core().present.show(2, 2);
    two.node.core().present.show(1, 1);
    let epoch = one.wins(&room).await.last;
    let entry = Entry { epoch, number: 1, ..Entry::default() };
    assert!(matches!(one.publish(&room, epoch, epoch, Act::Release { entry, is_empty: false }).await, Answer::Stored(_)));
    let mut needs = two.node.core().present.needs();
    two.node.find(&room);
    needs.wait_for(|release| *release == 2).await.expect("the node lives");
    two.node.core().present.show(2, 2);
    let Finding::Won(standing) = two.found(&room).await else { panic!("nobody else wants the room") };
    assert_eq!((standing.start, standing.release), (Start::Handover, 2));
}

#[tokio::test]
async fn a_room_whose_state_cannot_be_read_is_not_claimed_over_and_over() {
    let server = Server::start();
    let mut one = Member::join(&server).await;
    let room: Arc<str> = "/a".into();
    let epoch = one.wins(&room).await.last;
    one.node.cannot_open(&room, epoch);
    assert!(matches!(one.find(&room).await, Finding::Nothing));
}
