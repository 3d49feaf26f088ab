//! The names of tests are sentences with a noun as their subject.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

/// First words that make a clause the subject.
const CLAUSES: [&str; 5] = ["who", "whoever", "whose", "what", "whatever"];

/// Finds functions whose names begin with a clause, in tests and elsewhere.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let code = &source.code;
    let mut after_fn = false;
    let mut findings = Vec::new();
    for (start, word) in words(code) {
        let begins_with_clause = word.split_once('_').is_some_and(|(first, _)| CLAUSES.contains(&first));
        if after_fn && begins_with_clause {
            let what = format!("`{word}`: name the subject, as in `a_leaver_is_removed_from_its_topics`");
            findings.push(Finding::new(&source.path, line_of(code, start), what));
        }
        after_fn = word == "fn";
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_with_a_clause_is_found() {
        let text = "fn who_leaves_is_removed() {}\nfn whole_frames_are_read() {}\nfn what(who_leaves: u8) {}";
        let what = "`who_leaves_is_removed`: name the subject, as in `a_leaver_is_removed_from_its_topics`";
        assert_eq!(check(&[Source::new("tests/a.rs", text)]), [Finding::new("tests/a.rs", 1, what)]);
    }
}
