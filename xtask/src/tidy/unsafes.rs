//! `unsafe` is allowed where a measurement shows that it pays, and each block says why it is sound.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

/// The files that may have it.
const ALLOWED: [&str; 1] = ["protocol/src/unchecked.rs"];
/// The folders that the rule applies to. The peers of the benchmark, in a workspace of their own, are exempt.
const OURS: [&str; 7] = ["protocol", "cluster", "host", "load", "cli", "xtask", "fuzz"];

const WHERE: &str = "`unsafe` may not stand here: see ALLOWED in xtask/src/tidy/unsafes.rs";
const WHY: &str = "`unsafe` without a line before it that begins with `// SAFETY:`";

/// Finds `unsafe` in other files, or without its reason.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter(|source| OURS.iter().any(|dir| source.below(dir).is_some())).flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let found = words(&source.code).filter(|(_, word)| *word == "unsafe");
    let lines: Vec<_> = source.text.lines().map(str::trim_start).collect();
    found
        .filter_map(|(start, _)| {
            let line = line_of(&source.code, start);
            // The comment may have several lines.
            let mut before = lines[..line - 1].iter().rev().take_while(|line| line.starts_with("//"));
            let what = match ALLOWED.contains(&source.path.as_str()) {
                false => WHERE,
                true if before.any(|line| line.starts_with("// SAFETY:")) => return None,
                true => WHY,
            };
            Some(Finding::new(&source.path, line, what))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_is_found_elsewhere_or_without_its_reason() {
        let with = "fn f() {\n    // SAFETY: it is so,\n    // and therefore it holds.\n    unsafe { g() }\n}";
        let without = "fn f() {\n    unsafe { g() }\n}";
        assert_eq!(check(&[Source::new(ALLOWED[0], with)]), []);
        assert_eq!(check(&[Source::new(ALLOWED[0], without)]), [Finding::new(ALLOWED[0], 2, WHY)]);
        assert_eq!(check(&[Source::new("host/src/a.rs", with)]), [Finding::new("host/src/a.rs", 4, WHERE)]);
        assert_eq!(check(&[Source::new("host/src/a.rs", "// unsafe\nfn unsafe_code() {}")]), []);
        assert_eq!(check(&[Source::new("tests/guests/a/src/lib.rs", without)]), []);
    }
}
