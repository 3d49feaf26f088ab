//! The owner's messages and closes, and the owner's questions.

use std::time::Duration;

use tokio::sync::oneshot;

use super::verdicts::suspend;
use super::{Bench, TestClient, with_linger, with_shard};
use crate::config::Limits;
use crate::inventory::{RoomInfo, RoomState};
use crate::room::LineId;
use crate::shard::cached_frame::CachedFrame;
use crate::shard::command::{Address, Command, Delivery, Envelope};
use crate::shard::question::{Question, RoomPage};
use crate::shard::tally::{Tallied, Tally};
use crate::types::{ClientId, CloseInfo, Message};

impl Bench {
    /// Sends every client a message past all rooms, behind the commands before it. Everything that was visible earlier arrives before it.
    pub(super) async fn mark(&self, text: &str) {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Ask(Question::Room("".into(), answer))).await;
        assert_eq!(answered.await, Ok(None));
        let (shard, mut frame) = (self.rooms.shard(), Vec::new());
        crate::protocol::write_message(&mut frame, true, text.as_bytes());
        let frame = frame.into();
        shard.for_each(|line| {
            let mut frame = CachedFrame::whole(&frame, false);
            line.member().add_waiting(frame.len());
            line.queue(shard.resources(), &mut frame);
        });
    }

    /// Has the shard deliver something. The result comes when all rooms have it.
    async fn delivers(&self, to: Address, what: Delivery) -> oneshot::Receiver<Tallied> {
        let (tally, tallied) = Tally::new();
        self.command(Command::Deliver(Envelope { to, what, tally })).await;
        tallied
    }

    async fn sends(&self, to: Address, text: &str) -> oneshot::Receiver<Tallied> {
        self.delivers(to, Delivery::Message(Message::text(text.to_owned()))).await
    }

    async fn asks<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> T {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Ask(question(answer))).await;
        answered.await.expect("the shard answers")
    }

    /// The names of a page of rooms, with what they are.
    async fn lists(&self, after: Option<&str>, prefix: &str, limit: usize) -> Vec<(String, RoomState, usize)> {
        let page = RoomPage { after: after.map(str::to_owned), prefix: prefix.to_owned(), limit };
        let rooms = self.asks(|answer| Question::Rooms(page, answer)).await;
        rooms.into_iter().map(|RoomInfo { name, state, clients, .. }| (name, state, clients)).collect()
    }
}

fn client(id: u64, slot: u32) -> Address {
    Address::Clients(vec![(id.into(), LineId { shard: 0, slot })])
}

fn room(name: &str) -> Address {
    Address::Room(name.into())
}

fn close() -> Delivery {
    Delivery::Close(CloseInfo::owner(4001, "out"))
}

fn clients(tallied: Result<Tallied, oneshot::error::RecvError>) -> usize {
    tallied.expect("the result comes").clients
}

async fn hears_all(client: &mut TestClient, expected: &[&str]) {
    for text in expected {
        assert_eq!(client.hears().await, *text);
    }
}

#[test]
fn messages_of_one_caller_arrive_in_the_order_of_the_calls_whatever_they_are_addressed_to() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        shard.sends(room("a"), "first").await;
        shard.sends(client(1, 0), "second").await;
        shard.sends(Address::All, "third").await;
        shard.sends(room("a"), "fourth").await;
        shard.delivers(client(1, 0), close()).await;
        shard.asks(|answer| Question::Room("a".into(), answer)).await;
        shard.go_on.notify_one();
        hears_all(&mut one, &["first", "second", "third", "fourth", "close 4001"]).await;
    });
}

#[test]
fn a_message_to_all_clients_waits_behind_the_turns_of_their_room_that_are_not_durable() {
    with_shard(|shard| async move {
        let mut one = shard.enters_room("a").await;
        one.say("write first").await;
        shard.journal.wait_for(1).await;
        let queued = shard.sends(Address::All, "second").await;
        assert_eq!(clients(queued.await), 1, "the number is known before");
        shard.journal.finish();
        hears_all(&mut one, &["write first", "second"]).await;
    });
}

#[test]
fn a_client_is_disconnected_behind_the_turns_of_its_room_that_are_not_durable() {
    with_shard(|shard| async move {
        let mut one = shard.enters_room("a").await;
        one.say("write first").await;
        shard.journal.wait_for(1).await;
        assert_eq!(clients(shard.delivers(client(1, 0), close()).await.await), 1);
        shard.journal.finish();
        hears_all(&mut one, &["write first", "close 4001"]).await;
    });
}

#[test]
fn clients_of_a_room_whose_handler_is_suspended_are_disconnected_at_once() {
    for to in [room("a"), client(1, 0), Address::All] {
        with_shard(|shard| async move {
            let mut one = suspend(&shard).await;
            assert_eq!(clients(shard.delivers(to, close()).await.await), 1);
            assert_eq!(one.hears().await, "close 4001");
        });
    }
}

