//! How connections end: close frames (RFC 6455 §5.5.1) and codes (§7.4).

use bytes::BytesMut;

use super::client::*;
use crate::{CloseFrame, Incoming, MAX_REASON, Session, Violation, cut_reason, may_send};

/// One of each, with numbers that make the longest messages.
const VIOLATIONS: [Violation; 13] = [
    Violation::Unmasked,
    Violation::Masked,
    Violation::ReservedBits,
    Violation::ReservedOpcode(15),
    Violation::FragmentedControl,
    Violation::ControlTooLong(u64::MAX),
    Violation::UnexpectedContinuation,
    Violation::InterleavedMessage,
    Violation::HalfCloseCode,
    Violation::InvalidCloseCode(u16::MAX),
    Violation::InvalidText,
    Violation::InvalidCloseReason,
    Violation::TooBig { size: u64::MAX, limit: usize::MAX },
];

#[test]
fn a_close_frame_brings_a_code_and_a_reason() {
    let frame = CloseFrame { code: 1000, reason: "bye".into() };
    assert_eq!(events(close(1000, "bye")), [Incoming::Close(Some(frame))]);
    let frame = CloseFrame { code: 4321, reason: "".into() };
    assert_eq!(events(close(4321, "")), [Incoming::Close(Some(frame))]);
}

#[test]
fn a_close_frame_may_be_empty() {
    assert_eq!(events(last(CLOSE, "")), [Incoming::Close(None)]);
}

#[test]
fn a_close_frame_with_half_a_code_is_refused() {
    assert_eq!(violation(last(CLOSE, [3])), Violation::HalfCloseCode);
}

#[test]
fn a_close_reason_must_be_utf8() {
    assert_eq!(violation(close(1000, [0xFF])), Violation::InvalidCloseReason);
    assert_eq!(violation(close(1000, [0xE2, 0x82])), Violation::InvalidCloseReason);
}

#[test]
fn codes_that_have_no_place_on_the_wire_are_refused() {
    for code in 0..=u16::MAX {
        let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(may_send(code), allowed, "{code}");
        let (events, violation) = receive(close(code, ""));
        if allowed {
            assert_eq!((events.len(), violation), (1, None), "{code}");
        } else {
            assert_eq!((events, violation), (vec![], Some(Violation::InvalidCloseCode(code))));
        }
    }
}

#[test]
fn nothing_follows_a_close_frame() {
    let stream = [close(1000, ""), last(TEXT, "after"), vec![0; 20]].concat();
    let reads = [&stream[..], &last(TEXT, "later"), &close(1001, "")];
    let (events, violation) = receive_in_reads(ROOMY, reads);
    assert_eq!((events.len(), violation), (1, None));
}

#[test]
fn the_end_of_a_session_empties_the_read_buffer_at_once() {
    for end in [close(1000, ""), vec![FIN | TEXT, 0]] {
        let mut input = BytesMut::from(&[end, last(TEXT, "after")].concat()[..]);
        let outcome = Session::new(ROOMY).receive(&mut input);
        assert!(matches!(outcome, Err(_) | Ok(Some(Incoming::Close(_)))));
        assert!(input.is_empty(), "{} bytes are left for the next connection", input.len());
    }
}

#[test]
fn each_violation_has_its_close_code() {
    for violation in VIOLATIONS {
        let code = match violation {
            Violation::InvalidText | Violation::InvalidCloseReason => 1007,
            Violation::TooBig { .. } => 1009,
            _ => 1002,
        };
        assert_eq!(violation.code(), code, "{violation}");
    }
}

#[test]
fn each_violation_names_its_section_and_fits_a_close_frame() {
    for violation in VIOLATIONS {
        let message = violation.to_string();
        assert!(message.contains("(RFC 6455 §"), "{message}");
        assert!(message.len() <= MAX_REASON, "{message}");
    }
}

#[test]
fn a_reason_is_cut_between_characters() {
    assert_eq!(cut_reason("short"), "short");
    assert_eq!(cut_reason(&"x".repeat(123)).len(), 123);
    assert_eq!(cut_reason(&"x".repeat(124)).len(), 123);
    // 123 is no multiple of two: the last "é" does not fit.
    assert_eq!(cut_reason(&"é".repeat(62)), "é".repeat(61));
}
