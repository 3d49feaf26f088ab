//! Requests to HTTP servers as a part of the turn.

use std::sync::Arc;

use super::{commit, room};
use crate::config::{Limits, Outgoing};
use crate::fetch::{FetchError, FetchRequest, LazyClient, Outlet};
use crate::room::{Effect, Room};

/// A room that may ask one server.
fn asking(limits: &Limits) -> (Room, Arc<Outlet>) {
    let outgoing = Outgoing { allow: vec!["api.example".into()], ..Outgoing::default() };
    let outlet = Outlet::new(&outgoing, limits).expect("the rules are valid");
    let mut room = room(0);
    room.set_client(Arc::new(LazyClient::new(Arc::clone(&outlet))));
    (room, outlet)
}

fn fetch(room: &mut Room, context: &'static str) -> Result<u64, FetchError> {
    let request = FetchRequest { method: "GET".into(), url: "https://api.example/".into(), ..FetchRequest::default() };
    room.fetch(request, context)
}

/// The requests that a turn starts, and those that it gives up.
fn outputs(room: &mut Room) -> (Vec<u64>, Vec<u64>) {
    let turn = room.commit();
    let started = turn.effects().iter().filter_map(|effect| if let Effect::Fetch(id, _) = effect { Some(*id) } else { None });
    let given_up = turn.effects().iter().filter_map(|effect| if let Effect::CancelFetch(id) = effect { Some(*id) } else { None });
    let outputs = (started.collect(), given_up.collect());
    room.reuse(turn);
    outputs
}

#[test]
fn a_request_starts_with_its_turn_and_its_context_comes_back_with_each_part_of_the_answer() {
    let (mut room, _) = asking(&Limits::default());
    assert_eq!(fetch(&mut room, "who asked"), Ok(1));
    assert_eq!(outputs(&mut room), (vec![1], vec![]));
    assert!(room.has_fetches());
    assert_eq!(
        [false, false, true].map(|is_last| room.take_answer(1, is_last)),
        [const { Some(bytes::Bytes::from_static(b"who asked")) }; 3]
    );
    assert!(!room.has_fetches());
    assert_eq!(room.take_answer(1, true), None, "nothing follows the last answer");
}

#[test]
fn a_handler_that_fails_has_asked_nobody_and_given_up_nothing() {
    let (mut room, _) = asking(&Limits::default());
    fetch(&mut room, "before").expect("it is accepted");
    outputs(&mut room);
    fetch(&mut room, "failed").expect("it is accepted");
    room.cancel_fetch(1);
    assert_eq!(room.roll_back(), []);
    assert_eq!(outputs(&mut room), (vec![], vec![]));
    assert!(room.take_answer(1, true).is_some() && room.take_answer(2, true).is_none());
    assert_eq!(fetch(&mut room, "next"), Ok(3), "an id is not used again");
}

#[test]
fn a_request_that_is_given_up_has_no_answer() {
    let (mut room, _) = asking(&Limits::default());
    fetch(&mut room, "first").expect("it is accepted");
    outputs(&mut room);
    fetch(&mut room, "second").expect("it is accepted");
    [1, 2, 2, 7].into_iter().for_each(|id| room.cancel_fetch(id));
    assert_eq!(outputs(&mut room), (vec![2], vec![1, 2]));
    assert_eq!([1, 2].map(|id| room.take_answer(id, true)), [None, None]);
    assert!(!room.has_fetches());
}

#[test]
fn requests_that_ended_or_were_dropped_make_room_for_others() {
    let (mut room, outlet) = asking(&Limits::with(|limits| (limits.fetch_room, limits.fetch_total) = (2, 3)));
    for _ in 0..10 {
        assert!(fetch(&mut room, "").is_ok() && fetch(&mut room, "").is_ok());
        assert_eq!(fetch(&mut room, ""), Err(FetchError::RoomFull));
        assert_eq!(room.roll_back(), []);
    }
    let ids = [(); 2].map(|()| fetch(&mut room, "").expect("it is accepted"));
    commit(&mut room);
    room.take_answer(ids[0], true);
    room.cancel_fetch(ids[1]);
    assert!(fetch(&mut room, "").is_ok() && fetch(&mut room, "").is_ok(), "the room has two places again");
    assert_eq!(outlet.admit(0).err(), Some(FetchError::TotalFull), "a request that may be asked after all keeps its place");
    commit(&mut room);
    assert!(outlet.admit(0).is_ok());
}

#[test]
fn the_bodies_of_one_handler_have_64_mib() {
    let (mut room, _) = asking(&Limits::default());
    let body = bytes::Bytes::from(vec![0; 4 << 20]);
    let request =
        FetchRequest { method: "PUT".into(), url: "https://api.example/".into(), body: Some(body), ..FetchRequest::default() };
    let accepted = (0..32).map_while(|_| room.fetch(request.clone(), "").ok()).count();
    assert_eq!(accepted, 15, "the heads count too");
    assert_eq!(room.fetch(request, ""), Err(FetchError::Limit));
}

#[test]
fn a_request_of_an_earlier_life_keeps_its_context_and_its_id() {
    let (mut room, _) = asking(&Limits::default());
    let request = crate::store::OpenRequest { id: 7, context: "who asked".into() };
    assert_eq!(room.restore_fetches(vec![request], 1000), [7]);
    assert!(room.has_fetches());
    assert_eq!(fetch(&mut room, ""), Ok(1001), "the app may have kept an id of the earlier life");
    assert_eq!(room.take_answer(7, true), Some("who asked".into()));
}

#[test]
fn a_room_that_starts_over_knows_its_requests_without_their_permits_and_gives_new_ids() {
    let (mut room, outlet) = asking(&Limits::with(|limits| limits.fetch_total = 1));
    fetch(&mut room, "").expect("it is accepted");
    outputs(&mut room);
    room = room.emptied();
    assert!(room.open_fetches() == [1] && outlet.admit(0).is_ok());
    assert_eq!(fetch(&mut room, ""), Ok(2));
}
