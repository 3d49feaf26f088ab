//! Frames that mostly keep the rules, in any order.

use crate::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, Width, header};
use crate::oracle;
use crate::protocol::{Incoming, Session, write_close, write_message, write_ping, write_pong};
use crate::reads::receive;
use crate::script::Script;

const LIMIT: usize = 300;
/// The most frames that are read from one input.
const MAX_FRAMES: usize = 64;

/// The first byte of an input chooses how the frames are cut into reads. The rest is a script of frames.
///
/// # Panics
/// As in `frame_stream`, or if a client of tungstenite reads other answers than the session wrote.
pub fn session_machine(data: &[u8]) {
    let mut script = Script::new(data);
    let seed = script.byte();
    let mut stream = Vec::new();
    for _ in 0..MAX_FRAMES {
        if script.is_over() {
            break;
        }
        frame(&mut script, &mut stream);
    }
    let new = || Session::new(LIMIT);
    let (events, _) = receive(new, &stream, LIMIT, seed);
    answers_are_understood(&events);
    let completed = oracle::completed(&stream, LIMIT);
    oracle::agrees(&completed, LIMIT, receive(new, &completed, LIMIT, seed));
}

/// Writes the frame that the next bytes of the script describe: its kind, the encoding of its length, its errors, its length,
/// and its payload.
fn frame(script: &mut Script<'_>, stream: &mut Vec<u8>) {
    let (what, how, len) = (script.byte(), script.byte(), usize::from(script.byte()));
    let opcode = match what & 0x0F {
        0 | 1 => TEXT,
        2 | 3 => BINARY,
        4..=8 => CONTINUATION,
        9 | 10 => PING,
        11 => PONG,
        12 => CLOSE,
        13 => 0x3,
        14 => 0xB,
        _ => TEXT,
    };
    // Most control frames are final.
    let is_final = what & 0x10 != 0 || (opcode >= CLOSE && what & 0xC0 != 0);
    let reserved = if how >> 4 == 0x0F { what >> 1 & 0x70 } else { 0 };
    let first = opcode | reserved | if is_final { FIN } else { 0 };
    let width = [Width::Fitting, Width::Two, Width::Eight, Width::Fitting][usize::from(how & 0x03)];
    let len = if opcode >= CLOSE && how & 0x04 == 0 { len % 126 } else { len };
    let mask = [what, how.wrapping_mul(31), 0x5A, what ^ how];
    let payload = payload(script, how, len);
    let announced = match how & 0xF8 {
        0xF0 => payload.len() as u64 + 1,
        0xE8 => 1 << 63 | len as u64,
        _ => payload.len() as u64,
    };
    let start = stream.len() + 1;
    stream.extend(header(first, width, mask, announced));
    if how & 0xF8 == 0xE0 {
        stream[start] &= 0x7F;
    }
    stream.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The next `len` bytes of the script, or its next four bytes repeated to this length.
fn payload(script: &mut Script<'_>, how: u8, len: usize) -> Vec<u8> {
    if how & 0x08 == 0 {
        return script.take(len).to_vec();
    }
    let piece = script.take(4);
    piece.iter().copied().cycle().take(if piece.is_empty() { 0 } else { len }).collect()
}

/// Answers all events as an echo server does, and has a client read the answers.
fn answers_are_understood(events: &[Incoming]) {
    let mut answers = Vec::new();
    let mut expected = Vec::new();
    for event in events {
        match event {
            Incoming::Message(message) => {
                write_message(&mut answers, message.as_text().is_some(), message.as_bytes());
                expected.push(event.clone());
            }
            Incoming::Ping(payload) => {
                write_pong(&mut answers, payload);
                expected.push(Incoming::Pong(payload.clone()));
            }
            Incoming::Pong(payload) => {
                write_ping(&mut answers, payload);
                expected.push(Incoming::Ping(payload.clone()));
            }
            // A close code that tungstenite does not know (see `oracle`).
            Incoming::Close(Some(frame)) if frame.code == 1014 => {}
            Incoming::Close(frame) => {
                let (code, reason) = frame.as_ref().map_or((1005, ""), |frame| (frame.code, &*frame.reason));
                write_close(&mut answers, code, reason);
                expected.push(event.clone());
            }
        }
    }
    assert_eq!(oracle::as_client(&answers), expected);
}
