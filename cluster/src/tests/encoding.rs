//! Records and messages survive their encoding, and other bytes are refused.

use bytes::Bytes;
use fastrand::Rng;

use crate::directory::{KnownRecord, Wake};
use crate::release::{Component, ReleaseRecord, Report, Taking, Why};
use crate::{Act, Batch, Entry, Envelope, Event, Input, Life, Malformed, Member, Message, NodeRecord, Output, RoomRecord};

fn number(rng: &mut Rng) -> u64 {
    // All lengths of a varint are as likely.
    rng.u64(..) >> rng.u32(0..64)
}

fn bytes(rng: &mut Rng) -> Bytes {
    let length = rng.usize(0..200);
    std::iter::repeat_with(|| rng.u8(..)).take(length).collect()
}

fn some<T>(rng: &mut Rng, mut one: impl FnMut(&mut Rng) -> T) -> Vec<T> {
    (0..rng.usize(0..4)).map(|_| one(rng)).collect()
}

fn life(rng: &mut Rng) -> Life {
    Life { since: number(rng), number: rng.u16(0..1024) }
}

fn member(rng: &mut Rng) -> Member {
    Member { id: number(rng), join: number(rng), state: bytes(rng) }
}

fn node_record(rng: &mut Rng) -> NodeRecord {
    match rng.bool() {
        true => NodeRecord::Alive { nonce: number(rng), since: number(rng), beat: number(rng) },
        false => NodeRecord::Gone { since: number(rng) },
    }
}

fn entry(rng: &mut Rng) -> Entry {
    let marks = some(rng, |rng| (life(rng), number(rng)));
    Entry { epoch: number(rng), number: number(rng), seen: number(rng), marks, data: some(rng, bytes) }
}

fn room_record(rng: &mut Rng) -> RoomRecord {
    let act = match rng.u8(0..3) {
        0 => Act::Claim { attempt: number(rng) },
        1 => Act::Commit { entry: entry(rng), whole: rng.bool() },
        _ => Act::Release { entry: entry(rng), is_empty: rng.bool() },
    };
    RoomRecord { owner: life(rng), release: number(rng), act }
}

fn known_record(rng: &mut Rng) -> KnownRecord {
    let wake = [Wake::Never, Wake::AfterOwner, Wake::At(number(rng))][rng.usize(0..3)];
    KnownRecord { owner: life(rng), epoch: number(rng), wake }
}

fn input(rng: &mut Rng) -> Input {
    let event = [Event::Joined, Event::Message, Event::Left, Event::Asked][rng.usize(0..4)];
    Input { member: number(rng), event, payload: bytes(rng) }
}

fn batch(rng: &mut Rng) -> Batch {
    let outputs = some(rng, |rng| Output { to: some(rng, number), payload: bytes(rng) });
    Batch { number: number(rng), handled: number(rng), cuts: rng.bool(), members: some(rng, member), outputs }
}

fn message(rng: &mut Rng) -> Message {
    match rng.u8(0..12) {
        0 => Message::Attach,
        1 => Message::Call,
        2 => Message::Welcome { handled: rng.bool().then(|| number(rng)) },
        3 => Message::Members { next: number(rng), members: some(rng, member) },
        4 => Message::Nobody,
        5 => Message::Inputs { first: number(rng), inputs: some(rng, input) },
        6 => Message::Outputs(batch(rng)),
        7 => Message::Handled(number(rng)),
        8 => Message::Received { batch: number(rng), waiting: some(rng, |rng| (number(rng), number(rng))) },
        9 => Message::Bye,
        10 => Message::NotOwner,
        _ => Message::Gone,
    }
}

fn envelope(rng: &mut Rng) -> Envelope {
    let room = ["", "main", "/a/b", "日本"][rng.usize(0..4)].into();
    Envelope { from: life(rng), room, epoch: number(rng), session: number(rng), message: message(rng) }
}

