//! permessage-deflate (RFC 7692): compressed messages from the client, and to it.

use std::rc::Rc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use proptest::prelude::*;

use super::client::*;
use crate::{Deflater, Deflaters, Inflaters, Inflation, Session, Violation, message_len, read_message, write_message};

/// The bit of a message's first frame that says it is compressed.
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// "Hello" in a fixed block (RFC 7692 §7.2.3.1), and the same again with a window that holds the first (§7.2.3.2).
const HELLO: &[u8] = &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
const HELLO_AGAIN: &[u8] = &[0xF2, 0x00, 0x11, 0x00, 0x00];
/// "Hello" in a block that is not compressed (§7.2.3.3), in one that says it is the last (§7.2.3.4), and in two (§7.2.3.5).
const HELLO_STORED: &[u8] = &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00];
const HELLO_LAST: &[u8] = &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
const HELLO_TWICE: &[u8] = &[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00];

fn session(limit: usize, takeover: bool) -> Session {
    Session::with_inflation(limit, Inflation::new(Inflaters::new(), takeover))
}

/// The outcome of a session without takeover, for these bytes.
fn inflate(bytes: impl AsRef<[u8]>) -> Outcome {
    feed(&mut session(ROOMY, false), bytes.as_ref())
}

/// A compressed message in one frame.
fn compressed(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    last(RSV1 | opcode, payload)
}

/// This payload, compressed by a client without takeover.
fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 100 + 100);
    stream.compress_vec(payload, &mut out, FlushCompress::Sync).expect("there is room");
    out.truncate(out.len() - 4);
    out
}

#[test]
fn the_examples_of_the_standard_are_understood() {
    for payload in [HELLO, HELLO_STORED, HELLO_LAST, HELLO_TWICE] {
        assert_eq!(inflate(compressed(TEXT, payload)), (vec![text("Hello")], None), "{payload:02x?}");
    }
    let fragments = [more(RSV1 | TEXT, &HELLO[..3]), last(CONTINUATION, &HELLO[3..])].concat();
    assert_eq!(inflate(fragments), (vec![text("Hello")], None));
}

#[test]
fn a_message_refers_to_the_one_before_only_if_that_was_agreed_on() {
    let stream = [compressed(TEXT, HELLO), compressed(TEXT, HELLO_AGAIN)].concat();
    assert_eq!(feed(&mut session(ROOMY, true), &stream), (vec![text("Hello"), text("Hello")], None));
    assert_eq!(inflate(stream), (vec![text("Hello")], Some(Violation::BrokenCompression)));
}

#[test]
fn plain_and_compressed_messages_mix() {
    let stream = [last(TEXT, "plain"), compressed(TEXT, HELLO), last(BINARY, [1]), compressed(BINARY, HELLO)].concat();
    let events = vec![text("plain"), text("Hello"), binary(&[1]), binary(b"Hello")];
    assert_eq!(inflate(stream), (events, None));
}

#[test]
fn control_frames_stand_between_the_fragments_of_a_compressed_message() {
    let stream = [more(RSV1 | TEXT, &HELLO[..2]), last(PING, "now"), last(CONTINUATION, &HELLO[2..])].concat();
    let (events, violation) = inflate(stream);
    assert_eq!((events.len(), &events[1], violation), (2, &text("Hello"), None));
}

#[test]
fn the_bit_is_an_error_where_nothing_was_agreed_on() {
    assert_eq!(violation(compressed(TEXT, HELLO)), Violation::ReservedBits);
}

#[test]
fn the_bit_is_an_error_on_control_frames_and_continuations() {
    for control in [PING, PONG, CLOSE] {
        assert_eq!(inflate(compressed(control, "")).1, Some(Violation::MisplacedCompression));
    }
    let second = [more(RSV1 | TEXT, &HELLO[..2]), last(RSV1 | CONTINUATION, &HELLO[2..])].concat();
    assert_eq!(inflate(second).1, Some(Violation::MisplacedCompression));
    let late = [more(TEXT, "Hel"), last(RSV1 | CONTINUATION, "lo")].concat();
    assert_eq!(inflate(late).1, Some(Violation::MisplacedCompression));
}

#[test]
fn the_other_reserved_bits_stay_errors() {
    for bit in [RSV2, RSV3] {
        assert_eq!(inflate(last(bit | TEXT, "")).1, Some(Violation::ReservedBits));
        assert_eq!(inflate(compressed(bit | TEXT, HELLO)).1, Some(Violation::ReservedBits));
    }
}

