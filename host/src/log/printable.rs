//! Text from others, as one harmless line.

use std::borrow::Cow;

/// The letters that [`in_short`] keeps.
const MAX_LETTERS: usize = 500;

/// Escapes the characters with which a text can forge another line or draw over a terminal. Tabs stay.
///
/// They are the control characters (C0, DEL, C1), the separators of lines and paragraphs, and the controls of writing direction.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|letter| if is_harmful(letter) { letter.escape_default().to_string() } else { letter.into() });
    Cow::Owned(escaped.collect())
}

/// The beginning of a text as one harmless line of bounded length.
pub fn in_short(text: &str) -> String {
    match text.char_indices().nth(MAX_LETTERS) {
        Some((end, _)) => format!("{}…", printable(&text[..end])),
        None => printable(text).into_owned(),
    }
}

/// Whether [`printable`] escapes this character: a control, Unicode's `Bidi_Control` (UAX #9 §2), or what ends a line for a program
/// that reads Unicode (UAX #14).
pub fn is_harmful(letter: char) -> bool {
    match letter {
        '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_all_else_is_as_it_was() {
        assert_eq!(printable("a\tb \u{e9} \u{1f469}\u{200d}\u{1f680} \u{5d0}"), "a\tb \u{e9} \u{1f469}\u{200d}\u{1f680} \u{5d0}");
        assert_eq!(printable("a\rb\u{1b}[2J\n"), "a\\rb\\u{1b}[2J\\n");
        assert_eq!(printable("\u{9b}2J\u{85}\u{7f}"), "\\u{9b}2J\\u{85}\\u{7f}");
    }

    #[test]
    fn separators_of_lines_and_controls_of_direction_are_escaped() {
        assert_eq!(printable("a\u{2028}b\u{2029}c"), "a\\u{2028}b\\u{2029}c");
        assert_eq!(printable("\u{202e}gnp.exe\u{2066}\u{200f}"), "\\u{202e}gnp.exe\\u{2066}\\u{200f}");
    }

    #[test]
    fn a_long_text_becomes_one_line_of_bounded_length() {
        assert_eq!(in_short("no\nroom"), "no\\nroom");
        assert_eq!(in_short(&"é".repeat(500)), "é".repeat(500));
        let long = in_short(&"é".repeat(1 << 20));
        assert_eq!((long.chars().count(), long.chars().last()), (501, Some('…')));
    }
}
