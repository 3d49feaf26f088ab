//! permessage-deflate (RFC 7692) through the real binary.

use crate::support::deflate::{Deflating, deflate};
use crate::support::raw::frame;
use crate::support::{Client, Host, Memory};

/// The offer of a browser.
const OFFER: &str = "permessage-deflate; client_max_window_bits";
/// A compressible text.
fn long_text() -> String {
    "the quick brown fox jumps over the lazy dog; ".repeat(40)
}

#[test]
fn messages_are_compressed_one_by_one_by_default() {
    let host = Host::run("echo");
    let mut client = Deflating::connect(&host.address, OFFER);
    assert_eq!(client.agreed, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    for _ in 0..3 {
        client.says(&long_text());
        let heard = client.hears();
        assert_eq!((heard.text.as_str(), heard.compressed), (long_text().as_str(), true));
        assert!(heard.len < 100, "{} bytes", heard.len);
    }
}

#[test]
fn short_messages_and_noise_are_sent_uncompressed() {
    let host = Host::run("echo");
    let mut client = Deflating::connect(&host.address, OFFER);
    for text in ["", "short", &"x".repeat(127)] {
        client.says(text);
        let heard = client.hears();
        assert_eq!((heard.text.as_str(), heard.compressed), (text, false));
    }
    client.says(&"x".repeat(128));
    assert!(client.hears().compressed);
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        // To a compressor, xorshift is random.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    })
    .take(1000)
    .collect();
    client.raw.says(&frame(0xC2, &deflate(&noise)));
    assert_eq!(client.raw.frame(), (0x82, noise));
}

#[test]
fn the_least_size_to_compress_can_be_chosen() {
    let host = Host::run_with("echo", &["--compress-above", "1KiB"]);
    let mut client = Deflating::connect(&host.address, OFFER);
    client.says(&"x".repeat(1023));
    assert!(!client.hears().compressed);
    client.says(&"x".repeat(1024));
    assert!(client.hears().compressed);
}

#[test]
fn with_compression_off_nothing_is_agreed_on_and_the_bit_is_an_error() {
    let host = Host::run_with("echo", &["--compression", "off"]);
    let mut client = Deflating::connect(&host.address, OFFER);
    assert_eq!(client.agreed, "");
    client.says("hello");
    assert_eq!(client.raw.is_closed().0, 1002);
}

#[test]
fn a_client_without_an_offer_gets_no_compression() {
    let host = Host::run("echo");
    let mut client = Deflating::connect(&host.address, "x-other");
    assert_eq!(client.agreed, "");
    client.raw.says(&frame(0x81, long_text().as_bytes()));
    assert!(!client.hears().compressed);
}

#[test]
fn dedicated_streams_refer_to_earlier_messages() {
    let host = Host::run_with("echo", &["--compression", "dedicated"]);
    let mut client = Deflating::connect(&host.address, OFFER);
    assert_eq!(client.agreed, "permessage-deflate");
    let mut lens = Vec::new();
    for _ in 0..2 {
        client.says(&long_text());
        let heard = client.hears();
        assert_eq!(heard.text, long_text());
        lens.push(heard.len);
    }
    assert!(lens[1] < lens[0] / 2, "{lens:?}");
}

#[tokio::test]
async fn a_broadcast_reaches_every_kind_of_client() {
    for mode in ["shared", "dedicated"] {
        let host = Host::run_with("probe", &["--compression", mode]);
        let (mut plain, _) = Client::join(&host).await;
        let offers = [OFFER, "permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_no_context_takeover"];
        let mut clients: Vec<Deflating> = Vec::new();
        for (index, offer) in offers.iter().enumerate() {
            clients.push(Deflating::connect(&host.address, offer));
            let joined = format!("joined {}", index + 2);
            assert_eq!(plain.hears().await, joined);
            for client in &mut clients {
                assert_eq!(client.hears().text, joined);
            }
        }
        for round in 0..2 {
            // Each client first gets a message of its own, so that a dedicated stream has a context.
            for client in &mut clients {
                client.says(&format!("say {}", long_text()));
                assert_eq!(client.hears().text, long_text(), "{mode}, round {round}");
            }
            // Another text shows if a stream confuses it with the one before.
            let news = long_text().to_uppercase();
            assert_eq!(plain.asks(&format!("others {news}")).await, "ok");
            for client in &mut clients {
                let heard = client.hears();
                assert_eq!((heard.text.as_str(), heard.compressed), (news.as_str(), true), "{mode}, round {round}");
            }
        }
    }
}

#[tokio::test]
async fn a_bomb_is_closed_with_1009_and_gets_no_memory() {
    let host = Host::run("echo");
    let memory = Memory::of(&host);
    let bomb = deflate(&vec![b'x'; 256 << 20]);
    for _ in 0..20 {
        let mut client = Deflating::connect(&host.address, OFFER);
        client.raw.says(&frame(0xC1, &bomb));
        assert_eq!(client.raw.is_closed().0, 1009);
    }
    memory.stayed_within(24);
    assert_eq!(Client::connect(&host).await.asks("still there?").await, "still there?");
}

#[test]
fn the_end_of_a_stream_is_an_empty_message_and_not_a_hang() {
    let host = Host::run("echo");
    let mut client = Deflating::connect(&host.address, OFFER);
    client.raw.says(&frame(0xC2, &[0x03, 0x80]));
    assert_eq!(client.raw.frame(), (0x82, Vec::new()));
    client.says("next");
    assert_eq!(client.hears().text, "next");
}

#[test]
fn a_broken_stream_is_closed_with_1002_and_wrong_text_with_1007_before_its_end() {
    let host = Host::run("echo");
    let mut client = Deflating::connect(&host.address, OFFER);
    client.raw.says(&frame(0xC1, &[0x06]));
    assert_eq!(client.raw.is_closed().0, 1002);
    let mut client = Deflating::connect(&host.address, OFFER);
    let mut half = deflate(b"wrong: \xFF");
    half.extend([0x00, 0x00, 0xFF, 0xFF]);
    client.raw.says(&frame(0x41, &half));
    assert_eq!(client.raw.is_closed().0, 1007);
}

#[test]
fn the_bit_on_a_control_frame_or_a_continuation_is_closed_with_1002() {
    let host = Host::run("echo");
    for frames in [frame(0xC9, b""), [frame(0x01, b"a"), frame(0xC0, b"b")].concat(), frame(0xA1, b""), frame(0x91, b"")] {
        let mut client = Deflating::connect(&host.address, OFFER);
        client.raw.says(&frames);
        assert_eq!(client.raw.is_closed().0, 1002, "{frames:?}");
    }
}
