//! Compressed messages: arbitrary ones of a client, and the server's own.

use flate2::{Decompress, FlushDecompress};

use crate::frames::{BINARY, FIN, RSV1, TEXT, frame};
use crate::protocol::{Deflater, Incoming, Inflaters, Inflation, Session, read_message};
use crate::reads::{receive, receive_compressed};
use crate::script::Script;
use crate::types::Message;

/// Small, so that a short input can inflate to more.
const LIMITS: [usize; 3] = [300, 4096, 70_000];
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
/// The most messages that are read from one input.
const MAX_MESSAGES: usize = 16;

/// The first byte of an input chooses a limit, the agreement, and whether the rest is a stream of frames, compressed messages,
/// or messages for the server to compress. The second byte chooses how the rest is cut into reads.
///
/// # Panics
/// As in `frame_stream`, or if a compressed message does not inflate to the original.
pub fn deflate_stream(data: &[u8]) {
    let mut script = Script::new(data);
    let how = script.byte();
    let seed = script.byte();
    let limit = LIMITS[usize::from(how) % LIMITS.len()];
    let takeover = how & 0x80 != 0;
    let new = || Session::with_inflation(limit, Inflation::new(Inflaters::new(), takeover));
    match how >> 5 & 0x03 {
        0 => drop(receive_compressed(new, script.rest(), limit, seed)),
        1 => drop(receive_compressed(new, &messages(&mut script), limit, seed)),
        _ => round_trips(&mut script, 9 + (how >> 2 & 0x07) % 7, takeover, seed),
    }
}

/// Frames marked as compressed, with payloads from the script, so that an input needs no mask.
fn messages(script: &mut Script<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..MAX_MESSAGES {
        if script.is_over() {
            break;
        }
        let first = if script.byte() & 1 == 0 { TEXT } else { BINARY };
        let len = script.byte().into();
        let payload = script.take(len);
        let cut = payload.len() / 2;
        if payload.len() > 20 {
            stream.extend(frame(RSV1 | first, MASK, &payload[..cut]));
            stream.extend(frame(FIN, MASK, &payload[cut..]));
        } else {
            stream.extend(frame(FIN | RSV1 | first, MASK, payload));
        }
    }
    stream
}

/// Has the server compress messages, and reads them twice: as a client whose window is not larger than agreed, and, since the
/// format is the same both ways, as a server.
fn round_trips(script: &mut Script<'_>, window: u8, takeover: bool, seed: u8) {
    let mut deflater = Deflater::new(window);
    let mut reader = Decompress::new_with_window_bits(false, window);
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..MAX_MESSAGES {
        if script.is_over() {
            break;
        }
        let repeat = 1 + usize::from(script.byte() & 0x3F);
        let len = script.byte().into();
        let payload = script.take(len).repeat(repeat);
        // With takeover a message may refer to earlier ones, so each must be sent.
        let frame_of = if takeover { Some(deflater.in_context(false, &payload)) } else { deflater.alone(false, &payload) };
        if let Some(made) = frame_of {
            assert_eq!(made[0], FIN | RSV1 | BINARY);
            let (_, compressed) = read_message(made);
            if !takeover {
                reader.reset(false);
            }
            assert_eq!(inflate(&mut reader, compressed, payload.len()), payload);
            stream.extend(frame(FIN | RSV1 | BINARY, MASK, compressed));
        } else {
            stream.extend(frame(FIN | BINARY, MASK, &payload));
        }
        expected.push(Incoming::Message(Message::binary(payload)));
    }
    let new = || Session::with_inflation(1 << 20, Inflation::new(Inflaters::new(), takeover));
    assert_eq!(receive(new, &stream, 1 << 20, seed), (expected, None));
}

/// Inflates a payload by zlib itself (RFC 7692 §7.2.2).
fn inflate(reader: &mut Decompress, payload: &[u8], len: usize) -> Vec<u8> {
    let whole = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
    let before = reader.total_in();
    let mut out = Vec::with_capacity(len + 1);
    reader.decompress_vec(&whole, &mut out, FlushDecompress::Sync).expect("the payload can be inflated in this window");
    assert_eq!(reader.total_in() - before, whole.len() as u64, "all of it is read");
    out
}
