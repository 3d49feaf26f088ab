//! A path in the one form that names rooms (RFC 3986 §6.2.2).

use std::borrow::Cow;
use std::fmt::Write;

/// The path with its percent-encodings in one form: letters, digits, `-`, `.`, `_` and `~` as themselves, everything else that is
/// encoded with upper-case digits, and letters beyond ASCII encoded. So `/caf%c3%a9`, `/caf\u{e9}` and `/%63af%C3%A9` are one path.
///
/// Other encodings stay: `%2F` is no slash. A `%` without two digits stands for itself, which is `%25`.
pub fn normal(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|byte| byte != b'%' && byte.is_ascii()) {
        return Cow::Borrowed(path);
    }
    let mut normal = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [byte, behind @ ..] = rest {
        let escaped = if *byte == b'%' { escape(behind) } else { None };
        rest = if escaped.is_some() { &behind[2..] } else { behind };
        match escaped.unwrap_or(*byte) {
            byte if escaped.is_none() && byte.is_ascii() && byte != b'%' => normal.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => drop(write!(normal, "%{byte:02X}")),
        }
    }
    Cow::Owned(normal)
}

/// The byte that two hexadecimal digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_path_become_one() {
        for form in ["/chat/blue-._~9", "/chat/%62lue-._~9", "/%63hat/bl%75e%2d%2E%5f%7e%39"] {
            assert_eq!(normal(form), "/chat/blue-._~9", "{form}");
        }
        for form in ["/caf%C3%A9", "/caf%c3%a9", "/caf\u{e9}", "/%63af%c3%A9"] {
            assert_eq!(normal(form), "/caf%C3%A9", "{form}");
        }
    }

    #[test]
    fn encodings_with_a_meaning_of_their_own_stay() {
        for path in ["/a%2Fb", "/a%25b", "/a%2562", "/a%20b", "/%00", "/a%3Fb", "/a+b", "/a!$&'()*+,;=:@b", "/"] {
            assert_eq!(normal(path), path);
            assert_eq!(normal(&normal(path)), path, "it is normal");
        }
        assert_ne!(normal("/a%2fb"), normal("/a/b"));
        assert_ne!(normal("/a%2bb"), normal("/a+b"));
    }

    #[test]
    fn a_percent_sign_without_two_digits_stands_for_itself() {
        let forms = [("/%", "/%25"), ("/%6", "/%256"), ("/%zz", "/%25zz"), ("/%%41", "/%25A"), ("/100%", "/100%25")];
        for (path, expected) in forms {
            assert_eq!(normal(path), expected);
        }
        assert_eq!(normal("/%%34%31"), "/%2541", "decoded digits make no new encoding");
    }
}