fn release_record(rng: &mut Rng) -> ReleaseRecord {
    let component = Component { sha256: "ab".repeat(32).into(), name: ["chat.wasm", "日本.wasm"][rng.usize(0..2)].into() };
    let why = match rng.u8(0..4) {
        0 => Why::First,
        1 => Why::Swap,
        2 => Why::Rollback,
        _ => Why::Undo("it does not start".into()),
    };
    ReleaseRecord { number: number(rng), component, keeps_state: rng.bool(), by: life(rng), at: number(rng), why }
}

fn report(rng: &mut Rng) -> Report {
    let taking = match rng.bool() {
        true => Taking::Taken { rooms: number(rng), clients: number(rng) },
        false => Taking::Refused("it does not start".into()),
    };
    Report { life: life(rng), number: number(rng), taking }
}

#[test]
fn records_and_messages_survive_their_encoding() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..2000 {
        let (release, report) = (release_record(&mut rng), report(&mut rng));
        assert_eq!(ReleaseRecord::decode(release.encode()), Ok(release));
        assert_eq!(Report::decode(report.encode()), Ok(report));
        let known = known_record(&mut rng);
        assert_eq!(KnownRecord::decode(known.encode()), Ok(known));
        let (node, room, envelope) = (node_record(&mut rng), room_record(&mut rng), envelope(&mut rng));
        assert_eq!(NodeRecord::decode(node.encode()), Ok(node));
        assert_eq!(RoomRecord::decode(room.encode()), Ok(room));
        assert_eq!(Envelope::decode(envelope.encode()), Ok(envelope));
    }
}

#[test]
fn a_record_that_is_cut_or_goes_on_is_refused() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..200 {
        let whole = envelope(&mut rng).encode();
        for length in 0..whole.len() {
            assert_eq!(Envelope::decode(whole.slice(..length)), Err(Malformed));
        }
        assert_eq!(Envelope::decode([&whole[..], &[0]].concat().into()), Err(Malformed));
    }
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..20_000 {
        let mut bytes = bytes(&mut rng).to_vec();
        if rng.bool() {
            // Something that is nearly a message.
            bytes = envelope(&mut rng).encode().to_vec();
            let at = rng.usize(0..bytes.len());
            bytes[at] = rng.u8(..);
        }
        let bytes = Bytes::from(bytes);
        // Each value has one encoding, but for numbers with more bytes than they need.
        let _ = (NodeRecord::decode(bytes.clone()), RoomRecord::decode(bytes.clone()));
        let _ = (ReleaseRecord::decode(bytes.clone()), Report::decode(bytes.clone()), KnownRecord::decode(bytes.clone()));
        if let Ok(envelope) = Envelope::decode(bytes) {
            assert_eq!(Envelope::decode(envelope.encode()), Ok(envelope));
        }
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = NodeRecord::Gone { since: 7 }.encode().to_vec();
    bytes[0] += 1;
    assert_eq!(NodeRecord::decode(bytes.into()), Err(Malformed));
}

#[test]
fn a_length_that_lies_reserves_no_memory() {
    // The list of inputs claims 2^63 of them.
    let mut bytes = vec![1, 0, 0, 0, 0, 0, b'i', 1];
    bytes.extend([0x80; 9]);
    bytes.push(1);
    assert_eq!(Envelope::decode(bytes.into()), Err(Malformed));
}

#[test]
fn a_message_in_the_air_is_small() {
    let input = Input { member: 1 << 43, event: Event::Message, payload: Bytes::from_static(b"hello") };
    let message = Message::Inputs { first: 1000, inputs: vec![input] };
    let envelope = Envelope { from: Life { since: 70_000, number: 3 }, room: "main".into(), epoch: 90_000, session: 1, message };
    assert_eq!(envelope.encode().len(), 1 + 4 + 5 + 3 + 1 + 1 + 2 + 1 + 1 + 7 + 6);
}
