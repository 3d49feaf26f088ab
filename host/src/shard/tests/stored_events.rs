//! Messages between rooms that are stored until they are handled.

use std::time::Duration;

use super::{Bench, TestClient, with_linger, with_shard};
use crate::config::Limits;
use crate::room::Dormant;
use crate::store::Write;

fn drops(bench: &Bench) -> Vec<u64> {
    let writes = bench.journal.next_writes();
    writes.iter().filter_map(|write| if let Write::DropEvent { id, .. } = write { Some(*id) } else { None }).collect()
}

fn keeps(bench: &Bench) -> Vec<u64> {
    let writes = bench.journal.next_writes();
    writes.iter().filter_map(|write| if let Write::SetEvent(event) = write { Some(event.id) } else { None }).collect()
}

/// Room b fails on a stored message of room a. The journal has the commit that takes the message off.
async fn fails_on_a_stored_message(bench: &Bench) -> [TestClient; 2] {
    let (mut a, b) = (bench.enters_room("a").await, bench.enters_room("b").await);
    a.say("tell b poison write").await;
    bench.journal.wait_for(1).await;
    bench.journal.finish();
    bench.journal.wait_for(1).await;
    [a, b]
}

#[test]
fn a_handler_that_writes_has_its_messages_stored_and_the_commit_of_the_receiver_takes_them_off() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b hello write").await;
        bench.journal.wait_for(1).await;
        assert_eq!((keeps(&bench), bench.got()), (vec![1], vec![]), "it is sent when it is durable");
        bench.journal.finish();
        bench.have_got(1).await;
        bench.journal.wait_for(1).await;
        assert_eq!((keeps(&bench), drops(&bench)), (vec![], vec![1]), "the handler itself has written nothing");
        b.say("answer me").await;
        b.is_read().await;
        bench.mark("before the answer").await;
        assert_eq!(b.hears().await, "before the answer", "outputs wait for the removal");
        bench.journal.finish();
        assert_eq!(b.hears().await, "answer me");
    });
}

#[test]
fn the_answer_to_a_stored_message_is_stored_too() {
    with_shard(async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b back write").await;
        bench.journal.wait_for(1).await;
        bench.journal.finish();
        bench.journal.wait_for(1).await;
        assert_eq!((drops(&bench), keeps(&bench)), (vec![1], vec![2]));
    });
}

#[test]
fn a_stored_message_comes_again_if_the_commit_of_its_receiver_fails() {
    with_shard(async |bench| {
        let (mut a, _b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b one write").await;
        a.say("tell b two write").await;
        bench.journal.wait_for(2).await;
        bench.journal.finish();
        bench.journal.finish();
        bench.have_got(2).await;
        bench.journal.fail();
        bench.have_got(4).await;
        let got = ["b got one write from a", "b got two write from a"];
        assert_eq!(bench.got(), [got, got].concat());
        bench.journal.wait_for(2).await;
        assert_eq!(drops(&bench), [1]);
    });
}

#[test]
fn a_stored_message_on_which_the_receiver_fails_is_taken_off_all_the_same() {
    with_shard(async |bench| {
        let _clients = fails_on_a_stored_message(&bench).await;
        assert_eq!((drops(&bench), bench.got().len()), (vec![1], 1));
    });
}

#[test]
fn stored_messages_and_those_behind_them_wait_while_the_journal_takes_no_writes() {
    with_shard(async |bench| {
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b one write").await;
        a.say("tell b two").await;
        a.is_read().await;
        bench.journal.wait_for(1).await;
        bench.journal.refuse(true);
        bench.journal.finish();
        assert_eq!([a.hears().await, a.hears().await], ["sent", "sent"]);
        b.says_and_hears("answer me", "answer me").await;
        assert_eq!(bench.got(), [""; 0]);
        bench.journal.refuse(false);
        bench.have_got(2).await;
        assert_eq!(bench.got(), ["b got one write from a", "b got two from a"]);
    });
}

#[test]
fn a_stored_message_on_which_the_receiver_has_failed_is_taken_off_by_a_later_commit_if_the_first_one_fails() {
    with_shard(async |bench| {
        let _clients = fails_on_a_stored_message(&bench).await;
        bench.journal.fail();
        bench.journal.wait_for(1).await;
        assert_eq!((drops(&bench), bench.got().len()), (vec![1], 1));
    });
}

#[test]
fn a_room_that_ends_takes_off_such_a_message_before_its_end() {
    with_linger(Limits::default(), Some(Duration::ZERO), async |bench| {
        bench.journal.preset_dormant("b", Dormant::new());
        let (mut a, mut b) = (bench.enters_room("a").await, bench.enters_room("b").await);
        a.say("tell b poison wait write").await;
        bench.journal.wait_for(1).await;
        bench.journal.finish();
        bench.have_got(1).await;
        bench.journal.refuse(true);
        b.close().await;
        bench.go_on.notify_one();
        bench.is_told("left 2").await;
        assert_eq!(a.hears().await, "sent");
        a.says_and_hears("answer me", "answer me").await;
        assert_eq!(bench.journal.waiting(), 0);
        bench.journal.refuse(false);
        bench.journal.wait_for(1).await;
        let writes = bench.journal.next_writes();
        assert!(matches!(*writes, [Write::DropEvent { id: 1, .. }, .., Write::Close { .. }]), "{writes:?}");
    });
}
