//! Each file begins with a sentence about its subject.

use super::Finding;
use super::source::Source;

/// Files that do not begin with a `//!` line.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let bare = sources.iter().filter(|source| !source.text.starts_with("//! "));
    bare.map(|source| Finding::new(&source.path, 1, "the first line is not a `//!` sentence about the file")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_first_sentence_is_found() {
        let sources = [Source::new("a.rs", "//! The noun.\n"), Source::new("b.rs", "use std::fs;\n//! Late.\n")];
        let found: Vec<_> = check(&sources).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["b.rs"]);
    }
}
