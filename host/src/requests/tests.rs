//! The way of an answer, without a room and without a connection.

use std::task::{Context, Poll, Waker};

use super::way::Cut;
use super::*;

const SOFT: bool = true;

fn head(kind: &str) -> CheckedHead {
    Head::new(200).header("content-type", kind).check().expect("it is allowed")
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// The pieces that wait, and whether the body has ended.
fn pieces(receiver: &Receiver) -> (Vec<usize>, Poll<Option<Result<(), Cut>>>) {
    let mut sizes = Vec::new();
    loop {
        match receiver.poll_piece(&cx()) {
            Poll::Ready(Some(Ok(piece))) => sizes.push(piece.len()),
            Poll::Ready(Some(Err(cut))) => return (sizes, Poll::Ready(Some(Err(cut)))),
            Poll::Ready(None) => return (sizes, Poll::Ready(None)),
            Poll::Pending => return (sizes, Poll::Pending),
        }
    }
}

fn events(watch: &Watch) -> Vec<Event> {
    let mut events = Vec::new();
    while let Poll::Ready(event) = watch.poll_event(&cx()) {
        events.push(event);
        if event == Event::Over {
            break;
        }
    }
    events
}

#[test]
fn a_whole_answer_is_taken_in_pieces_and_over_when_the_connection_drops_its_end() {
    let (room, receiver) = way();
    let watch = room.watch();
    assert!(receiver.poll_answer(&cx()).is_pending() && room.is_open());
    room.respond(head("text/plain"), vec![0; 40 << 10].into());
    room.respond(head("text/html"), "another answer".into());
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Whole(_, 40_960)))));
    assert!(!room.is_open() && watch.held() == 40 << 10);
    assert_eq!(pieces(&receiver), (vec![16 << 10, 16 << 10, 8 << 10], Poll::Ready(None)));
    assert_eq!(events(&watch), [Event::Begun]);
    drop(room);
    drop(receiver);
    assert_eq!(events(&watch), [Event::Over]);
}

#[test]
fn chunks_arrive_one_by_one_and_a_client_that_has_read_all_has_drained_once() {
    let (room, receiver) = way();
    let watch = room.watch();
    room.begin(head("text/event-stream"));
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Begun(_)))) && watch.is_event_stream());
    for chunk in [&b"data: 1\n\n"[..], b"data: 22\n\n"] {
        room.stage(chunk.len());
        room.push(chunk, SOFT, 1000);
    }
    assert_eq!((room.waiting(), events(&watch)), (19, vec![Event::Begun]));
    room.stage(5);
    assert_eq!(pieces(&receiver), (vec![19], Poll::Pending));
    assert_eq!(events(&watch), [], "a turn still holds a chunk");
    room.unstage(5);
    assert_eq!(events(&watch), [Event::Drained]);
    assert_eq!(events(&watch), []);
    room.end();
    assert_eq!(pieces(&receiver), (vec![], Poll::Ready(None)));
}

#[test]
fn an_answer_is_cut_past_its_hard_limit() {
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    room.push(&[0; 600], false, 1000);
    assert!(room.is_open());
    room.push(&[0; 401], false, 1000);
    assert!(!room.is_open());
    assert_eq!(pieces(&receiver), (vec![], Poll::Ready(Some(Err(Cut)))));
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    room.push(&[0; 1000], false, 1000);
    assert_eq!(pieces(&receiver), (vec![1000], Poll::Pending), "one chunk may have as many bytes as the limit");
    room.push(&[0; 1000], false, 1000);
    assert!(room.is_open());
}

#[test]
fn an_answer_that_its_room_abandons_is_refused_or_cut() {
    let (room, receiver) = way();
    drop(room);
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Refused(HostAnswer::Unavailable)))));
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    drop(room);
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Err(Cut))));
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    room.push(b"all", false, 1000);
    room.end();
    drop(room);
    assert_eq!(pieces(&receiver), (vec![3], Poll::Ready(None)), "an answer that has ended goes out");
}

#[test]
fn an_answer_that_the_app_aborts_is_cut_behind_what_waits_of_it_or_is_the_hosts() {
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    room.push(b"half", false, 1000);
    room.abort();
    assert!(!room.is_open());
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Begun(_)))));
    assert_eq!(pieces(&receiver), (vec![4], Poll::Ready(Some(Err(Cut)))));
    let (room, receiver) = way();
    room.abort();
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Refused(HostAnswer::Failed)))));
    let (room, receiver) = way();
    room.respond(head("text/plain"), "all".into());
    room.abort();
    assert_eq!(pieces(&receiver), (vec![3], Poll::Ready(None)), "a complete answer goes out");
}

#[test]
fn a_client_that_has_gone_takes_nothing_and_no_memory() {
    let (room, receiver) = way();
    let watch = room.watch();
    room.begin(head("text/plain"));
    room.push(&[0; 100], SOFT, 1000);
    drop(receiver);
    assert!(!room.is_open() && watch.held() == 0);
    room.stage(100);
    room.push(&[0; 100], SOFT, 1000);
    assert_eq!((room.waiting(), events(&watch)), (0, vec![Event::Over]));
}

#[test]
fn the_host_answers_in_place_of_the_app_unless_it_has_begun() {
    for (verdict, status) in [(HostAnswer::Failed, 500), (HostAnswer::Unavailable, 503), (HostAnswer::Late, 504)] {
        let (room, receiver) = way();
        room.refuse(verdict);
        room.respond(head("text/plain"), "too late".into());
        let Poll::Ready(Ok(Answer::Refused(verdict))) = receiver.poll_answer(&cx()) else { panic!("it is refused") };
        assert_eq!(verdict.reply().0.as_u16(), status);
    }
    let (room, receiver) = way();
    room.begin(head("text/plain"));
    room.refuse(HostAnswer::Late);
    assert!(matches!(receiver.poll_answer(&cx()), Poll::Ready(Ok(Answer::Begun(_)))) && room.is_open());
}
