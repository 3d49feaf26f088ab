//! Arbitrary bytes of a client, in arbitrary pieces.

use proptest::prelude::*;
use proptest::sample::Index;

use super::client::*;
use crate::{Incoming, Session};

/// A stream that keeps the rules, and what it says.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    pub(super) events: Vec<Incoming>,
}

/// A ping or pong.
type Control = (bool, Vec<u8>);

/// A message, where its payload is cut into fragments, and the control frames behind each fragment.
#[derive(Debug, Clone)]
struct Sent {
    text: bool,
    payload: Vec<u8>,
    cuts: Vec<(Index, Vec<Control>)>,
    mask: [u8; 4],
}

impl Stream {
    fn push(&mut self, sent: &Sent) {
        let mut cuts: Vec<_> = sent.cuts.iter().map(|(at, c)| (at.index(sent.payload.len() + 1), c)).collect();
        cuts.sort_by_key(|(at, _)| *at);
        let mut opcode = if sent.text { TEXT } else { BINARY };
        let mut start = 0;
        for (end, controls) in cuts {
            self.bytes.extend(frame(opcode, sent.mask, &sent.payload[start..end]));
            for control in controls {
                self.control(control);
            }
            (opcode, start) = (CONTINUATION, end);
        }
        self.bytes.extend(frame(FIN | opcode, sent.mask, &sent.payload[start..]));
        self.events.push(match str::from_utf8(&sent.payload) {
            Ok(payload) if sent.text => text(payload),
            _ => binary(&sent.payload),
        });
    }

    fn control(&mut self, (is_ping, payload): &Control) {
        self.bytes.extend(last(if *is_ping { PING } else { PONG }, payload));
        let kept = payload.clone().into();
        self.events.push(if *is_ping { Incoming::Ping(kept) } else { Incoming::Pong(kept) });
    }
}

fn sent(payload: impl Strategy<Value = (bool, Vec<u8>)>) -> impl Strategy<Value = Sent> {
    let control = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..6));
    let cut = (any::<Index>(), prop::collection::vec(control, 0..2));
    let cuts = prop_oneof![2 => Just(vec![]), 3 => prop::collection::vec(cut, 1..4)];
    (payload, cuts, any::<[u8; 4]>()).prop_map(|((text, payload), cuts, mask)| Sent { text, payload, cuts, mask })
}

fn small_payload() -> impl Strategy<Value = (bool, Vec<u8>)> {
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..8).prop_map(|c| (true, String::from_iter(c).into_bytes())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|data| (false, data)),
    ]
}

/// Payloads on both sides of the widths that a length can have.
fn large_payload() -> impl Strategy<Value = (bool, Vec<u8>)> {
    let len = prop_oneof![110..140_usize, 65_500..65_600_usize];
    (any::<bool>(), len).prop_map(|(text, len)| (text, (0..len).map(|i| (i % 128) as u8).collect()))
}

fn stream(sent: impl Strategy<Value = Sent>, count: usize) -> impl Strategy<Value = Stream> {
    prop::collection::vec(sent, 0..count).prop_map(|all| {
        let mut stream = Stream::default();
        all.iter().for_each(|sent| stream.push(sent));
        stream
    })
}

/// A few small messages.
pub(super) fn small_stream() -> impl Strategy<Value = Stream> {
    stream(sent(small_payload()), 5)
}