#[test]
fn an_empty_message_has_no_bytes_or_an_empty_block() {
    for payload in [&[][..], &[0x00], &[0x02, 0x00], &[0x01, 0x00, 0x00, 0xFF, 0xFF], &[0x03, 0x80], &[0x03, 0x00, 0x00]] {
        assert_eq!(inflate(compressed(TEXT, payload)), (vec![text("")], None), "{payload:02x?}");
        let fragments = [more(RSV1 | TEXT, payload), last(CONTINUATION, "")].concat();
        assert_eq!(inflate(fragments), (vec![text("")], None), "{payload:02x?}, then nothing");
    }
}

#[test]
fn blocks_may_follow_one_that_says_that_it_is_the_last() {
    // The frame c2 02 03 80 is the end of a stream and nothing more; another library waits for ever for the rest.
    let stream = [compressed(BINARY, [0x03, 0x80]), compressed(TEXT, [&HELLO_LAST[..7], HELLO].concat())].concat();
    assert_eq!(inflate(stream), (vec![binary(b""), text("HelloHello")], None));
    let with_context = [compressed(TEXT, HELLO_LAST), compressed(TEXT, HELLO)].concat();
    assert_eq!(feed(&mut session(ROOMY, true), &with_context), (vec![text("Hello"), text("Hello")], None));
}

#[test]
fn bytes_that_are_no_deflate_stream_are_refused() {
    let reserved_block: &[u8] = &[0x06];
    let too_far_back: &[u8] = HELLO_AGAIN;
    let wrong_length: &[u8] = &[0x00, 0x05, 0x00, 0x00, 0x00];
    for payload in [reserved_block, too_far_back, wrong_length] {
        assert_eq!(inflate(compressed(TEXT, payload)).1, Some(Violation::BrokenCompression), "{payload:02x?}");
    }
}

#[test]
fn a_message_that_breaks_off_is_refused() {
    for cut in 1..HELLO.len() - 1 {
        assert_eq!(inflate(compressed(TEXT, &HELLO[..cut])).1, Some(Violation::BrokenCompression), "after {cut} bytes");
    }
}

#[test]
fn the_limit_is_on_the_inflated_message() {
    let message = vec![0; 1000];
    let stream = compressed(BINARY, deflate(&message));
    assert_eq!(feed(&mut session(1000, false), &stream), (vec![binary(&message)], None));
    let (events, violation) = feed(&mut session(999, false), &stream);
    assert!(events.is_empty() && matches!(violation, Some(Violation::TooBig { limit: 999, .. })), "{violation:?}");
}

#[test]
fn a_bomb_never_gets_its_memory() {
    let bomb = deflate(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100 << 10, "64 MiB of zeros are {} bytes", bomb.len());
    let mut session = session(ROOMY, false);
    let stream = [more(RSV1 | BINARY, &bomb[..60_000]), last(CONTINUATION, &bomb[60_000..])].concat();
    let mut held = 0;
    for read in stream.chunks(100) {
        let (_, violation) = feed(&mut session, read);
        held = held.max(session.held());
        if let Some(violation) = violation {
            assert!(matches!(violation, Violation::TooBig { .. }), "{violation:?}");
            assert!(held <= ROOMY, "{held} bytes for a limit of {ROOMY}");
            return;
        }
    }
    panic!("64 MiB were accepted");
}

