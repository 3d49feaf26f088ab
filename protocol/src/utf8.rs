//! Text that arrives in pieces, checked piece by piece.

use std::str;

use super::unchecked::{InvalidUtf8, check};

/// Text whose end has not arrived yet. Each byte is checked once, when it arrives, so that text that cannot
/// become valid is refused at its first wrong byte (RFC 6455 §8.1) and the whole needs no second look.
#[derive(Debug, Default)]
pub(super) struct PartialText {
    /// The complete characters.
    text: String,
    /// The start of a character that a piece's end cut apart: at most three bytes, room for the fourth.
    cut: [u8; 4],
    cut_len: u8,
}

impl PartialText {
    /// The bytes that have arrived.
    pub(super) fn len(&self) -> usize {
        self.text.len() + usize::from(self.cut_len)
    }

    /// The bytes that the text has room for.
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Makes room for exactly this many bytes more than have arrived.
    pub(super) fn reserve_exact(&mut self, additional: usize) {
        self.text.reserve_exact(usize::from(self.cut_len) + additional);
    }

    /// Appends a piece, which may begin and end in the middle of a character.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let piece = self.mend(piece)?;
        let (whole, cut) = split_cut(piece);
        self.text.push_str(check(whole)?);
        if !cut.is_empty() {
            if !is_start_of_character(cut) {
                return Err(InvalidUtf8);
            }
            self.cut[..cut.len()].copy_from_slice(cut);
            self.cut_len = cut.len() as u8;
        }
        Ok(())
    }

    /// The text, if it does not end in the middle of a character.
    pub(super) fn finish(self) -> Result<String, InvalidUtf8> {
        if self.cut_len == 0 { Ok(self.text) } else { Err(InvalidUtf8) }
    }

    /// Completes the character that the last piece cut apart, byte by byte: three rounds at most. Returns
    /// the rest of the piece.
    fn mend<'a>(&mut self, mut piece: &'a [u8]) -> Result<&'a [u8], InvalidUtf8> {
        while self.cut_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else { break };
            piece = rest;
            let len = usize::from(self.cut_len) + 1;
            self.cut[len - 1] = byte;
            self.cut_len = len as u8;
            match str::from_utf8(&self.cut[..len]) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.cut_len = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(InvalidUtf8),
                Err(_) => {}
            }
        }
        Ok(piece)
    }
}

/// Splits a character off that begins in the last three bytes and ends beyond them. Looking at the end first
/// saves checking the rest a second time.
fn split_cut(piece: &[u8]) -> (&[u8], &[u8]) {
    for (back, &byte) in (1..=3).zip(piece.iter().rev()) {
        let width = match byte {
            0x80..=0xBF => continue,
            0x00..=0x7F => 1,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
        };
        return piece.split_at(if width > back { piece.len() - back } else { piece.len() });
    }
    (piece, &[])
}

/// Whether further bytes can make this one valid character. Not so for an overlong form, half of a surrogate
/// pair, or a number beyond U+10FFFF, which the second byte shows at the latest (RFC 3629 §4).
fn is_start_of_character(cut: &[u8]) -> bool {
    str::from_utf8(cut).is_err_and(|error| error.error_len().is_none())
}
