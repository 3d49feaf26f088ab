//! Files and functions stay small.

use super::Finding;
use super::scan::{end_of_item, line_of, words};
use super::source::Source;

const FILE_LINES: usize = 400;
const MEDIAN_LINES: usize = 150;
const MAIN_LINES: usize = 90;
const FUNCTION_LINES: usize = 70;
const HOST: &str = "host/src";

/// Finds files and functions that are too long, and a median of the host's files that is too high.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings: Vec<_> = sources.iter().flat_map(|source| [long_file(source)].into_iter().flatten()).collect();
    findings.extend(sources.iter().flat_map(long_functions));
    let median = median(host_lines(sources));
    if median > MEDIAN_LINES {
        findings.push(Finding::new(HOST, 1, format!("the median file has {median} lines, more than {MEDIAN_LINES}")));
    }
    findings
}

/// A line on the sizes of the host's files.
pub(super) fn statistics(sources: &[Source]) -> String {
    let lines = host_lines(sources);
    let (files, sum) = (lines.len(), lines.iter().sum::<usize>());
    let longest = lines.iter().max().copied().unwrap_or_default();
    format!("{HOST}: {files} files, {sum} lines, median {}, longest {longest}", median(lines))
}

fn long_file(source: &Source) -> Option<Finding> {
    let limit = if source.path == "cli/src/main.rs" { MAIN_LINES } else { FILE_LINES };
    let lines = source.lines();
    (lines > limit).then(|| Finding::new(&source.path, 1, format!("{lines} lines, more than {limit}")))
}

fn long_functions(source: &Source) -> Vec<Finding> {
    let code = &source.code;
    let mut findings = Vec::new();
    for (start, _) in words(code).filter(|(_, word)| *word == "fn") {
        let Some((_, name)) = words(&code[start..]).nth(1).filter(|(at, _)| code[start + 2..start + at].trim().is_empty()) else {
            continue; // a function pointer's type has no name
        };
        let (first, last) = (line_of(code, start), line_of(code, end_of_item(code, start)));
        let lines = last - first + 1;
        if lines > FUNCTION_LINES {
            let what = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES}");
            findings.push(Finding::new(&source.path, first, what));
        }
    }
    findings
}

fn host_lines(sources: &[Source]) -> Vec<usize> {
    sources.iter().filter(|source| source.below(HOST).is_some()).map(Source::lines).collect()
}

fn median(mut lines: Vec<usize>) -> usize {
    lines.sort_unstable();
    lines.get(lines.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_file_of_401_lines_is_too_long() {
        assert_eq!(findings("sdk/a.rs", &"//\n".repeat(400)), [""; 0]);
        assert_eq!(findings("sdk/a.rs", &"//\n".repeat(401)), ["sdk/a.rs:1: 401 lines, more than 400"]);
    }

    #[test]
    fn main_may_have_90_lines() {
        assert_eq!(findings("cli/src/main.rs", &"//\n".repeat(91)), ["cli/src/main.rs:1: 91 lines, more than 90"]);
    }

    #[test]
    fn the_median_is_the_hosts_alone() {
        let long = "//\n".repeat(151);
        assert_eq!(findings("sdk/a.rs", &long), [""; 0]);
        assert_eq!(findings("host/src/a.rs", &long), ["host/src:1: the median file has 151 lines, more than 150"]);
    }

    #[test]
    fn a_function_of_71_lines_is_too_long() {
        let function = |lines: usize| format!("\nfn f(g: fn(u8)) {{{}}}\nfn h();\n", "\n".repeat(lines - 1));
        assert_eq!(findings("a.rs", &function(70)), [""; 0]);
        assert_eq!(findings("a.rs", &function(71)), ["a.rs:2: `f` has 71 lines, more than 70"]);
    }
}
