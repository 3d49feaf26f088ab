//! The encodings of inputs and outputs, and the members of an owned room.

use std::sync::Arc;

use bytes::Bytes;
use ws_cluster::{Life, Output};

use super::carried::Carried;
use super::given::{self, All, Given, Other, Part, Verdict};
use super::members::Members;
use super::staged::{OF_REQUEST, Waiting};
use super::told::{self, Asked, Event, FromMember};
use crate::app::upgrade::{Acceptance, Decision, UpgradeRequest};
use crate::close::{CloseCause, CloseInfo};
use crate::protocol::message_len;
use crate::requests::{Head, IncomingRequest};
use crate::room::{LineId, Member, Reply, ReplyPart};
use crate::types::{Agreed, Client, ClientId, Message, Request};

const HERE: Life = Life { since: 3, number: 0 };
const THERE: Life = Life { since: 5, number: 1 };

fn client(id: u64) -> Client {
    let agreed = Agreed { subprotocol: Some("chat".into()), user: Some("Ada".into()) };
    let request = Request::new("/room", "a=1", [("host", "localhost"), ("x-own", "\u{e9}")]);
    Client { id: ClientId::new(id), address: ([127, 0, 0, 1], 9).into(), request, agreed: Some(Arc::new(agreed)) }
}

fn member(id: u64) -> Arc<Member> {
    Arc::new(Member::new(client(id), LineId { shard: 9, slot: 0 }))
}

#[test]
fn a_member_is_the_same_at_every_owner() {
    let mut carried = Carried::new(&client(7), 1_700_000_000);
    (carried.attachment, carried.topics) = (vec![1, 2], vec!["news".to_owned()]);
    (carried.is_away, carried.is_unheard, carried.is_unasked) = (true, true, true);
    let read = Carried::decode(&carried.encode()).expect("it is well formed");
    assert_eq!(read, carried);
    assert_eq!(read.client(7), client(7));
    let bare = Client { agreed: None, ..client(1) };
    assert_eq!(Carried::new(&bare, 0).client(1), bare);
}

#[test]
fn inputs_arrive_as_they_were_sent() {
    let binary = Message::Binary(Bytes::from_static(b"\0\xff"));
    for input in [Message::text("h\u{e9}llo"), binary].map(FromMember::Message).into_iter().chain([
        FromMember::LineLost,
        FromMember::LineBack,
        FromMember::HasRead,
    ]) {
        assert_eq!(FromMember::decode(input.encode()), Ok(input));
    }
    let request = Request::new("/x", "", [("accept", "*/*")]);
    let upgrade = UpgradeRequest {
        address: ([127, 0, 0, 1], 1).into(),
        request: request.clone(),
        subprotocols: vec!["chat".to_owned()],
        resumes: true,
    };
    let plain =
        IncomingRequest { address: upgrade.address, method: "POST".to_owned(), request, body: Bytes::from_static(b"body") };
    let event = Event { is_from_outside: true, from: "api".to_owned(), is_text: false, content: vec![9], number: 4 };
    for asked in [
        Asked::Upgrade(1, (&upgrade).into()),
        Asked::Withdrawn,
        Asked::Request(2, (&plain).into()),
        Asked::RequestDrained(3),
        Asked::RequestGone(4),
        Asked::Event(event),
        Asked::Mail(vec![1, 2]),
    ] {
        assert_eq!(Asked::decode(&asked.encode()), Ok(asked));
    }
    assert_eq!(IncomingRequest::from(told::Plain::from(&plain)), plain);
}

#[test]
fn an_end_keeps_its_cause_and_the_end_of_a_node_is_a_lost_connection() {
    for cause in CloseCause::ALL {
        let info = CloseInfo { cause, ..CloseInfo::guest(4000, "why") };
        assert_eq!(told::decode_end(&told::encode_end(&info)), info);
    }
    assert_eq!(told::decode_end(b""), CloseInfo::lost());
}