/// A frame that may break any rule, or none.
pub(super) fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let opcode = prop_oneof![
        6 => prop::sample::select(vec![CONTINUATION, TEXT, BINARY, PING, PONG]),
        1 => prop::sample::select(vec![CLOSE]),
        1 => 0..16_u8,
    ];
    let bits = prop_oneof![20 => Just(0_u8), 1 => prop::sample::select(vec![0x10, 0x20, 0x40])];
    let piece = prop_oneof![
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..3),
        prop::sample::select(vec![vec![0xF4], vec![0x90], vec![0xE2, 0x82], vec![0xAC], vec![3, 232], vec![15, 160]]),
        (0..200_usize).prop_map(|len| vec![b'x'; len]),
    ];
    let payload = prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat());
    let is_final = prop::bool::weighted(0.6);
    (opcode, bits, is_final, payload, any::<[u8; 4]>(), prop::bool::weighted(0.97)).prop_map(
        |(opcode, bits, is_final, payload, mask, is_masked)| {
            let is_final = is_final || (opcode >= CLOSE && mask[0] < 240);
            let mut frame = frame(opcode | bits | if is_final { FIN } else { 0 }, mask, &payload);
            if !is_masked {
                frame[1] &= !MASKED;
            }
            frame
        },
    )
}

/// Cuts bytes into reads of these sizes, over and over.
fn reads<'a>(mut bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (read, rest) = bytes.split_at(bytes.len().min(*sizes.next()?));
        bytes = rest;
        Some(read)
    })
}

/// Small, so that streams of a few hundred bytes exceed it now and then.
const LIMIT: usize = 150;

/// The outcome of a session for these reads. Its memory must stay within the limit.
fn receive_within_limit<'a>(reads: impl Iterator<Item = &'a [u8]>) -> Result<Outcome, TestCaseError> {
    let mut session = Session::new(LIMIT);
    let mut outcome = Outcome::default();
    for read in reads {
        let (events, violation) = feed(&mut session, read);
        outcome.0.extend(events);
        outcome.1 = outcome.1.or(violation);
        // A message, and a control frame inside it whose buffer of 125 bytes grew by doubling.
        prop_assert!(session.held() <= LIMIT + 250, "{} bytes are held", session.held());
    }
    Ok(outcome)
}

proptest! {
    #[test]
    fn messages_arrive_as_they_were_sent(stream in small_stream()) {
        prop_assert_eq!(receive(&stream.bytes), (stream.events, None));
    }

    #[test]
    fn two_reads_say_the_same_wherever_they_are_cut(stream in small_stream()) {
        let expected = (stream.events, None);
        for cut in 0..=stream.bytes.len() {
            let (first, second) = stream.bytes.split_at(cut);
            prop_assert_eq!(&receive_in_reads(ROOMY, [first, second]), &expected, "cut at {}", cut);
        }
    }

    #[test]
    fn many_small_reads_say_the_same(
        stream in small_stream(),
        sizes in prop::collection::vec(1..9_usize, 1..6),
    ) {
        let expected = (stream.events, None);
        prop_assert_eq!(&receive_in_reads(ROOMY, reads(&stream.bytes, &sizes)), &expected);
        prop_assert_eq!(&receive_in_reads(ROOMY, stream.bytes.chunks(1)), &expected);
    }

    #[test]
    fn large_messages_arrive_in_reads_of_any_size(
        stream in stream(prop_oneof![sent(large_payload()), sent(small_payload())], 4),
        sizes in prop::collection::vec(prop_oneof![1..20_usize, 1_000..70_000_usize], 1..6),
    ) {
        let outcome = receive_in_reads(ROOMY, reads(&stream.bytes, &sizes));
        // Not prop_assert_eq: a failure would print hundreds of kilobytes.
        prop_assert!(outcome == (stream.events, None));
    }

    #[test]
    fn frames_in_any_order_are_judged_the_same_in_any_pieces(
        frames in prop::collection::vec(any_frame(), 0..8),
        sizes in prop::collection::vec(1..40_usize, 1..6),
    ) {
        let bytes = frames.concat();
        let whole = receive_in_reads(LIMIT, [&bytes[..]]);
        prop_assert_eq!(receive_within_limit(reads(&bytes, &sizes))?, whole);
    }

    #[test]
    fn arbitrary_bytes_are_judged_the_same_in_any_pieces(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        sizes in prop::collection::vec(1..40_usize, 1..6),
    ) {
        let whole = receive_in_reads(LIMIT, [&bytes[..]]);
        prop_assert_eq!(receive_within_limit(reads(&bytes, &sizes))?, whole);
    }
}
