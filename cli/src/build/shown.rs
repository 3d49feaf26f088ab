//! The output of tools: shown in the terminal as it comes, and kept for the page.

use std::io::{BufRead, BufReader, Read, Write};

/// Copies a tool's output, line by line, to our stderr. Returns all of it.
pub(super) fn copied(output: impl Read) -> String {
    let mut text = String::new();
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        show(&String::from_utf8_lossy(&line));
        text.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    text
}

/// Writes a piece of output to our stderr.
pub(super) fn show(text: &str) {
    // A closed stderr is ignored.
    let _ = write!(std::io::stderr(), "{text}");
}

/// Removes the terminal's colour codes (ESC [ ... m), for the page.
pub(super) fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default();
    pieces.fold(first.to_owned(), |plain, piece| plain + piece.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colour_codes_are_removed() {
        assert_eq!(without_colours("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: mismatched types [m]"), "error: mismatched types [m]");
        assert_eq!(without_colours("plain\n"), "plain\n");
    }
}
