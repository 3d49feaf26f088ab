//! Only tests call `unwrap()`. Other code uses `expect`, which names the invariant.

use super::Finding;
use super::scan::{line_of, words};
use super::source::Source;

/// Finds calls of `unwrap()` outside tests.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let code = &source.production;
    let calls = words(code).filter(|(start, word)| {
        *word == "unwrap" && code[..*start].ends_with('.') && code[start + word.len()..].starts_with("()")
    });
    calls.map(|(start, _)| Finding::new(&source.path, line_of(code, start), "`unwrap()` outside tests")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_outside_tests_is_found() {
        let text =
            "fn f() {\n    a.unwrap(); // b.unwrap()\n    c.unwrap_or(1);\n}\n#[cfg(test)]\nmod tests { fn g() { d.unwrap() } }";
        assert_eq!(check(&[Source::new("a.rs", text)]), [Finding::new("a.rs", 2, "`unwrap()` outside tests")]);
        assert_eq!(check(&[Source::new("host/tests/a.rs", text)]), []);
    }
}
