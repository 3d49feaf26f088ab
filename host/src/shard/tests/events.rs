//! Messages between rooms.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Bench, Herald, TestClient, with_limits, with_shard, with_stores};
use crate::app::rooms::Source;
use crate::app::{Fault, Outcome};
use crate::config::Limits;
use crate::room::{Room, RoomOptions, Stores, Total};
use crate::shard::command::Command;
use crate::shard::orders::{Change, Handover, Order};
use crate::shard::probation::Probation;
use crate::types::{ClientId, CloseInfo, Message};

impl Herald {
    /// Sends a text to the room that its first word names, or as many as a number at its end says. With `new` in front, that room begins.
    pub(super) async fn send_event(&self, room: &mut Room, from: ClientId, rest: &str) -> Outcome {
        let (create, rest) = rest.strip_prefix("new ").map_or((false, rest), |rest| (true, rest));
        let (to, text) = rest.split_once(' ').expect("a room and a text");
        let mut sent = Ok(());
        let times = text.strip_prefix("times ").map_or(1, |times| times.parse().expect("a number"));
        for _ in 0..times {
            sent = room.send_to_room(to, Message::text(text), RoomOptions { create }).await;
            if sent.is_err() {
                break;
            }
        }
        if text.contains("then trap") {
            return Err(Fault::new("the test asked for it"));
        }
        let told = sent.map_or_else(|error| error.to_string(), |()| "sent".into());
        room.send(from, told).map(drop).map_err(|error| Fault::new(error.to_string()))
    }

    /// Notes a message of another room.
    pub(super) async fn take_event(&self, room: &mut Room, source: &Source, message: &Message) -> Outcome {
        let (Source::Room(from) | Source::Api(from)) = source;
        let text = message.as_text().unwrap_or_default();
        let kind = if matches!(source, Source::Api(_)) { "the API as " } else { "" };
        self.note(format!("{} got {text} from {kind}{from}", room.name()));
        if text.contains("wait") {
            self.go_on.notified().await;
        }
        if text.starts_with("write") {
            room.store().set(text, text).await.map_err(|error| Fault::new(error.to_string()))?;
        }
        if text.contains("back") {
            room.send_to_room(from, message.clone(), RoomOptions::default())
                .await
                .map_err(|error| Fault::new(error.to_string()))?;
        }
        if text.contains("poison") { Err(Fault::new("the test asked for it")) } else { Ok(()) }
    }
}

impl Bench {
    /// A client that has entered a room and heard that.
    pub(super) async fn enters_room(&self, room: &str) -> TestClient {
        let mut client = self.join(room).await;
        client.hears().await;
        client
    }

    /// The messages that rooms got from others.
    pub(super) fn got(&self) -> Vec<String> {
        self.told().into_iter().filter(|told| told.contains(" got ")).collect()
    }

    /// Waits until rooms have got this many messages.
    pub(super) async fn have_got(&self, count: usize) {
        while self.got().len() < count {
            tokio::task::yield_now().await;
        }
    }
}

fn in_memory<F: Future<Output = ()>>(linger: Option<Duration>, test: impl FnOnce(Rc<Bench>) -> F) {
    let stores = |_: &_| Stores::in_memory(64 << 20, std::sync::Arc::new(Total::new(1 << 30)));
    with_stores(Limits::default(), linger, stores, test);
}

#[test]
fn messages_from_one_room_to_another_arrive_in_their_order() {
    with_shard(async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        for text in ["one", "two", "three"] {
            a.says_and_hears(&format!("tell b {text}"), "sent").await;
        }
        bench.have_got(3).await;
        assert_eq!(bench.got(), ["b got one from a", "b got two from a", "b got three from a"]);
    });
}

#[test]
fn a_handler_that_fails_has_sent_nothing() {
    with_shard(async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b this then trap").await;
        assert_eq!(a.hears().await, "close 1011");
        bench.enters_room("a").await.says_and_hears("tell b that", "sent").await;
        bench.have_got(1).await;
        assert_eq!(bench.got(), ["b got that from a"]);
    });
}

