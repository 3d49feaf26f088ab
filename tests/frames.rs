//! Unusual and invalid frames of a client: they are understood, or the client is told the broken rule. The others are served,
//! and memory stays within bounds.

use crate::support::http::Raw;
use crate::support::raw::{asks, frame, is_alone_and_served};
use crate::support::{Client, Host, Memory};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
const CLOSE: u8 = 0x88;
const MIB: usize = 1 << 20;

/// A host whose memory is watched after it has served a first client.
async fn watched(arguments: &[&str]) -> (Host, Memory) {
    let host = Host::run_with("probe", arguments);
    is_alone_and_served(&host).await;
    let memory = Memory::of(&host);
    (host, memory)
}

/// Sends these bytes as a new client, and expects this close code.
fn is_closed_for(host: &Host, bytes: &[u8], code: u16) {
    let (mut raw, _) = Raw::join(&host.address);
    raw.says(bytes);
    assert_eq!(raw.is_closed().0, code, "{:02x?}", &bytes[..bytes.len().min(16)]);
    assert_eq!(raw.rest(), b"", "nothing follows a close frame");
}

#[tokio::test]
async fn a_frame_without_a_mask_is_refused() {
    let (host, memory) = watched(&[]).await;
    for first in [TEXT, BINARY, PING, PONG, CLOSE, 0x01, 0x80] {
        is_closed_for(&host, &[first, 0x02, b'h', b'i'], 1002);
        is_closed_for(&host, &[first, 0x00], 1002);
    }
    // The rule also holds in the middle of a message.
    is_closed_for(&host, &[&frame(0x01, b"say "), &[0x80, 0x02, b'h', b'i'][..]].concat(), 1002);
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn impossible_lengths_are_refused_by_the_header() {
    let (host, memory) = watched(&[]).await;
    for len in [1 << 20 | 1, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let announces = |first| [&[first, 0xFF][..], &len.to_be_bytes(), &[0; 4]].concat();
        is_closed_for(&host, &announces(TEXT), 1009);
        is_closed_for(&host, &announces(BINARY), 1009);
        is_closed_for(&host, &[frame(0x02, b"a"), announces(0x00)].concat(), 1009);
        is_closed_for(&host, &announces(PING), 1002);
    }
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_length_in_more_bytes_than_it_needs_is_understood() {
    let host = Host::run("probe");
    let (mut raw, _) = Raw::join(&host.address);
    raw.says(&[&[TEXT, 0xFE, 0, 6, 0, 0, 0, 0][..], b"say hi"].concat());
    assert_eq!(raw.hears(), "hi");
    raw.says(&[&[TEXT, 0xFF, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0][..], b"say ho"].concat());
    assert_eq!(raw.hears(), "ho");
}

#[tokio::test]
async fn a_message_that_comes_byte_by_byte_is_understood() {
    let host = Host::run("probe");
    let (mut raw, _) = Raw::join(&host.address);
    let message = [frame(0x01, b"say it "), frame(PING, b"still here"), frame(0x80, b"slowly")].concat();
    for byte in &message {
        raw.says(&[*byte]);
    }
    assert_eq!(raw.frame(), (PONG, b"still here".to_vec()));
    assert_eq!(raw.hears(), "it slowly");
}

#[tokio::test]
async fn announced_messages_take_memory_only_for_the_bytes_that_have_arrived() {
    let (host, memory) = watched(&["-q"]).await;
    let begun = [&[BINARY, 0xFF][..], &(MIB as u64).to_be_bytes(), &[0; 4], &[7; 100]].concat();
    let mut slow: Vec<_> = (0..200).map(|_| Raw::join(&host.address).0).collect();
    for raw in &mut slow {
        raw.says(&begun);
    }
    let (mut stays, _) = Client::join(&host).await;
    assert_eq!(asks(&mut stays, "say here").await, "here");
    drop((slow, stays));
    is_alone_and_served(&host).await;
    memory.stayed_within(60);
}

#[tokio::test]
async fn a_message_in_a_million_fragments_of_a_byte_is_understood_and_one_more_is_too_big() {
    let (host, memory) = watched(&[]).await;
    let pieces = |count: usize| [frame(0x02, b"x"), frame(0x00, b"x").repeat(count - 1)].concat();
    let (mut raw, _) = Raw::join(&host.address);
    raw.says(&pieces(MIB));
    raw.says(&frame(0x80, b""));
    assert!(raw.frame() == (BINARY, vec![b'x'; MIB]), "the message comes back");
    assert_eq!(raw.hears(), "drained");
    raw.says(&[pieces(MIB), frame(0x80, b"x")].concat());
    assert_eq!(raw.is_closed().0, 1009);
    drop(raw);
    is_alone_and_served(&host).await;
    // Memory for the message, its answer, and their buffers.
    memory.stayed_within(60);
}

#[tokio::test]
async fn a_million_empty_fragments_are_one_message() {
    let (host, memory) = watched(&[]).await;
    let (mut raw, _) = Raw::join(&host.address);
    raw.says(&frame(0x01, b"say "));
    let empty = frame(0x00, b"").repeat(10_000);
    for _ in 0..100 {
        raw.says(&empty);
    }
    raw.says(&frame(0x80, b"hi"));
    assert_eq!(raw.hears(), "hi");
    drop(raw);
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_client_that_pings_without_end_and_never_reads_is_closed_with_1013() {
    let (mut host, memory) = watched(&[]).await;
    let (mut raw, id) = Raw::join(&host.address);
    let pings = frame(PING, &[7; 125]).repeat(500);
    // The client does not answer the close frame, so the connection is cut.
    while raw.tries(&pings) {}
    assert!(host.logs(&format!("left {id}: ")).contains(&format!("left {id}: 1013")));
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_client_that_pings_a_hundred_thousand_times_and_reads_gets_as_many_pongs() {
    let (host, memory) = watched(&[]).await;
    let (mut raw, _) = Raw::join(&host.address);
    let pings = frame(PING, b"here?").repeat(1_000);
    for _ in 0..100 {
        raw.says(&pings);
        for _ in 0..1_000 {
            assert_eq!(raw.frame(), (PONG, b"here?".to_vec()));
        }
    }
    drop(raw);
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn any_number_of_unsolicited_pongs_is_ignored() {
    let (host, memory) = watched(&[]).await;
    let (mut raw, _) = Raw::join(&host.address);
    let pongs = frame(PONG, &[7; 125]).repeat(1_000);
    for _ in 0..100 {
        raw.says(&pongs);
    }
    assert_eq!(raw.asks("say here"), "here");
    drop(raw);
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_client_that_asks_without_end_and_never_reads_is_closed_with_1013() {
    let (mut host, memory) = watched(&[]).await;
    let (mut raw, id) = Raw::join(&host.address);
    let questions = frame(BINARY, &[7; 50_000]);
    while raw.tries(&questions) {}
    assert!(host.logs(&format!("left {id}: ")).contains(&format!("left {id}: 1013")));
    is_alone_and_served(&host).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn any_amount_of_bytes_behind_a_close_frame_or_a_violation_is_dropped() {
    let (host, memory) = watched(&[]).await;
    let more = frame(BINARY, &[7; 60_000]);
    for end in [frame(CLOSE, &[0x03, 0xE8]), frame(0x83, b"reserved"), frame(0xC1, b"reserved too")] {
        let (mut raw, _) = Raw::join(&host.address);
        raw.says(&end);
        for _ in 0..200 {
            if !raw.tries(&more) {
                break;
            }
        }
        drop(raw);
        is_alone_and_served(&host).await;
    }
    memory.stayed_within(48);
}
