//! The inputs that fuzzing begins with. This test writes them if `WRITE_SEEDS` is set, and compares them with the files. The
//! folders may also have inputs that cargo-fuzz has found.

use std::fs;
use std::path::Path;

use ws_host_fuzz::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT, Width, frame, header};

/// The mask of the examples in RFC 6455 §5.7.
const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// The folder, the name and the content.
type Seed = (&'static str, &'static str, Vec<u8>);

fn last(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | opcode, MASK, payload.as_ref())
}

fn more(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(opcode, MASK, payload.as_ref())
}

/// Streams of frames, after the cases of the Autobahn suite.
fn streams() -> Vec<(&'static str, Vec<u8>)> {
    let unmasked = vec![FIN | TEXT, 2, b'h', b'i'];
    let long = |len| header(FIN | BINARY, Width::Fitting, MASK, len);
    vec![
        ("text", last(TEXT, "hello")),
        ("two-messages", [last(TEXT, ""), last(BINARY, [0xFF; 20])].concat()),
        ("length-of-two-bytes", last(BINARY, [7; 126])),
        ("length-of-eight-bytes", [header(FIN | TEXT, Width::Eight, [0; 4], 2), b"hi".to_vec()].concat()),
        ("ping-and-pong", [last(PING, "here?"), last(PONG, ""), last(PING, [1; 125])].concat()),
        ("fragments", [more(TEXT, "hel"), more(CONTINUATION, ""), last(CONTINUATION, "lo")].concat()),
        ("ping-between", [more(BINARY, "a"), last(PING, "now"), last(CONTINUATION, "b"), last(TEXT, "c")].concat()),
        ("characters-cut", [more(TEXT, [0xE2, 0x82]), last(CONTINUATION, [0xAC, 0xF0, 0x9F, 0x98, 0x80])].concat()),
        ("invalid-text", last(TEXT, [0xCE, 0xBA, 0xED, 0xA0, 0x80])),
        ("text-ends-in-a-character", last(TEXT, [b'a', 0xF4, 0x8F])),
        ("close", [last(CLOSE, [0x03, 0xE8, b'b', b'y', b'e']), last(TEXT, "late")].concat()),
        ("close-without-code", last(CLOSE, "")),
        ("half-a-code", last(CLOSE, [3])),
        ("code-never-sent", last(CLOSE, 1005_u16.to_be_bytes())),
        ("code-of-an-application", last(CLOSE, 4999_u16.to_be_bytes())),
        ("code-1014", last(CLOSE, 1014_u16.to_be_bytes())),
        ("invalid-reason", last(CLOSE, [0x03, 0xE8, 0xFF])),
        ("unmasked", unmasked),
        ("reserved-bit", last(RSV1 | TEXT, "x")),
        ("reserved-opcode", last(0x3, "x")),
        ("reserved-control", last(0xB, "")),
        ("continuation-of-nothing", last(CONTINUATION, "x")),
        ("message-in-a-message", [more(TEXT, "a"), last(TEXT, "b")].concat()),
        ("fragmented-ping", more(PING, "x")),
        ("ping-too-long", last(PING, [0; 126])),
        ("message-too-big", long(4097)),
        ("length-of-2-63", long(1 << 63)),
        ("too-big-in-fragments", [more(BINARY, [1; 100]), last(CONTINUATION, [2; 100])].concat()),
    ]
}

/// Scripts of `session_machine`: for each frame its kind, its encoding, its length and its bytes.
fn scripts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("messages", [&[9, 0x10, 0, 5][..], b"hello", &[0x12, 1, 3], b"abc"].concat()),
        ("fragments", [&[1, 0x00, 0, 2][..], b"he", &[0x19, 0, 1, b'!'], &[0x04, 2, 1, b'l'], &[0x14, 0, 1, b'o']].concat()),
        ("long", [&[2, 0x12, 8, 250][..], b"abcd", &[0x00, 8, 200], b"wxyz", &[0x14, 8, 200], b"wxyz"].concat()),
        ("control", [&[3, 0x19, 0, 2][..], b"hi", &[0x1B, 0, 0], &[0x1C, 0, 2, 0x03, 0xE9]].concat()),
        ("wrong", vec![4, 0x10, 0xE0, 1, b'x', 0x10, 0xF8, 1, b'y', 0x1D, 0, 0]),
        ("short", vec![5, 0x10, 0xF0, 3, b'a', b'b', b'c', 0x12, 0, 1, b'z']),
    ]
}