#[test]
fn a_message_waits_behind_a_write_that_is_not_durable_and_so_does_a_later_one_of_a_handler_that_writes_nothing() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("write first").await;
        a.say("tell b later").await;
        a.is_read().await;
        b.says_and_hears("answer me", "answer me").await;
        assert_eq!(bench.got(), [""; 0]);
        bench.journal.wait_for(1).await;
        bench.journal.finish();
        bench.have_got(1).await;
    });
}

#[test]
fn a_room_that_does_not_exist_gets_a_message_only_if_it_may_begin_with_it() {
    in_memory(Some(Duration::from_secs(30)), async |bench| {
        let mut a = bench.enters_room("a").await;
        a.says_and_hears("tell b hello", "no room of that name exists").await;
        a.says_and_hears("tell b/c hello", "no room can have that name").await;
        a.says_and_hears("tell new b hello", "sent").await;
        bench.have_got(1).await;
        a.says_and_hears("tell b again", "sent").await;
        bench.have_got(2).await;
        a.says_and_hears("tell a to myself", "sent").await;
        bench.have_got(3).await;
        assert_eq!(bench.got()[2], "a got to myself from a");
    });
}

#[test]
fn a_room_that_is_asleep_opens_for_a_message() {
    in_memory(Some(Duration::ZERO), async |bench| {
        let mut b = bench.enters_room("b").await;
        b.says_and_hears("keep one", "kept").await;
        let mut a = bench.enters_room("a").await;
        a.says_and_hears("tell new c gone", "sent").await;
        drop(b);
        while bench.counters.rooms() > 1 {
            tokio::task::yield_now().await;
        }
        a.says_and_hears("tell c hello", "no room of that name exists").await;
        a.says_and_hears("tell b hello", "sent").await;
        bench.have_got(2).await;
        assert!(bench.told().contains(&"saved one".to_owned()));
    });
}

#[test]
fn without_room_for_another_room_a_message_cannot_open_one() {
    with_limits(Limits::with(|limits| limits.max_rooms = 1), async |bench| {
        let mut a = bench.enters_room("a").await;
        a.says_and_hears("tell new b hello", "no other room may open").await;
        a.says_and_hears("tell a hello", "sent").await;
    });
}

#[test]
fn a_room_that_cannot_open_at_once_gets_its_messages_in_order_when_it_can() {
    with_shard(async |bench| {
        let mut a = bench.enters_room("a").await;
        bench.have_fail(&["room"]);
        a.says_and_hears("tell new b one", "sent").await;
        a.says_and_hears("tell b two", "sent").await;
        bench.have_fail(&[]);
        bench.have_got(2).await;
        assert_eq!(bench.got(), ["b got one from a", "b got two from a"]);
    });
}

#[test]
fn messages_wait_for_a_receiver_that_is_busy_and_count_for_their_sender_until_it_is_full() {
    with_shard(async |bench| {
        let (mut a, mut b, mut c) = (bench.enters_room("a").await, bench.enters_room("b").await, bench.enters_room("c").await);
        b.say("wait x").await;
        bench.is_told("wait x").await;
        a.says_and_hears("tell b times 1025", "too many messages of this room wait for their receivers").await;
        a.says_and_hears("tell c hello", "too many messages of this room wait for their receivers").await;
        c.says_and_hears("tell b hello", "sent").await;
        bench.go_on.notify_one();
        bench.have_got(1025).await;
        a.says_and_hears("tell c hello", "sent").await;
        bench.have_got(1026).await;
        b.says_and_hears("answer me", "answer me").await;
    });
}

#[test]
fn clients_and_other_rooms_take_turns() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        b.say("wait x").await;
        bench.is_told("wait x").await;
        a.says_and_hears("tell b times 5", "sent").await;
        for text in ["one", "two", "three"] {
            b.say(text).await;
        }
        b.is_read().await;
        bench.go_on.notify_one();
        bench.have_got(5).await;
        let told = bench.told();
        let from = told.iter().position(|told| told == "wait x").expect("it was told");
        let kinds: String = told[from + 1..]
            .iter()
            .filter(|told| !told.starts_with("tell"))
            .map(|told| if told.contains("got") { 'r' } else { 'c' })
            .collect();
        assert_eq!(kinds, "rcrcrcrr");
    });
}

#[test]
fn a_receiver_that_fails_on_a_message_has_had_it_and_its_clients_stay() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.says_and_hears("tell b poison", "sent").await;
        a.says_and_hears("tell b fine", "sent").await;
        bench.have_got(2).await;
        assert_eq!(bench.got(), ["b got poison from a", "b got fine from a"]);
        b.says_and_hears("answer me", "answer me").await;
    });
}