#[test]
fn a_client_that_its_app_has_not_heard_of_yet_gets_messages_to_all_and_is_disconnected_with_its_room() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        let mut two = shard.join("a").await;
        let queued = shard.sends(Address::All, "hello").await;
        shard.asks(|answer| Question::Room("a".into(), answer)).await;
        shard.go_on.notify_one();
        assert_eq!(clients(queued.await), 2);
        hears_all(&mut one, &["hello", "joined 2"]).await;
        hears_all(&mut two, &["hello", "joined 2"]).await;
        one.say("wait again").await;
        shard.is_told("wait again").await;
        let mut three = shard.join("a").await;
        assert_eq!(clients(shard.delivers(room("a"), close()).await.await), 3);
        assert_eq!(three.hears().await, "close 4001");
    });
}

#[test]
fn the_owner_hears_how_many_clients_something_reaches() {
    with_shard(|shard| async move {
        let (mut one, _two, _three) = (shard.enters_room("a").await, shard.enters_room("a").await, shard.enters_room("b").await);
        assert_eq!(one.hears().await, "joined 2");
        assert_eq!(clients(shard.sends(room("a"), "x").await.await), 2);
        assert_eq!(clients(shard.sends(Address::All, "x").await.await), 3);
        assert_eq!(clients(shard.sends(Address::Topic("a".into(), "news".into()), "x").await.await), 0);
        let nobody = Tallied { clients: 0, is_taken: true, is_found: false, is_full: false };
        assert_eq!(shard.sends(room("nowhere"), "x").await.await, Ok(nobody));
        assert_eq!(shard.sends(client(9, 0), "x").await.await, Ok(nobody), "the slot is another client's");
        assert_eq!(clients(shard.delivers(room("a"), close()).await.await), 2);
        assert_eq!(clients(shard.sends(room("a"), "x").await.await), 0, "they are closing");
    });
}

#[test]
fn the_owner_hears_that_a_room_takes_no_more() {
    with_shard(|shard| async move {
        let _one = suspend(&shard).await;
        for _ in 0..1024 {
            shard.sends(room("a"), "x").await;
        }
        let refused = shard.sends(Address::All, "x").await.await;
        assert_eq!(refused, Ok(Tallied { clients: 0, is_taken: true, is_found: true, is_full: true }));
    });
}

#[test]
fn a_shard_that_ends_takes_nothing_and_says_so() {
    with_shard(|shard| async move {
        let mut one = suspend(&shard).await;
        shard
            .command(Command::Drain(std::time::Instant::now() + Duration::from_secs(30), crate::types::CloseInfo::shutdown()))
            .await;
        let (sent, asked) = (shard.sends(Address::All, "x").await, oneshot::channel());
        shard.command(Command::Ask(Question::Room("a".into(), asked.0))).await;
        assert_eq!(one.hears().await, "close 1001");
        assert!(!sent.await.expect("the result comes").is_taken);
        assert!(asked.1.await.is_err());
        shard.go_on.notify_one();
    });
}

#[test]
fn rooms_are_listed_by_name_in_pages_with_those_that_are_asleep() {
    let linger = Some(Duration::ZERO);
    with_linger(Limits::default(), linger, |shard| async move {
        let mut sleeper = shard.enters_room("ab").await;
        sleeper.says_and_hears("keep this", "kept").await;
        let (_one, _two) = (shard.enters_room("b").await, shard.enters_room("aa").await);
        sleeper.close().await;
        while shard.asks(|answer| Question::Room("ab".into(), answer)).await.is_some_and(|room| room.state == RoomState::Open) {
            tokio::task::yield_now().await;
        }
        let open = |name: &str| (name.to_owned(), RoomState::Open, 1);
        assert_eq!(shard.lists(None, "", 10).await.iter().filter(|room| room.1 == RoomState::Open).count(), 2);
        assert_eq!(shard.lists(None, "", 1).await, [open("aa")]);
        assert_eq!(shard.lists(Some("ab"), "", 10).await, [open("b")]);
        assert_eq!(shard.lists(None, "b", 10).await, [open("b")]);
        assert_eq!(shard.lists(Some("aa"), "a", 10).await.iter().filter(|room| room.1 == RoomState::Open).count(), 0);
    });
}

#[test]
fn the_clients_of_a_room_are_listed_while_its_handler_is_suspended() {
    with_shard(|shard| async move {
        let _one = suspend(&shard).await;
        let (_two, _three) = (shard.join("a").await, shard.join("b").await);
        let page = async |after: Option<ClientId>, limit| {
            let clients = shard.asks(|answer| Question::ClientsOf("a".into(), after, limit, answer)).await;
            clients.expect("it is open").into_iter().map(|client| (client.id, client.room)).collect::<Vec<_>>()
        };
        let in_a = |id: u64| (id, "a".to_owned());
        assert_eq!(page(None, 10).await, [in_a(1), in_a(2)]);
        assert_eq!((page(None, 1).await, page(Some(1.into()), 9).await), (vec![in_a(1)], vec![in_a(2)]));
        assert_eq!(shard.asks(|answer| Question::ClientsOf("c".into(), None, 9, answer)).await, None);
        let room = shard.asks(|answer| Question::Room("a".into(), answer)).await.expect("it is open");
        assert_eq!((room.clients, room.waiting), (2, 1), "client 2 has not joined yet");
    });
}
