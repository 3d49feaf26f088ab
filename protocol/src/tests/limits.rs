//! The limit on a message's size, which is answered with 1009 (RFC 6455 §7.4.1).

use super::client::*;
use crate::{Session, Violation};

const LIMIT: usize = 10;

fn receive_limited(stream: &[u8]) -> Outcome {
    receive_in_reads(LIMIT, [stream])
}

fn too_big(size: u64) -> Option<Violation> {
    Some(Violation::TooBig { size, limit: LIMIT })
}

#[test]
fn a_message_may_be_as_large_as_the_limit() {
    assert_eq!(receive_limited(&last(TEXT, "0123456789")), (vec![text("0123456789")], None));
    let fragments = [more(TEXT, "01234"), last(CONTINUATION, "56789")].concat();
    assert_eq!(receive_limited(&fragments), (vec![text("0123456789")], None));
}

#[test]
fn a_larger_one_is_refused() {
    assert_eq!(receive_limited(&last(TEXT, "0123456789a")), (vec![], too_big(11)));
}

#[test]
fn fragments_count_together() {
    let fragments = [more(TEXT, "01234"), more(CONTINUATION, "5678"), last(CONTINUATION, "9a")].concat();
    assert_eq!(receive_limited(&fragments), (vec![], too_big(11)));
}

#[test]
fn the_bytes_of_a_character_cut_apart_count() {
    let text = "0123456\u{20AC}";
    let fragments = [more(TEXT, &text.as_bytes()[..9]), last(CONTINUATION, "ab")].concat();
    assert_eq!(receive_limited(&fragments), (vec![], too_big(11)));
}

#[test]
fn messages_do_not_count_together() {
    let stream = [last(TEXT, "0123456789"), last(TEXT, "0123456789")].concat();
    assert_eq!(receive_limited(&stream).0.len(), 2);
}

#[test]
fn the_header_alone_is_enough_to_refuse() {
    assert_eq!(receive_limited(&header(FIN | BINARY, [0; 4], 11)), (vec![], too_big(11)));
    let second = [more(BINARY, "0"), header(FIN, [0; 4], 10)].concat();
    assert_eq!(receive_limited(&second), (vec![], too_big(11)));
}

#[test]
fn an_absurd_length_is_refused_without_overflow() {
    for len in [1 << 60, 1 << 63, u64::MAX] {
        assert_eq!(receive_limited(&header(FIN | BINARY, [0; 4], len)), (vec![], too_big(len)));
    }
    let second = [more(BINARY, "0"), header(FIN, [0; 4], u64::MAX)].concat();
    assert_eq!(receive_limited(&second), (vec![], too_big(u64::MAX)));
}

#[test]
fn an_announced_length_reserves_no_memory() {
    let mut session = Session::new(usize::MAX);
    feed(&mut session, &header(FIN | BINARY, [0; 4], 1 << 60));
    assert_eq!(session.held(), 0);
    feed(&mut session, &[0; 100]);
    assert!(session.held() <= 200, "{} bytes are held for 100", session.held());
}
