//! Text must be UTF-8 (RFC 6455 §8.1), and is refused as soon as it cannot become so.

use proptest::prelude::*;

use super::client::*;
use crate::utf8::PartialText;
use crate::{Session, Violation};

/// "κόσμε", then bytes beyond U+10FFFF, then more text, as in Autobahn's cases 6.4.
const BEFORE: &[u8] = "κόσμε".as_bytes();
const WRONG: &[u8] = &[0xF4, 0x90, 0x80, 0x80];
const AFTER: &[u8] = b"edited";

#[test]
fn text_may_be_any_unicode() {
    for valid in ["", "\0", "κόσμε", "\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}", "\u{10FFFF}"] {
        assert_eq!(events(last(TEXT, valid)), [text(valid)]);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let overlong: &[u8] = &[0xC0, 0xAF];
    let surrogate: &[u8] = &[0xED, 0xA0, 0x80];
    let cut_short: &[u8] = &[b'a', 0xE2, 0x82];
    let lone_continuation: &[u8] = &[0x80];
    for invalid in [overlong, surrogate, cut_short, lone_continuation, WRONG, &[0xFF]] {
        assert_eq!(violation(last(TEXT, invalid)), Violation::InvalidText);
    }
}

#[test]
fn binary_need_not_be_utf8() {
    assert_eq!(events(last(BINARY, WRONG)), [binary(WRONG)]);
}

#[test]
fn a_character_may_be_cut_apart_by_fragments() {
    let text_bytes = "€𝄞".as_bytes();
    for cut in 0..=text_bytes.len() {
        let (start, end) = text_bytes.split_at(cut);
        let stream = [more(TEXT, start), more(CONTINUATION, ""), last(CONTINUATION, end)].concat();
        assert_eq!(events(stream), [text("€𝄞")]);
    }
}

#[test]
fn a_message_must_not_end_inside_a_character() {
    let stream = [more(TEXT, [0xE2]), last(CONTINUATION, [0x82])].concat();
    assert_eq!(violation(stream), Violation::InvalidText);
    assert_eq!(violation([more(TEXT, [0xE2]), last(CONTINUATION, "")].concat()), Violation::InvalidText);
}

#[test]
fn a_wrong_fragment_is_refused_before_the_next_one() {
    // Autobahn 6.4.1.
    assert_eq!(violation([more(TEXT, BEFORE), more(CONTINUATION, WRONG)].concat()), Violation::InvalidText);
}

#[test]
fn a_wrong_byte_is_refused_though_its_character_began_in_the_last_fragment() {
    // Autobahn 6.4.2: 0xF4 can become a character, 0xF4 0x90 cannot.
    let first = more(TEXT, [BEFORE, &WRONG[..1]].concat());
    assert_eq!(receive(&first), (vec![], None));
    assert_eq!(violation([first, more(CONTINUATION, &WRONG[1..2])].concat()), Violation::InvalidText);
}

#[test]
fn a_wrong_piece_is_refused_though_its_frame_is_incomplete() {
    // Autobahn 6.4.3 and 6.4.4: one frame whose payload trickles in.
    let frame = last(TEXT, [BEFORE, WRONG, AFTER].concat());
    let good = 6 + BEFORE.len() + 1;
    let mut session = Session::new(ROOMY);
    for byte in &frame[..good] {
        assert_eq!(feed(&mut session, &[*byte]), (vec![], None));
    }
    assert_eq!(feed(&mut session, &frame[good..=good]), (vec![], Some(Violation::InvalidText)));
}

/// Bytes that make and break characters more often than chance would.
fn bytes_around_utf8() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        6 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        1 => prop::sample::select(vec![0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF]).prop_map(|b| vec![b]),
        1 => prop::sample::select(vec![0xC1, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5]).prop_map(|b| vec![b]),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn pieces_are_judged_as_the_standard_library_judges_what_has_arrived(
        bytes in bytes_around_utf8(),
        sizes in prop::collection::vec(0..5_usize, 0..40),
    ) {
        let mut partial = PartialText::default();
        let mut arrived = 0;
        for size in sizes.into_iter().chain([bytes.len()]) {
            let next = (arrived + size).min(bytes.len());
            let outcome = partial.push(&bytes[arrived..next]);
            arrived = next;
            let hopeless = str::from_utf8(&bytes[..arrived]).is_err_and(|e| e.error_len().is_some());
            prop_assert_eq!(outcome.is_err(), hopeless);
            if hopeless {
                return Ok(());
            }
            prop_assert_eq!(partial.len(), arrived);
        }
        prop_assert_eq!(partial.finish().ok(), String::from_utf8(bytes).ok());
    }
}
