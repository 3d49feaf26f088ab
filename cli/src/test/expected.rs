//! The messages that a dialogue expects.

use anyhow::Context;

/// The wildcard of expected messages.
const ANYTHING: &str = "...";

/// Whether a text is as expected. `...` in the expectation stands for anything.
pub(super) fn matches(expected: &str, text: &str) -> bool {
    let pieces: Vec<_> = expected.split(ANYTHING).collect();
    let [first, between @ .., last] = &pieces[..] else { return expected == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in between {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Whether bytes are as expected: hexadecimal numbers, behind which `...` stands for any further ones.
///
/// # Errors
/// The expectation has something else.
pub(super) fn matches_bytes(expected: &str, data: &[u8]) -> anyhow::Result<bool> {
    Ok(match expected.strip_suffix(ANYTHING) {
        Some(beginning) => data.starts_with(&bytes(beginning)?),
        None => data == bytes(expected)?,
    })
}

/// Reads the bytes of `00 ff 41`, with or without spaces.
///
/// # Errors
/// They are not pairs of hexadecimal digits.
pub(super) fn bytes(text: &str) -> anyhow::Result<Vec<u8>> {
    let digits: Vec<_> = text.chars().filter(|letter| *letter != ' ').map(|digit| digit.to_digit(16)).collect();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [Some(high), Some(low)] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect::<Option<_>>().context("write bytes as pairs of hexadecimal digits, for example 00 ff 41")
}

/// Shows bytes as a dialogue writes them.
pub(super) fn shown(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{bytes, matches, matches_bytes, shown};

    #[test]
    fn three_dots_stand_for_anything() {
        for (expected, text) in [
            ("hello", "hello"),
            ("...", ""),
            ("a...", "abc"),
            ("...c", "abc"),
            ("a...c", "ac"),
            ("a...b...c", "a1b2c"),
            ("...b...", "abc"),
            ("wait...", "wait..."),
        ] {
            assert!(matches(expected, text), "{expected} {text}");
        }
        for (expected, text) in [("hello", "hello "), ("a...", "ba"), ("a...c", "abcd"), ("ab...bc", "abc"), ("a...b...c", "acb")]
        {
            assert!(!matches(expected, text), "{expected} {text}");
        }
    }

    #[test]
    fn bytes_are_pairs_of_hexadecimal_digits() {
        assert_eq!(bytes("00 ff 41").expect("bytes"), [0, 255, 65]);
        assert_eq!(bytes("00fF41").expect("bytes"), [0, 255, 65]);
        assert!(bytes("").expect("no bytes").is_empty());
        assert!(["0", "00 f", "0x00", "zz"].into_iter().all(|text| bytes(text).is_err()));
        assert_eq!(shown(&[0, 255, 65]), "00 ff 41");
    }

    #[test]
    fn three_dots_stand_for_further_bytes() {
        let data = [0, 255, 65];
        for (expected, is_it) in [("00 ff 41", true), ("00 ff ...", true), ("...", true), ("00 ff", false), ("ff ...", false)] {
            assert_eq!(matches_bytes(expected, &data).expect("bytes"), is_it, "{expected}");
        }
    }
}
