//! The end of a guest's stderr, which says why it fails.

use crate::log::printable;

/// How much of the end is kept, in bytes. The message of a panic and the place of an exception fit.
const KEPT_BYTES: usize = 400;

/// Rust's advice after the message of a panic. A guest cannot follow it: it has no backtrace of its own, and the host logs one.
const ADVICE: &[u8] = b"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

/// Whether this line only tells of a setting that has no effect here.
pub(super) fn is_vain(line: &[u8]) -> bool {
    line.trim_ascii_end() == ADVICE
}

/// The end of a text, as one line. It holds no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct LastWords(String);

impl LastWords {
    /// Adds a line.
    pub(super) fn add(&mut self, line: &str) {
        // The beginning of a longer line would be cut below.
        let start = line.ceil_char_boundary(line.len().saturating_sub(KEPT_BYTES));
        for word in line[start..].split_whitespace() {
            if !self.0.is_empty() {
                self.0.push(' ');
            }
            self.0.push_str(&printable(word));
        }
        if self.0.len() > KEPT_BYTES {
            let start = self.0.ceil_char_boundary(self.0.len() - KEPT_BYTES);
            self.0.replace_range(..start, "");
            let word = self.0.find(' ').map_or(0, |end| end + 1);
            self.0.replace_range(..word, "… ");
        }
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_one_and_the_end_is_kept() {
        let mut words = LastWords::default();
        words.add("\n");
        words.add("Traceback (most recent call last):\r\n");
        words.add("  File \"app.py\", line 3, in on_message\x1b[2J");
        assert_eq!(words.as_str(), "Traceback (most recent call last): File \"app.py\", line 3, in on_message\\u{1b}[2J");
        for line in 0..1000 {
            words.add(&format!("é line {line}"));
        }
        assert!(words.as_str().len() <= KEPT_BYTES + 4 && words.as_str().starts_with("… "), "{}", words.as_str());
        assert!(words.as_str().ends_with("é line 998 é line 999"), "{}", words.as_str());
        words.add(&"é".repeat(100_000));
        assert!(words.as_str().len() <= KEPT_BYTES + 4, "{}", words.as_str());
        words.clear();
        assert_eq!(words.as_str(), "");
    }

    #[test]
    fn the_advice_to_set_a_variable_is_vain() {
        assert!(is_vain(b"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"));
        assert!(!is_vain(b"note: run with care\n") && !is_vain(b"\n"));
    }
}