#[test]
fn empty_blocks_without_end_are_too_big_as_well() {
    let blocks = [0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(1000);
    let (events, violation) = feed(&mut session(100, false), &compressed(TEXT, blocks));
    assert!(events.is_empty() && matches!(violation, Some(Violation::TooBig { .. })), "{violation:?}");
}

#[test]
fn text_that_cannot_become_utf8_is_refused_before_its_message_ends() {
    let stream = more(RSV1 | TEXT, [deflate(b"fine \xFF"), vec![0x00, 0x00, 0xFF, 0xFF]].concat());
    assert_eq!(inflate(stream).1, Some(Violation::InvalidText));
}

#[test]
fn between_messages_without_takeover_a_connection_holds_no_stream() {
    let streams = Inflaters::new();
    let mut first = Session::with_inflation(ROOMY, Inflation::new(Rc::clone(&streams), false));
    let mut second = Session::with_inflation(ROOMY, Inflation::new(Rc::clone(&streams), false));
    // Two messages at a time, in pieces: each has its own stream.
    assert_eq!(feed(&mut first, &compressed(TEXT, HELLO)[..9]), (vec![], None));
    assert_eq!(feed(&mut second, &compressed(TEXT, HELLO)[..8]), (vec![], None));
    assert_eq!(streams.idle(), 0);
    assert_eq!(feed(&mut first, &compressed(TEXT, HELLO)[9..]), (vec![text("Hello")], None));
    assert_eq!(feed(&mut second, &compressed(TEXT, HELLO)[8..]), (vec![text("Hello")], None));
    assert_eq!((streams.idle(), first.is_idle()), (2, true));
}

/// Reads the frames of a server that compresses: the client's side.
struct Reader(Decompress);

impl Reader {
    fn new(window: u8) -> Self {
        Self(Decompress::new_with_window_bits(false, window))
    }

    fn read(&mut self, frame: &[u8]) -> Vec<u8> {
        assert_eq!(frame[0] & 0xF0, FIN | RSV1);
        let (_, payload) = read_message(frame);
        let mut out = Vec::with_capacity(1 << 20);
        let whole = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
        self.0.decompress_vec(&whole, &mut out, FlushDecompress::Sync).expect("the server's stream can be read");
        out
    }
}

#[test]
fn a_plain_frame_gives_its_payload_back_whatever_its_size() {
    for len in [0, 1, 125, 126, 65_535, 65_536] {
        let payload = vec![b'x'; len];
        for is_text in [true, false] {
            let mut frame = Vec::new();
            write_message(&mut frame, is_text, &payload);
            assert_eq!(read_message(&frame), (is_text, &payload[..]), "{len}");
        }
    }
}

#[test]
fn a_single_frame_can_be_read_by_any_receiver_with_the_window() {
    let payload = "to be or not to be ".repeat(2000);
    let mut deflaters = Deflaters::default();
    for window in 9..=15 {
        let deflater = deflaters.with_window(window);
        let frame = deflater.alone(true, payload.as_bytes()).expect("it becomes smaller").to_vec();
        assert!(frame.len() < payload.len() / 10);
        assert_eq!(Reader::new(window).read(&frame), payload.as_bytes(), "window {window}");
        // It does not refer to the one before.
        let again = deflater.alone(true, payload.as_bytes()).expect("it becomes smaller");
        assert_eq!(again, frame);
    }
}

#[test]
fn incompressible_messages_are_sent_uncompressed() {
    let noise: Vec<u8> = (0..500_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    assert_eq!(Deflater::new(15).alone(false, &noise), None);
    assert!(message_len(noise.len()) > noise.len());
}

#[test]
fn frames_in_context_become_smaller_until_something_else_was_sent() {
    let payload = br#"{"kind":"position","x":1234,"y":5678,"name":"somebody","kinds":["position","position"]}"#;
    let mut deflater = Deflater::new(15);
    let mut reader = Reader::new(15);
    let first = deflater.in_context(true, payload).to_vec();
    let second = deflater.in_context(true, payload).to_vec();
    assert!(second.len() < first.len() / 3, "{} of {}", second.len(), first.len());
    assert_eq!(reader.read(&first), payload);
    assert_eq!(reader.read(&second), payload);
    // A frame of the shard's own stream comes between: the context that this stream knows is no longer the client's.
    let broadcast = Deflater::new(15).alone(true, payload).map(<[u8]>::to_vec).expect("it becomes smaller");
    assert_eq!(reader.read(&broadcast), payload);
    deflater.forget();
    let third = deflater.in_context(true, payload).to_vec();
    assert_eq!((reader.read(&third), third.len()), (payload.to_vec(), first.len()));
}

proptest! {
    #[test]
    fn compressed_messages_are_read_back_from_any_pieces(
        messages in prop::collection::vec("[ab ]{0,400}", 1..5),
        window in 9_u8..=15,
        takeover: bool,
        cuts in prop::collection::vec(1_usize..40, 1..8),
    ) {
        let mut deflater = Deflater::new(window);
        let mut stream = Vec::new();
        for message in &messages {
            if !takeover {
                deflater.forget();
            }
            let frame = deflater.in_context(true, message.as_bytes());
            stream.extend(compressed(TEXT, read_message(frame).1));
        }
        let mut session = session(ROOMY, takeover);
        let mut events = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            let (read, after) = rest.split_at((*cut).min(rest.len()));
            let (more, violation) = feed(&mut session, read);
            prop_assert_eq!(violation, None);
            events.extend(more);
            rest = after;
            if rest.is_empty() { break }
        }
        let expected: Vec<_> = messages.iter().map(|message| text(message)).collect();
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn no_bytes_make_it_panic_or_pass_the_limit(payload in prop::collection::vec(any::<u8>(), 0..300), takeover: bool) {
        let (events, _) = feed(&mut session(1000, takeover), &compressed(BINARY, &payload));
        for event in events {
            let crate::Incoming::Message(message) = event else { continue };
            prop_assert!(message.as_bytes().len() <= 1000);
        }
    }
}
