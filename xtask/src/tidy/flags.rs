//! Libraries name no flag of the command line.

use super::Finding;
use super::scan::line_of;
use super::source::Source;

const LIBRARIES: [&str; 4] = ["protocol/src", "cluster/src", "host/src", "load/src"];

/// Finds texts and comments of libraries that name a flag. Tests are exempt.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter(|source| LIBRARIES.iter().any(|dir| source.below(dir).is_some())).flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Finding> {
    let text = &source.without_tests;
    let flag = |(at, dashes): (usize, &str)| {
        let name = text[at + dashes.len()..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?;
        let begins = text[..at].ends_with([' ', '"', '`', '(', '\n', '=']);
        let is_flag = begins && name.starts_with(|c: char| c.is_ascii_lowercase());
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        (is_flag && !line.contains("cargo ")).then(|| {
            let what = format!("`--{name}` is a flag of the command, which a library does not know");
            Finding::new(&source.path, line_of(text, at), what)
        })
    };
    text.match_indices("--").filter_map(flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_in_a_library_is_found() {
        let text = "//! As `--port` says.\nfn f() { g(\"choose --max-rooms\") }\n// a -- b\n#[cfg(test)]\nmod tests { fn h() { g(\"--ping\") } }";
        let found: Vec<_> = check(&[Source::new("host/src/a.rs", text)]).iter().map(Finding::to_string).collect();
        let knows = "is a flag of the command, which a library does not know";
        assert_eq!(found, [format!("host/src/a.rs:1: `--port` {knows}"), format!("host/src/a.rs:2: `--max-rooms` {knows}")]);
        assert_eq!(check(&[Source::new("cli/src/a.rs", text)]), []);
        assert_eq!(check(&[Source::new("host/src/a.rs", "//! Start it with `cargo run --example hello`.")]), []);
    }
}
