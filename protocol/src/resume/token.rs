//! The secret by which a client takes up its session.

use std::fmt;
use std::str::FromStr;

use super::Breach;

/// 128 random bits, as 32 lower-case hexadecimal digits on the wire. `Debug` does not show them.
#[derive(Clone, Copy)]
pub struct Token(pub [u8; 16]);

/// Takes the same time for any two tokens, so that a guess does not learn from it.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |differences, (ours, theirs)| differences | (ours ^ theirs)) == 0
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Token {
    type Err = Breach;

    fn from_str(text: &str) -> Result<Self, Breach> {
        let is_hexadecimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 32 || !is_hexadecimal {
            return Err(Breach::Malformed);
        }
        let mut token = [0; 16];
        for (byte, digits) in token.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| Breach::Malformed)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| Breach::Malformed)?;
        }
        Ok(Self(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_32_digits_and_reads_back() {
        let token = Token([0x00, 0x0f, 0xf0, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(token.to_string(), "000ff0ff0102030405060708090a0b0c");
        assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "-", "000ff0ff0102030405060708090a0b0", "000FF0FF0102030405060708090A0B0C", "+00ff0ff0102030405060708090a0b0c"]
        {
            assert_eq!(text.parse::<Token>(), Err(Breach::Malformed), "{text}");
        }
    }

    #[test]
    fn a_token_is_not_shown_in_logs() {
        assert_eq!(format!("{:?}", Token([7; 16])), "Token(..)");
    }
}