#[test]
fn a_room_that_keeps_failing_on_messages_takes_none_for_a_while_and_goes_on_with_its_clients() {
    let limits = Limits::with(|limits| limits.restart_window = Duration::from_millis(300));
    with_limits(limits, async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        let begun = Instant::now();
        for _ in 0..7 {
            a.says_and_hears("tell b poison", "sent").await;
        }
        a.says_and_hears("tell b fine", "sent").await;
        bench.have_got(6).await;
        b.says_and_hears("answer me", "answer me").await;
        bench.have_got(8).await;
        assert!(begun.elapsed() >= Duration::from_millis(300), "the seventh and the eighth have waited");
        assert_eq!(bench.got()[7], "b got fine from a");
    });
}

#[test]
fn two_rooms_that_answer_each_other_for_ever_hold_up_neither_clients_nor_the_end_of_the_server() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.says_and_hears("tell b back", "sent").await;
        a.says_and_hears("tell a back", "sent").await;
        bench.have_got(100).await;
        b.says_and_hears("answer me", "answer me").await;
        a.says_and_hears("answer me", "answer me").await;
        bench.command(Command::Drain(Instant::now() + Duration::from_secs(60), CloseInfo::shutdown())).await;
        assert_eq!([a.hears().await, b.hears().await], ["close 1001", "close 1001"]);
        drop((a, b));
        bench.commands.closed().await;
        let got = bench.got().len();
        while bench.counters.rooms() > 0 {
            tokio::task::yield_now().await;
            assert!(bench.got().len() < got + 100_000, "they go on");
        }
    });
}

#[test]
fn a_room_whose_journal_is_full_sends_nothing() {
    with_shard(async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        bench.journal.full(true);
        a.says_and_hears("tell b hello", "too many messages of this room wait for their receivers").await;
        bench.journal.full(false);
        a.says_and_hears("tell b hello", "sent").await;
    });
}

#[test]
fn a_journal_that_cannot_be_read_does_not_say_that_a_room_does_not_exist() {
    with_shard(async |bench| {
        let mut a = bench.enters_room("a").await;
        bench.journal.shut(true);
        a.says_and_hears("tell b hello", "the store is not available now").await;
        bench.journal.shut(false);
        a.says_and_hears("tell b hello", "no room of that name exists").await;
    });
}

#[test]
fn an_app_that_sends_to_another_room_at_its_start_passes_the_trial() {
    with_shard(async |bench| {
        bench.have_fail(&["tell at start"]);
        let tried = bench.rooms.try_out(&bench.rooms.launch()).await;
        assert!(tried.is_ok(), "{tried:?}");
        bench.have_fail(&[]);
        bench.enters_room("a").await.says_and_hears("tell b hello", "no room of that name exists").await;
    });
}

#[test]
fn a_room_that_is_to_open_for_a_message_counts_as_open() {
    with_limits(Limits::with(|limits| limits.max_rooms = 2), async |bench| {
        let mut a = bench.enters_room("a").await;
        bench.have_fail(&["room"]);
        a.says_and_hears("tell new b one", "sent").await;
        a.says_and_hears("tell b two", "sent").await;
        a.says_and_hears("tell new c hello", "no other room may open").await;
    });
}

#[test]
fn a_swap_ends_the_pause_of_a_room_that_kept_failing_on_messages() {
    let limits = Limits::with(|limits| limits.restart_window = Duration::from_secs(3600));
    with_limits(limits, async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        for _ in 0..6 {
            a.says_and_hears("tell b poison", "sent").await;
        }
        bench.have_got(6).await;
        a.says_and_hears("tell b fine", "sent").await;
        let (answer, outcome) = oneshot::channel();
        let probation = Probation::new(Instant::now(), 3);
        let change = Change { next: bench.rooms.launch(), handover: Handover::Discard, probation };
        bench.rooms.follow(Order::Swap(change, answer)).await;
        assert!(matches!(outcome.await, Ok(Ok(_))), "the swap succeeds");
        bench.have_got(7).await;
        assert_eq!(bench.got()[6], "b got fine from a");
    });
}