#[test]
fn outputs_arrive_as_they_were_given() {
    let head = Head::new(201).header("set-cookie", "a=1").check().expect("it follows the rules");
    let accepted = Acceptance { user: Some("Ada".into()), attachment: Bytes::from_static(b"x"), ..Acceptance::default() };
    let decision = Decision::Accept(accepted);
    let all = All { joined_by: 9, except: vec![1, 4] };
    for given in [
        Given::Message { is_text: true, payload: Bytes::from_static(b"one") },
        Given::ToAll { to: all.clone(), is_text: false, payload: Bytes::from_static(b"all") },
        Given::Other(Other::close(&CloseInfo::trap())),
        Given::Other(Other::reply(&CloseInfo::lost())),
        Given::Other(Other::Decide(3, (&decision).into())),
        Given::Other(Other::Respond(4, Part::Whole((&head).into(), b"body".to_vec()))),
        Given::Other(Other::Respond(5, Part::Passed)),
    ] {
        assert_eq!(Given::decode(given.encode()), Ok(given));
    }
    assert_eq!(Decision::from(Verdict::from(&decision)), decision);
    assert_eq!(
        given::to_all(&all, true, b"x"),
        Given::ToAll { to: all, is_text: true, payload: Bytes::from_static(b"x") }.encode()
    );
}

#[test]
fn bytes_of_another_version_are_refused_and_nothing_panics() {
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..rng.usize(0..40)).map(|_| rng.u8(..)).collect();
        let _ = (FromMember::decode(Bytes::from(bytes.clone())), Given::decode(Bytes::from(bytes.clone())));
        let _ = (Asked::decode(&bytes), Carried::decode(&bytes), told::decode_end(&bytes));
    }
    let mut later = Asked::Withdrawn.encode().to_vec();
    later[0] += 1;
    assert!(Asked::decode(&later).is_err());
}

#[test]
fn bytes_wait_until_they_have_arrived_at_the_edge_and_been_read_there() {
    let mut members = Members::default();
    let (near, far) = (member(1), member(2));
    members.insert(HERE, Arc::clone(&near));
    members.insert(THERE, Arc::clone(&far));
    let bytes = message_len(5);
    [&near, &far].into_iter().for_each(|member| member.add_waiting(2 * bytes));
    far.owe_drain();
    let one = Output { to: vec![2], payload: given::to_some(true, b"hello") };
    let all = Output { to: Vec::new(), payload: given::to_all(&All { joined_by: 0, except: Vec::new() }, true, b"hello") };
    assert!(members.report(THERE, &[(2, 100)]).is_empty());
    assert!(members.arrived(THERE, &[one, all]).is_empty(), "the edge has reported bytes that wait there");
    assert_eq!((near.waiting_bytes(), far.waiting_bytes()), (2 * bytes, 100), "each edge confirms its own");
    let drained: Vec<_> = members.report(THERE, &[]).iter().map(|member| member.client.id.get()).collect();
    assert_eq!(drained, [2], "the edge tells of all members for which bytes wait");
    far.owe_drain();
    members.report(THERE, &[(2, 100)]);
    assert!(members.has_read(2) && !members.has_read(2), "the member itself tells it too, in case that the receipt is lost");
    members.remove(2);
    assert_eq!(members.edges().collect::<Vec<_>>(), [HERE]);
}

#[test]
fn chunks_of_an_answer_wait_until_they_have_arrived_at_the_edge_and_been_read_there() {
    let mut waiting = Waiting::default();
    let id = waiting.add_plain(THERE, 5);
    let way = waiting.way(id).expect("it waits for an answer");
    let chunk = |waiting: &mut Waiting, over_soft| {
        way.stage(100);
        let part = ReplyPart::Chunk(Bytes::from(vec![0; 100]), over_soft);
        [waiting.respond(&Reply { way: way.clone(), part }).expect("it is known").1]
    };
    let first = chunk(&mut waiting, false);
    assert!(waiting.arrived(HERE, &first).is_empty());
    assert_eq!(way.waiting(), 100, "each edge confirms its own");
    assert!(waiting.arrived(THERE, &first).is_empty(), "the app has not been told of backpressure");
    assert_eq!(way.waiting(), 0);
    let second = chunk(&mut waiting, true);
    assert!(waiting.report(THERE, &[(5, 9), (OF_REQUEST | 5, 70)]).is_empty());
    assert!(waiting.arrived(THERE, &second).is_empty(), "the edge has reported bytes that wait there");
    assert_eq!(way.waiting(), 70);
    assert_eq!(waiting.report(THERE, &[(5, 9)]), [id], "the edge tells of all requests for which bytes wait");
    assert_eq!(waiting.has_read(THERE, 5), None, "once");
}
