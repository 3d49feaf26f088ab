//! Rooms that exist, and rooms that are opened though nobody asks for them.

use std::sync::Arc;

use ws_cluster::directory::Wake;
use ws_cluster::{Act, Answer, Entry, Standing};

use super::member::Member;
use super::server::Server;
use crate::cluster::News;

/// The entry of a commit that writes, or of a release behind it.
fn entry(epoch: u64, number: u64) -> Entry {
    let data = if number == 1 { vec!["written".into()] } else { Vec::new() };
    Entry { epoch, number, data, ..Entry::default() }
}

/// A durable room that this node has open. Returns its epoch, and the sequence of its last record.
async fn opens(member: &mut Member, room: &Arc<str>, wake: Wake) -> (u64, u64) {
    let epoch = member.wins(room).await.last;
    let act = Act::Commit { entry: entry(epoch, 1), whole: false };
    match member.publish_with(room, epoch, epoch, act, wake).await {
        Answer::Stored(sequence) => (epoch, sequence),
        other => panic!("the commit is {other:?}"),
    }
}

/// The same, and this node gives it up.
async fn closes(member: &mut Member, room: &Arc<str>, wake: Wake) {
    let (epoch, last) = opens(member, room, Wake::Never).await;
    let act = Act::Release { entry: entry(epoch, 2), is_empty: true };
    assert!(matches!(member.publish_with(room, epoch, last, act, wake).await, Answer::Stored(_)));
    member.node.ended(room, epoch);
}

async fn won(member: &mut Member) -> (Arc<str>, Box<Standing>) {
    member.until(|news| if let News::Won { room, standing } = news { Some((room, standing)) } else { None }).await
}

#[tokio::test]
async fn each_node_knows_the_durable_rooms_of_all_and_finds_others_that_are_open() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    closes(&mut one, &"/durable".into(), Wake::Never).await;
    let epoch = one.wins(&"/open".into()).await.last;
    let lives = [one.life(), two.life()];
    two.sees(lives).await;
    for node in [&one.node, &two.node] {
        for (room, exists) in [("/durable", true), ("/open", true), ("/nobody", false)] {
            assert_eq!(node.has_room(room).await, Some(exists), "{room}");
        }
    }
    // Its record comes by itself.
    while two.node.durable_rooms("/", None, 9).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(two.node.durable_rooms("/", None, 9), [Arc::from("/durable")]);
    assert!(two.node.durable_rooms("/", Some("/durable"), 9).is_empty());
    // One that has never written is gone with its release.
    let entry = Entry { epoch, number: 1, ..Entry::default() };
    one.publish(&"/open".into(), epoch, epoch, Act::Release { entry, is_empty: true }).await;
    one.node.ended(&"/open".into(), epoch);
    assert_eq!(two.node.has_room("/open").await, Some(false));
    let third = Member::join(&server).await;
    assert_eq!(third.node.has_room("/durable").await, Some(true));
}

#[tokio::test]
async fn a_room_that_expects_something_is_opened_by_another_node_when_its_owner_is_gone() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let lives = [one.life(), two.life()];
    two.sees(lives).await;
    opens(&mut one, &"/nothing".into(), Wake::Never).await;
    opens(&mut one, &"/timer".into(), Wake::AfterOwner).await;
    one.leave().await;
    let (room, standing) = won(&mut two).await;
    assert_eq!((&*room, standing.data), ("/timer", vec!["written".into()]));
    assert_eq!(two.node.has_room("/nothing").await, Some(true), "it waits for a client");
}

#[tokio::test]
async fn a_closed_room_is_opened_by_one_living_node_when_it_is_due() {
    let server = Server::start();
    let (mut one, mut two) = (Member::join(&server).await, Member::join(&server).await);
    let lives = [one.life(), two.life()];
    one.sees(lives).await;
    two.sees(lives).await;
    for number in 0..8 {
        let room: Arc<str> = format!("/{number}").into();
        closes(&mut one, &room, Wake::At(1)).await;
        let (opened, standing) = tokio::select! {
            won = won(&mut one) => won,
            won = won(&mut two) => won,
        };
        assert_eq!((opened, standing.is_durable), (room, true));
    }
}