fn request(target: &str, more: &str) -> Vec<u8> {
    let request = format!(
        "{target}\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    );
    request.into_bytes()
}

fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let get = |more| request("GET /chat HTTP/1.1", more);
    let offers = "Origin: http://a.example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    vec![
        ("of-the-standard", get("")),
        ("with-offers", get(offers)),
        ("frames-behind", [get(""), last(TEXT, "hello"), last(BINARY, "\r\n\r\n")].concat()),
        ("with-a-body", [get("Content-Length: 5\r\n"), b"hello".to_vec()].concat()),
        ("chunked", [get("Transfer-Encoding: chunked\r\n"), b"0\r\n\r\n".to_vec()].concat()),
        ("two-hosts", get("Host: other.example.com\r\n")),
        ("another-version", get("Sec-WebSocket-Version: 8\r\n")),
        ("lists", get("connection: keep-alive\r\nUPGRADE: h2c\r\n")),
        ("folded", get("X: a\r\n b\r\n")),
        ("absolute", request("GET http://server.example.com/?a=1 HTTP/1.1", "")),
        ("another-host", request("GET http://other.example.com/ HTTP/1.1", "")),
        ("encoded", request("GET /%63af%c3%a9%2f%%34%31/caf\u{e9} HTTP/1.1", "")),
        ("port", request("GET / HTTP/1.1", "Origin: https://server.example.com:443\r\n")),
        ("no-path", request("GET * HTTP/1.1", "")),
        ("authority", request("CONNECT server.example.com:80 HTTP/1.1", "")),
        ("http-1-0", request("GET / HTTP/1.0", "")),
        ("bare-line-feeds", String::from_utf8_lossy(&get("")).replace("\r\n", "\n").into_bytes()),
        ("page-and-upgrade", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), get("")].concat()),
        ("http-2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("tls", vec![0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03]),
    ]
}

/// The examples of RFC 7692 §7.2.3, and others: the kind of input, a seed, and the input.
fn compressed() -> Vec<(&'static str, Vec<u8>)> {
    const HELLO: &[u8] = &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    const AGAIN: &[u8] = &[0xF2, 0x00, 0x11, 0x00, 0x00];
    const LAST: &[u8] = &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
    let message = |payload: &[u8]| [&[0, payload.len() as u8], payload].concat();
    let input = |how: u8, parts: &[Vec<u8>]| [vec![how, 3], parts.concat()].concat();
    let stored = message(&[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]);
    vec![
        ("frames", input(0x00, &[last(RSV1 | TEXT, HELLO), last(TEXT, "plain")])),
        ("fragments", input(0x00, &[more(RSV1 | TEXT, &HELLO[..3]), last(PING, ""), last(CONTINUATION, &HELLO[3..])])),
        ("misplaced-bit", input(0x00, &[more(TEXT, "a"), last(RSV1 | CONTINUATION, "b")])),
        ("examples", input(0x20, &[message(HELLO), stored, message(LAST)])),
        ("takeover", input(0xA0, &[message(HELLO), message(AGAIN)])),
        ("without-takeover", input(0x20, &[message(HELLO), message(AGAIN)])),
        ("breaks-off", input(0x20, &[message(&HELLO[..4])])),
        ("no-deflate", input(0x20, &[message(&[0x06])])),
        ("empty", input(0x20, &[message(&[]), message(&[0x00]), message(&[0x03, 0x00])])),
        ("bomb", input(0x20, &[message(&[0x62, 0x60, 0x18, 0x05, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0x00, 0x00])])),
        ("servers", input(0x40, &[vec![3, 5], b"hello".to_vec(), vec![0, 3], b"abc".to_vec(), vec![9, 0]])),
        ("servers-small-window", input(0x5C, &[vec![63, 9], b"123456789".to_vec(), vec![63, 3], b"abc".to_vec()])),
        ("servers-takeover", input(0xC0, &[vec![0, 5], b"hello".to_vec(), vec![0, 5], b"hello".to_vec()])),
    ]
}

fn offers() -> Vec<(&'static str, Vec<u8>)> {
    let offers = [
        ("browsers", "permessage-deflate; client_max_window_bits"),
        ("plain", "permessage-deflate"),
        (
            "all",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9",
        ),
        (
            "several",
            "x; y=\"a,b;c\", permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits = \"12\"",
        ),
        ("lines", "permessage-deflate; unknown\npermessage-bzip2\npermessage-deflate; client_no_context_takeover"),
        ("twice", "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"),
        ("wrong", "permessage-deflate; server_max_window_bits=016; client_max_window_bits="),
    ];
    offers.into_iter().map(|(name, offer)| (name, offer.as_bytes().to_vec())).collect()
}

fn seeds() -> Vec<Seed> {
    let of = |folder, seeds: Vec<(&'static str, Vec<u8>)>, before: &'static [u8]| {
        seeds.into_iter().map(move |(name, input)| (folder, name, [before, &input].concat()))
    };
    of("frame_stream", streams(), &[0, 7])
        .chain(of("session_machine", scripts(), &[]))
        .chain(of("upgrade_request", requests(), &[5]))
        .chain(of("deflate_stream", compressed(), &[]))
        .chain(of("extension_negotiation", offers(), &[]))
        .collect()
}

#[test]
fn the_corpus_has_what_this_file_makes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (folder, name, input) in seeds() {
        let file = corpus.join(folder).join(name);
        if std::env::var_os("WRITE_SEEDS").is_some() {
            fs::create_dir_all(corpus.join(folder)).expect("the folder can be made");
            fs::write(&file, &input).expect("the input can be written");
        }
        let found = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(found == input, "{folder}/{name} is what it should be: WRITE_SEEDS=1 writes it");
    }
}
